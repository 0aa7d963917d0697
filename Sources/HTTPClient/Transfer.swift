internal import CCurl
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// One request on its way, and what has come back of it so far.
///
/// Set up whole on the caller's thread; from then on only the loop's thread touches it, but for
/// `isCancelled`, which anyone may set.
@safe
final class Transfer: @unchecked Sendable {
    // Unchecked: handed from the caller's thread to the loop's through the loop's mutex, once.
    private(set) var easy: UnsafeMutableRawPointer?
    private var headerLines: HeaderList
    private let rule: ConnectionRule
    let isCancelled = Atomic(false)

    private var head = AnswerHead()
    private var body: [UInt8] = []
    private var fault: HTTPClientError?

    private let bodyLimit: Int
    private let sink: (@Sendable (RawSpan) -> Bool)?

    /// Checks `request` and sets up libcurl for it; nothing is sent.
    ///
    /// - Throws: one of the `refused…` errors, or `transport` when libcurl cannot do what is asked of it.
    init(
        _ request: borrowing OutgoingRequest, userAgent: String, trust: TrustedRoots, longest: Duration
    ) throws(HTTPClientError) {
        guard let url = RequestURL(request.url) else { throw .refusedURL }
        let rule = ConnectionRule(policy: request.addressPolicy, scheme: url.origin.scheme, port: url.origin.port)
        if url.origin.scheme == .http && !request.allowsLoopbackHTTP { throw .refusedURL }
        if rule.policy == .publicOnly && url.origin.port != url.origin.scheme.defaultPort { throw .refusedURL }
        if let address = url.origin.address, !rule.permits(address) { throw .refusedAddress }
        self.rule = rule
        bodyLimit = request.largestAnswer
        sink = request.sink
        headerLines = try HeaderList(request)
        guard CurlLibrary.isReady, let easy = unsafe curl_easy_init() else {
            throw .transport(Int(CURLE_FAILED_INIT.rawValue))
        }
        unsafe self.easy = easy
        let options = unsafe EasyOptions(easy)
        try options.setPolicy(userAgent: userAgent, trust: trust, timeout: min(request.timeout, longest))
        try options.setRequest(url, request.method, body: request.body, headers: headerLines)
        try unsafe options.setCallbacks(context: Unmanaged.passUnretained(self).toOpaque())
    }

    /// Frees what libcurl holds and overwrites the header lines, then says how it went.
    ///
    /// On the loop's thread, after the handle has left the multi handle; exactly once.
    func finish(_ code: CURLcode) -> Result<IncomingResponse, HTTPClientError> {
        release()
        if let fault { return .failure(fault) }
        if let error = HTTPClientError(code) { return .failure(error) }
        guard head.isComplete else { return .failure(.transport(Int(CURLE_PARTIAL_FILE.rawValue))) }
        return .success(IncomingResponse(status: head.status, headers: head.headers, body: body))
    }

    /// Ends it without an answer, as ``finish(_:)`` does.
    func cancel() -> Result<IncomingResponse, HTTPClientError> {
        release()
        return .failure(.cancelled)
    }

    private func release() {
        unsafe curl_easy_cleanup(easy)
        unsafe easy = nil
        headerLines = HeaderList()
    }

    deinit { release() }

    // MARK: What libcurl's callbacks do

    /// Takes a piece of the body; `false` ends the transfer.
    ///
    /// What was sent as the secret is not kept where it comes back, nor any memory that the body grew out of.
    func take(body piece: UnsafeRawBufferPointer) -> Bool {
        if let sink, head.status == 200 { return sink(unsafe RawSpan(_unsafeBytes: piece)) }
        guard body.count + piece.count <= bodyLimit else {
            fault = .tooLarge
            return false
        }
        if body.isEmpty { body.reserveCapacity(bodyLimit) }
        let unmasked = max(0, body.count - headerLines.secretLength + 1)
        unsafe body.append(contentsOf: piece)
        unsafe body.withUnsafeMutableBytes { bytes in unsafe headerLines.mask(bytes, from: unmasked) }
        return true
    }

    /// Takes one header line, the status line and the empty one included; `false` ends the transfer.
    func take(headerLine line: UnsafeRawBufferPointer) -> Bool {
        // libcurl's own buffer, behind a const, and nothing that it still needs: a line with a key in it is no framing.
        unsafe headerLines.mask(UnsafeMutableRawBufferPointer(mutating: line))
        do {
            try unsafe head.take(line)
            return true
        } catch {
            fault = error
            return false
        }
    }

    /// Makes the socket for `address`, or `CURL_SOCKET_BAD` where ``ConnectionRule`` does not permit it.
    ///
    /// Once an address of a host was refused, so are its others: a name that leads both ways is not trusted.
    func openSocket(for address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
        let target = unsafe NetworkAddress(UnsafeRawPointer(address) + offset, family: address.pointee.family)
        guard fault == nil, let target, rule.permits(target) else {
            fault = .refusedAddress
            return CURL_SOCKET_BAD
        }
        let type = unsafe address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return unsafe socket(address.pointee.family, type, address.pointee.protocol)
    }

    /// The last look before the request is written: whether it may go to where the connection leads.
    ///
    /// The connection may be the first of two that were tried side by side, and the other's address was refused.
    func mayBegin(to address: String, port: Int) -> Bool {
        if fault == nil, port == Int(rule.port), NetworkAddress(address).map(rule.permits) == true { return true }
        fault = fault ?? .refusedAddress
        return false
    }
}

extension HTTPClientError {
    /// `nil` when `code` is no error.
    init?(_ code: CURLcode) {
        switch code {
        case CURLE_OK: return nil
        case CURLE_COULDNT_RESOLVE_HOST: self = .resolve
        case CURLE_COULDNT_CONNECT: self = .connect
        case CURLE_OPERATION_TIMEDOUT: self = .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CIPHER,
            CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
            self = .tls
        default: self = .transport(Int(code.rawValue))
        }
    }
}
