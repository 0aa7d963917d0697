package import VaultModel

/// One call to a provider: where to, what, and the secret that proves who asks.
package struct OutgoingRequest: ~Copyable, Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case delete = "DELETE"
    }

    package var method: Method
    /// `scheme://host[:port]/path[?query]`; see ``RequestURL``. Never holds a secret.
    package var url: String
    /// Headers without secrets: names as in RFC 9110 §5.1, values printable ASCII.
    package var headers: [(name: String, value: String)]
    /// Sent with `POST` only; overwritten when the request goes.
    package let body: WipedBuffer
    /// Sent as `secretHeaderName: secretHeaderPrefix` + the secret; `nil` for a call without one.
    package let secret: SecretBytes?
    /// For instance `x-api-key` or `authorization`.
    package let secretHeaderName: String
    /// For instance empty or `Bearer `.
    package let secretHeaderPrefix: String
    package var addressPolicy: AddressPolicy
    /// Whether `http://` may be used, towards a loopback address that `addressPolicy` permits.
    package var allowsLoopbackHTTP: Bool
    /// For the whole call; a longer one is cut to what its client allows.
    package var timeout: Duration
    /// The longest body of an answer that is taken, in bytes; a longer one is an error.
    package var largestAnswer = 65_536
    /// Takes the body of a 200 piece by piece, however long it is, on the client's thread; `false` ends the call. The answer
    /// has no body then.
    package var sink: (@Sendable (RawSpan) -> Bool)?

    package init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [],
        secret: consuming SecretBytes? = nil, secretHeaderName: String = "", secretHeaderPrefix: String = "",
        addressPolicy: AddressPolicy = .publicOnly, allowsLoopbackHTTP: Bool = false,
        timeout: Duration = HTTPClient.longestTimeout
    ) {
        var wiped = WipedBuffer(capacity: body.count)
        wiped.append(body)
        self.init(
            method, url, headers: headers, wiping: wiped, secret: secret, secretHeaderName: secretHeaderName,
            secretHeaderPrefix: secretHeaderPrefix, addressPolicy: addressPolicy,
            allowsLoopbackHTTP: allowsLoopbackHTTP, timeout: timeout)
    }

    /// The same, with a body that may hold a secret too: no other copy of it is made in memory that is not wiped.
    package init(
        _ method: Method, _ url: String, headers: [(name: String, value: String)] = [],
        wiping body: consuming WipedBuffer, secret: consuming SecretBytes? = nil, secretHeaderName: String = "",
        secretHeaderPrefix: String = "", addressPolicy: AddressPolicy = .publicOnly, allowsLoopbackHTTP: Bool = false,
        timeout: Duration = HTTPClient.longestTimeout
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.secret = secret
        self.secretHeaderName = secretHeaderName
        self.secretHeaderPrefix = secretHeaderPrefix
        self.addressPolicy = addressPolicy
        self.allowsLoopbackHTTP = allowsLoopbackHTTP
        self.timeout = timeout
    }
}
