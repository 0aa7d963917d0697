import COpenSSL
package import VaultModel

/// OpenSSL's random generators. Whatever is not a full success is a failure; nothing else is ever mixed in. A generator
/// that repeats itself is never drawn from again.
///
/// Source: `RAND_bytes(3)`. Safe from any thread: each has generators of its own.
package enum Random {
    /// `count` bytes that may become public: nonces, salts, tokens' ids.
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        try GeneratorTest.shared.require()
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let drawn = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe RAND_bytes_ex(nil, buffer.baseAddress, buffer.count, strength)
        }
        guard drawn == 1 else { throw .failed("RAND_bytes_ex") }
        try unsafe GeneratorTest.shared.take(bytes.span.bytes)
        return bytes
    }

    /// A fresh secret of `count` bytes, from the generator that never shows its output, on the secure heap.
    package static func secret(_ count: Int) throws(CryptoError) -> SecretBytes {
        try SecureHeap.install()
        try GeneratorTest.shared.require()
        let secret = try SecretBytes(count: count, exhausted: CryptoError.heapExhausted) { span throws(CryptoError) in
            try unsafe span.withUnsafeMutableBytes { buffer throws(CryptoError) in
                guard unsafe RAND_priv_bytes_ex(nil, buffer.baseAddress, buffer.count, strength) == 1 else {
                    throw .failed("RAND_priv_bytes_ex")
                }
            }
        }
        try secret.withBytes { secret throws(CryptoError) in try GeneratorTest.shared.take(secret) }
        return secret
    }

    /// Has `act` called, once, when a generator has repeated itself: what was drawn before cannot be trusted either. The
    /// last one who asks is told.
    package static func whenRepeating(_ act: @escaping @Sendable () -> Void) { GeneratorTest.shared.onFailure(act) }

    /// Bits of security asked of the generator: as many as the keys have.
    private static let strength: UInt32 = 256
}
