/// Makes calls to providers, with secrets in their headers.
///
/// What it trusts: the system's certificate roots, the request's own host, nothing that comes back. What always
/// holds, whatever a request asks for: `https` with TLS 1.2 or later, our choice of ciphers and a verified certificate
/// (or plain HTTP to a loopback address, where the request allows it); the address is judged by the request's
/// ``AddressPolicy`` when it is connected to, and again before the request is written; no redirect is followed, no
/// proxy, netrc, cookie, key log, certificate variable or cipher of the environment has any effect; nothing is
/// decompressed; one look-up, one attempt on a connection and in a TLS session of its own; 3 s to connect, 10 s in
/// all, 64 KiB of body, 16 KiB of headers.
///
/// What is left of a secret: the header line, libcurl's list and buffers are overwritten before the call returns.
/// OpenSSL encrypts its record buffer in place, so that ciphertext is what stays there; for plain HTTP the kernel's
/// socket buffers hold the request until the peer has read it. An answer may echo the secret, and ordinary memory
/// then holds it as part of ``IncomingResponse``.
///
/// For concurrent use. The last reference going away closes it.
package final class HTTPClient: Sendable {
    private let loop: TransferLoop
    private let userAgent: String
    private let trust: TrustedRoots

    private let longest: Duration

    /// No call to a provider takes longer, whatever its request says.
    package static let longestTimeout = Duration.seconds(10)

    /// - Parameters:
    ///   - version: goes into `User-Agent: keystow/<version>`.
    ///   - longest: what no call of this client exceeds; more than usual only for a client that speaks to Keystow itself,
    ///     which may be waiting for a provider.
    /// - Throws: `transport` when libcurl or its thread cannot be started.
    package init(
        version: String, trust: TrustedRoots = .system, longest: Duration = HTTPClient.longestTimeout
    ) throws(HTTPClientError) {
        self.longest = longest
        userAgent = "keystow/\(version)"
        self.trust = trust
        loop = try TransferLoop()
    }

    /// Makes one attempt and returns the answer, whatever its status; a redirect is an answer like any other.
    ///
    /// Cancelling the calling task aborts the call. When it returns, either way, no copy of the secret that it made
    /// is left (see above); the request keeps its own.
    package func send(_ request: borrowing OutgoingRequest) async throws(HTTPClientError) -> IncomingResponse {
        let transfer = try Transfer(request, userAgent: userAgent, trust: trust, longest: longest)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { answer in loop.start(transfer, answer) }
        } onCancel: {
            loop.cancel(transfer)
        }
        return try outcome.get()
    }

    /// Ends what is under way with `cancelled` and waits for the thread to go; what comes later is `cancelled` at once.
    package func close() {
        loop.close()
    }

    deinit { loop.close() }
}
