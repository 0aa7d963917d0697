import COpenSSL

/// Keyed hashes (RFC 2104) with a key that is used for one call.
package enum HMAC {
    /// The whole tag of `message`.
    package static func tag(
        of message: RawSpan, under key: RawSpan, using function: HashFunction
    ) throws(CryptoError) -> [UInt8] {
        try contexts(of: function).lend { context throws(CryptoError) in
            try context.start(key: key)
            try context.update(message)
            return try context.finish()
        }
    }

    /// The kept contexts of a hash function; they forget their key when given back.
    static func contexts(of function: HashFunction) -> Pool<HMACContext> {
        function == .sha256 ? sha256 : sha512
    }

    private static let sha256 = Pool(
        making: { () throws(CryptoError) in try HMACContext(.sha256) }, cleaning: { $0.forget() })
    private static let sha512 = Pool(
        making: { () throws(CryptoError) in try HMACContext(.sha512) }, cleaning: { $0.forget() })
}

/// One kept `EVP_MAC` context, its hash function chosen once; for one caller at a time.
@safe
final class HMACContext: @unchecked Sendable {
    // Unchecked: the pool lends a context to one caller at a time.
    private let context: OpaquePointer
    let function: HashFunction

    // Never written after its one-time initialisation, and OpenSSL counts references to it atomically.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MAC_fetch(nil, "HMAC", nil)

    init(_ function: HashFunction) throws(CryptoError) {
        guard let algorithm = unsafe Self.algorithm, let context = unsafe EVP_MAC_CTX_new(algorithm) else {
            throw .failed("EVP_MAC_CTX_new")
        }
        unsafe self.context = context
        self.function = function
        guard unsafe keystow_mac_set_digest(context, function.name) == 1 else {
            throw .failed("EVP_MAC_CTX_set_params")
        }
    }

    /// Begins a message under `key`. An empty key is allowed: HMAC pads it with zeros, so it equals one zero byte,
    /// which is how it is given to OpenSSL, where "no key" means the one before.
    func start(key: RawSpan) throws(CryptoError) {
        let key = unsafe key.byteCount > 0 ? key : zeroByte.span.bytes
        let started = unsafe key.withUnsafeBytes { key in
            unsafe EVP_MAC_init(context, key.baseAddress?.assumingMemoryBound(to: UInt8.self), key.count, nil)
        }
        guard started == 1 else { throw .failed("EVP_MAC_init") }
    }

    /// Begins another message under the key of the last ``start(key:)``.
    func restart() throws(CryptoError) {
        guard unsafe EVP_MAC_init(context, nil, 0, nil) == 1 else { throw .failed("EVP_MAC_init") }
    }

    func update(_ bytes: RawSpan) throws(CryptoError) {
        guard bytes.byteCount > 0 else { return }
        let updated = unsafe bytes.withUnsafeBytes { bytes in
            unsafe EVP_MAC_update(context, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count)
        }
        guard updated == 1 else { throw .failed("EVP_MAC_update") }
    }

    /// Writes the tag into `output`, which must be exactly as long as the hash function's output.
    func finish(into output: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        guard output.count == function.byteCount else { throw .misuse("a tag has its full length") }
        var count = 0
        guard
            unsafe EVP_MAC_final(
                context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count, output.count) == 1,
            count == output.count
        else { throw .failed("EVP_MAC_final") }
    }

    func finish() throws(CryptoError) -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: function.byteCount)
        var span = tag.mutableSpan
        try unsafe span.withUnsafeMutableBytes { buffer throws(CryptoError) in try unsafe finish(into: buffer) }
        return tag
    }

    /// Replaces the key and all that was made of it by those of a key everybody knows.
    func forget() -> Bool {
        do { try unsafe start(key: zeroByte.span.bytes) } catch { return false }
        return true
    }

    deinit { unsafe EVP_MAC_CTX_free(context) }
}

private let zeroByte: [UInt8] = [0]
