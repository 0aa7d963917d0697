/// What came back, as it came: not decompressed, not redirected, not judged.
///
/// A server may echo the secret, so neither headers nor body may be logged, stored or passed on as they are.
package struct IncomingResponse: Sendable {
    package let status: Int
    /// In the order received, names in lower case; headers of interim (1xx) answers and trailers are left out.
    package let headers: [(name: String, value: String)]
    /// At most 64 KiB.
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header called `name` (lower case).
    package func value(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }
}
