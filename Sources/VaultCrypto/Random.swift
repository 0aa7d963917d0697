import COpenSSL
package import VaultModel

/// OpenSSL's random generators. Whatever is not a full success is a failure; nothing else is ever mixed in.
///
/// Source: `RAND_bytes(3)`. Safe from any thread: each has generators of its own.
package enum Random {
    /// `count` bytes that may become public: nonces, salts, tokens' ids.
    package static func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var span = bytes.mutableSpan
        let drawn = unsafe span.withUnsafeMutableBufferPointer { buffer in
            unsafe RAND_bytes_ex(nil, buffer.baseAddress, buffer.count, strength)
        }
        guard drawn == 1 else { throw .failed("RAND_bytes_ex") }
        return bytes
    }

    /// A fresh secret of `count` bytes, from the generator that never shows its output, on the secure heap.
    package static func secret(_ count: Int) throws(CryptoError) -> SecretBytes {
        try SecureHeap.install()
        return try SecretBytes(count: count, exhausted: CryptoError.heapExhausted) { span throws(CryptoError) in
            try unsafe span.withUnsafeMutableBytes { buffer throws(CryptoError) in
                guard unsafe RAND_priv_bytes_ex(nil, buffer.baseAddress, buffer.count, strength) == 1 else {
                    throw .failed("RAND_priv_bytes_ex")
                }
            }
        }
    }

    /// Bits of security asked of the generator: as many as the keys have.
    private static let strength: UInt32 = 256
}
