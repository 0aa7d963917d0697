internal import CCurl
import VaultModel

/// Whose certificates are believed.
package struct TrustedRoots: Sendable {
    /// A file of PEM certificates.
    package var file: String
    /// A directory of hashed PEM certificates beside it.
    ///
    /// None by default: libcurl keeps the parsed roots between calls only when they come from one file.
    package var directory: String?

    package init(file: String, directory: String? = nil) {
        self.file = file
        self.directory = directory
    }

    /// Debian's; the environment (`SSL_CERT_FILE`, `CURL_CA_BUNDLE`) does not change it.
    package static let system = TrustedRoots(file: "/etc/ssl/certs/ca-certificates.crt")
}

/// What libcurl is told of one transfer. Whatever cannot be set ends the transfer before it begins.
@safe
struct EasyOptions {
    private let easy: UnsafeMutableRawPointer

    @unsafe init(_ easy: UnsafeMutableRawPointer) { unsafe self.easy = easy }

    static let connectTimeout = Duration.seconds(3)

    /// What holds for every request, whatever it asks for.
    func setPolicy(userAgent: String, trust: TrustedRoots, timeout: Duration) throws(HTTPClientError) {
        let timeout = max(.zero, timeout)
        try set(CURLOPT_NOSIGNAL, 1)
        try set(CURLOPT_TIMEOUT_MS, timeout.wholeMilliseconds)
        try set(CURLOPT_CONNECTTIMEOUT_MS, min(timeout, Self.connectTimeout).wholeMilliseconds)
        // A resolver that never answers is left behind, so that it cannot hold up the loop's other transfers.
        try set(CURLOPT_QUICK_EXIT, 1)

        // One look-up for one call: nobody is called at an address that another call was told.
        try set(CURLOPT_DNS_CACHE_TIMEOUT, 0)

        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_MAXREDIRS, 0)
        try set(CURLOPT_PROXY, "")
        try set(CURLOPT_NOPROXY, "*")
        try set(CURLOPT_NETRC, 0)
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_USERAGENT, userAgent)

        // One connection for one request: an answer that comes too late, or too much of it, can never be
        // taken for another key's; and libcurl repeats requests only on connections that it used before.
        try set(CURLOPT_FRESH_CONNECT, 1)
        try set(CURLOPT_FORBID_REUSE, 1)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_PATH_AS_IS, 1)
        // The smallest that libcurl takes: the request line and headers, secret included, pass through it.
        try set(CURLOPT_UPLOAD_BUFFERSIZE, 16_384)

        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        // Named here because OPENSSL_CONF can put weaker ones into OpenSSL's defaults, without encryption even.
        try set(CURLOPT_SSL_CIPHER_LIST, "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL:!PSK:@SECLEVEL=2")
        try set(
            CURLOPT_TLS13_CIPHERS,
            "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256")
        // A session taken up again would tie two keys' calls together, and skip looking at the certificate.
        try set(CURLOPT_SSL_SESSIONID_CACHE, 0)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_CAINFO, trust.file)
        try set(CURLOPT_CAPATH, trust.directory)
    }

    /// `headers` must live as long as the transfer; everything else is copied.
    func setRequest(
        _ url: RequestURL, _ method: OutgoingRequest.Method, body: borrowing WipedBuffer, headers: borrowing HeaderList
    ) throws(HTTPClientError) {
        try set(CURLOPT_PROTOCOLS_STR, url.origin.scheme.rawValue)
        try set(CURLOPT_URL, url.text)
        try check(unsafe ccurl_set_pointer(easy, CURLOPT_HTTPHEADER, headers.head))
        switch method {
        case .get:
            try set(CURLOPT_HTTPGET, 1)
        case .delete:
            try set(CURLOPT_CUSTOMREQUEST, method.rawValue)
        case .post:
            try set(CURLOPT_POST, 1)
            try set(CURLOPT_POSTFIELDSIZE, body.count)
            // libcurl's copy is overwritten when it frees it, see `CurlLibrary`.
            let code = body.withBytes { bytes in
                unsafe bytes.withUnsafeBytes { raw in
                    unsafe ccurl_set_pointer(
                        easy, CURLOPT_COPYPOSTFIELDS, UnsafeMutableRawPointer(mutating: raw.baseAddress))
                }
            }
            try check(code)
        }
    }

    /// `context` is the ``Transfer``, which outlives the handle.
    @unsafe func setCallbacks(context: UnsafeMutableRawPointer) throws(HTTPClientError) {
        try check(unsafe ccurl_set_data_function(easy, CURLOPT_WRITEFUNCTION, bodyArrived))
        try check(unsafe ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context))
        try check(unsafe ccurl_set_data_function(easy, CURLOPT_HEADERFUNCTION, headerLineArrived))
        try check(unsafe ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context))
        try check(unsafe ccurl_set_opensocket_function(easy, socketWanted))
        try check(unsafe ccurl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context))
        try check(unsafe ccurl_set_prereq_function(easy, requestBegins))
        try check(unsafe ccurl_set_pointer(easy, CURLOPT_PREREQDATA, context))
    }

    private func set(_ option: CURLoption, _ value: Int) throws(HTTPClientError) {
        try check(unsafe ccurl_set_long(easy, option, value))
    }

    private func set(_ option: CURLoption, _ text: String?) throws(HTTPClientError) {
        try check(unsafe ccurl_set_text(easy, option, text))
    }

    private func check(_ code: CURLcode) throws(HTTPClientError) {
        guard code == CURLE_OK else { throw .transport(Int(code.rawValue)) }
    }
}

extension Duration {
    /// At least 1: libcurl takes 0 for no limit at all.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}

private nonisolated func bodyArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let piece = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.take(body: piece) == true ? piece.count : -1
}

private nonisolated func headerLineArrived(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    return unsafe transfer(context)?.take(headerLine: line) == true ? line.count : -1
}

private nonisolated func socketWanted(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address = unsafe address, let transfer = unsafe transfer(context) else { return CURL_SOCKET_BAD }
    return unsafe transfer.openSocket(for: address)
}

private nonisolated func requestBegins(
    _ context: UnsafeMutableRawPointer?, _ address: UnsafeMutablePointer<CChar>?,
    _ localAddress: UnsafeMutablePointer<CChar>?, _ port: Int32, _ localPort: Int32
) -> Int32 {
    guard let address = unsafe address, let transfer = unsafe transfer(context) else { return CURL_PREREQFUNC_ABORT }
    return unsafe transfer.mayBegin(to: String(cString: address), port: Int(port))
        ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}
