import COpenSSL

/// AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags, and no other lengths: OpenSSL itself
/// accepts a tag of one byte if it is handed one.
///
/// One kept `EVP_CIPHER` context for one direction; for one caller at a time. A key is used for one message.
@safe
final class AESGCM: @unchecked Sendable {
    static let keyLength = 32
    static let nonceLength = 12
    static let tagLength = 16

    enum Direction {
        case sealing, opening
    }

    // Unchecked: the pool lends a context to one caller at a time.
    private let context: OpaquePointer
    private let direction: Direction
    private var holdsKey = false

    // Never written after its one-time initialisation, and OpenSSL counts references to it atomically.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    init(_ direction: Direction) throws(CryptoError) {
        guard let algorithm = unsafe Self.algorithm, let context = unsafe EVP_CIPHER_CTX_new() else {
            throw .failed("EVP_CIPHER_CTX_new")
        }
        unsafe self.context = context
        self.direction = direction
        let chosen =
            switch direction {
            case .sealing: unsafe EVP_EncryptInit_ex2(context, algorithm, nil, nil, nil)
            case .opening: unsafe EVP_DecryptInit_ex2(context, algorithm, nil, nil, nil)
            }
        guard chosen == 1,
            unsafe EVP_CIPHER_CTX_get_key_length(context) == Self.keyLength,
            unsafe EVP_CIPHER_CTX_get_iv_length(context) == Self.nonceLength
        else { throw .failed("EVP_CIPHER_CTX_init") }
    }

    /// Encrypts `plaintext` into `ciphertext`, of the same length, and writes the tag.
    ///
    /// What is authenticated with it is `header` and `data`, one after the other.
    func seal(
        _ plaintext: RawSpan, into ciphertext: UnsafeMutableRawBufferPointer, tag: UnsafeMutableRawBufferPointer,
        header: RawSpan, data: RawSpan, nonce: RawSpan, under key: RawSpan
    ) throws(CryptoError) {
        guard ciphertext.count == plaintext.byteCount, tag.count == Self.tagLength,
            direction == .sealing, Self.hasLengths(key: key, nonce: nonce), plaintext.byteCount <= Int(Int32.max)
        else { throw .misuse("AES-256-GCM: no such lengths") }
        try start(key: key, nonce: nonce)
        try authenticate(header)
        try authenticate(data)
        try unsafe process(plaintext, into: ciphertext)
        var spare: UInt8 = 0
        var count: Int32 = 0
        guard unsafe EVP_EncryptFinal_ex(context, &spare, &count) == 1, count == 0 else {
            throw .failed("EVP_EncryptFinal_ex")
        }
        guard
            unsafe EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag.baseAddress) == 1
        else { throw .failed("EVP_CTRL_AEAD_GET_TAG") }
    }

    /// Decrypts `ciphertext` into `plaintext`, of the same length.
    ///
    /// - Throws: ``CryptoError/cannotOpen``, having overwritten `plaintext` with zeros (OpenSSL leaves what it
    ///   decrypted there even when the tag is wrong), or ``CryptoError/library(code:detail:)``.
    func open(
        _ ciphertext: RawSpan, into plaintext: UnsafeMutableRawBufferPointer, tag: RawSpan,
        header: RawSpan, data: RawSpan, nonce: RawSpan, under key: RawSpan
    ) throws(CryptoError) {
        guard plaintext.count == ciphertext.byteCount, tag.byteCount == Self.tagLength,
            direction == .opening, Self.hasLengths(key: key, nonce: nonce), ciphertext.byteCount <= Int(Int32.max)
        else { throw .cannotOpen }
        do throws(CryptoError) {
            try start(key: key, nonce: nonce)
            try authenticate(header)
            try authenticate(data)
            try unsafe process(ciphertext, into: plaintext)
            // OpenSSL copies the tag from here and does not write, though the parameter's type would let it.
            let expected = unsafe tag.withUnsafeBytes { tag in
                unsafe EVP_CIPHER_CTX_ctrl(
                    context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength),
                    UnsafeMutableRawPointer(mutating: tag.baseAddress))
            }
            guard expected == 1 else { throw .failed("EVP_CTRL_AEAD_SET_TAG") }
            var spare: UInt8 = 0
            var count: Int32 = 0
            guard unsafe EVP_DecryptFinal_ex(context, &spare, &count) == 1, count == 0 else {
                CryptoError.discardQueue()
                throw .cannotOpen
            }
        } catch {
            unsafe OPENSSL_cleanse(plaintext.baseAddress, plaintext.count)
            throw error
        }
    }

    /// Replaces the key and all that was made of it by those of a key everybody knows.
    func forget() -> Bool {
        guard holdsKey else { return true }
        let forgotten = unsafe zeroKey.span.bytes.withUnsafeBytes { key in
            unsafe EVP_CipherInit_ex(
                context, nil, nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, -1)
        }
        holdsKey = forgotten != 1
        return !holdsKey
    }

    private static func hasLengths(key: RawSpan, nonce: RawSpan) -> Bool {
        key.byteCount == keyLength && nonce.byteCount == nonceLength
    }

    /// A NULL cipher keeps the one that was chosen; the direction, -1, too.
    private func start(key: RawSpan, nonce: RawSpan) throws(CryptoError) {
        holdsKey = true
        let started = unsafe key.withUnsafeBytes { key in
            unsafe nonce.withUnsafeBytes { nonce in
                unsafe EVP_CipherInit_ex(
                    context, nil, nil, key.baseAddress?.assumingMemoryBound(to: UInt8.self),
                    nonce.baseAddress?.assumingMemoryBound(to: UInt8.self), -1)
            }
        }
        guard started == 1 else { throw .failed("EVP_CipherInit_ex") }
    }

    private func authenticate(_ data: RawSpan) throws(CryptoError) {
        guard data.byteCount > 0 else { return }
        guard data.byteCount <= Int(Int32.max) else { throw .misuse("AES-256-GCM: no such lengths") }
        var count: Int32 = 0
        let taken = unsafe data.withUnsafeBytes { data in
            unsafe EVP_CipherUpdate(
                context, nil, &count, data.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(data.count))
        }
        guard taken == 1, Int(count) == data.byteCount else { throw .failed("EVP_CipherUpdate") }
    }

    private func process(_ input: RawSpan, into output: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        guard input.byteCount > 0 else { return }
        var count: Int32 = 0
        let done = unsafe input.withUnsafeBytes { input in
            unsafe EVP_CipherUpdate(
                context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count,
                input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(input.count))
        }
        guard done == 1, Int(count) == input.byteCount else { throw .failed("EVP_CipherUpdate") }
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }
}

private let zeroKey = [UInt8](repeating: 0, count: AESGCM.keyLength)
