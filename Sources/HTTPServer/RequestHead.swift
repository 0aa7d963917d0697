/// The head of one request, after every rule about its form has been checked; nothing of it is decoded.
package struct RequestHead: Sendable {
    /// As sent: methods are case-sensitive.
    package let method: String
    /// As sent: printable ASCII that begins with `/` and holds neither `//` nor `/.`; escapes are whole and as sent.
    package let path: String
    /// What stood after the first `?`, as sent; `nil` where there was none.
    package let query: String?
    /// The header fields in their order, names in lower case.
    package let headers: [(name: String, value: String)]
    /// How many bytes of body follow.
    package let declaredLength: Int
    /// Where the request came from, as text, `127.0.0.1` or `::1`: the peer, or whom a proxy that is believed names.
    package let remoteAddress: String
    /// When the request line had been read.
    package let receivedAt: ContinuousClock.Instant

    package init(
        method: String, path: String, query: String? = nil, headers: [(name: String, value: String)] = [],
        declaredLength: Int = 0, remoteAddress: String = "", receivedAt: ContinuousClock.Instant = .now
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.declaredLength = declaredLength
        self.remoteAddress = remoteAddress
        self.receivedAt = receivedAt
    }

    /// The first value of the field `name`, which is written in lower case.
    package func value(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}
