import COpenSSL

/// A hash function of the suite.
package enum HashFunction: Sendable {
    case sha256
    case sha512

    /// The length of its output, bytes.
    package var byteCount: Int { self == .sha256 ? 32 : 64 }

    /// What OpenSSL calls it.
    var name: String { self == .sha256 ? "SHA256" : "SHA512" }
}

/// Hashes of what is not secret.
package enum Digest {
    /// SHA-256 of `parts`, one after another, nothing between them: the caller makes them unambiguous.
    package static func sha256(_ parts: [UInt8]...) throws(CryptoError) -> [UInt8] {
        try contexts.lend { context throws(CryptoError) in
            try context.start()
            for part in parts { try unsafe context.update(part.span.bytes) }
            return try context.finish()
        }
    }

    /// The same of bytes that lie elsewhere.
    static func sha256(of bytes: RawSpan) throws(CryptoError) -> [UInt8] {
        try contexts.lend { context throws(CryptoError) in
            try context.start()
            try context.update(bytes)
            return try context.finish()
        }
    }

    private static let contexts = Pool<DigestContext>(making: DigestContext.init, cleaning: { _ in true })
}

/// One kept SHA-256 context; for one caller at a time.
@safe
final class DigestContext: @unchecked Sendable {
    // Unchecked: the pool lends a context to one caller at a time.
    private let context: OpaquePointer

    // Never written after its one-time initialisation, and OpenSSL counts references to it atomically.
    nonisolated(unsafe) private static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    init() throws(CryptoError) {
        guard unsafe Self.algorithm != nil, let context = unsafe EVP_MD_CTX_new() else {
            throw .failed("EVP_MD_CTX_new")
        }
        unsafe self.context = context
    }

    func start() throws(CryptoError) {
        guard unsafe EVP_DigestInit_ex2(context, Self.algorithm, nil) == 1 else { throw .failed("EVP_DigestInit_ex2") }
    }

    func update(_ bytes: RawSpan) throws(CryptoError) {
        let updated = unsafe bytes.withUnsafeBytes { unsafe EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
        guard updated == 1 else { throw .failed("EVP_DigestUpdate") }
    }

    func finish() throws(CryptoError) -> [UInt8] {
        var hash = [UInt8](repeating: 0, count: HashFunction.sha256.byteCount)
        var span = hash.mutableSpan
        let finished = unsafe span.withUnsafeMutableBufferPointer { buffer in
            var count: UInt32 = 0
            return unsafe EVP_DigestFinal_ex(context, buffer.baseAddress, &count) == 1 && Int(count) == buffer.count
        }
        guard finished else { throw .failed("EVP_DigestFinal_ex") }
        return hash
    }

    deinit { unsafe EVP_MD_CTX_free(context) }
}
