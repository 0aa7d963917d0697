package import VaultModel

/// The answer to one request. Its body is overwritten once it has been sent, or when it never will be.
package struct Response: ~Copyable, Sendable {
    package let status: Int
    /// Everything but `Date`, `Content-Length` and `Connection`, which the server writes itself.
    package let headers: [(String, String)]
    package let body: WipedBuffer
    /// What is sent behind the body.
    package var file: ResponseFile?
    /// Whether the connection ends with this answer.
    package var closesConnection = false
    /// Called once if this is what the request is answered with: before its first byte is sent or, where the caller is gone
    /// by then, all the same. Never when another answer has come before it. On any thread; must not wait.
    package var note: (@Sendable () -> Void)?

    package init(status: Int, headers: [(String, String)] = [], body: consuming WipedBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
