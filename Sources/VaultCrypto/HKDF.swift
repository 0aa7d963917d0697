import COpenSSL
package import VaultModel

/// Extract-and-expand key derivation (RFC 5869), as the HMACs it consists of: OpenSSL's own `EVP_KDF` takes
/// twice as long, because it looks its hash function up by name in every call.
package enum HKDF {
    /// A derived secret of `count` bytes, at most 255 times the hash function's length.
    package static func derive(
        _ count: Int, from key: RawSpan, salt: RawSpan, info: [UInt8], using function: HashFunction
    ) throws(CryptoError) -> SecretBytes {
        try SecureHeap.install()
        return try HMAC.contexts(of: function).lend { context throws(CryptoError) in
            try SecretBytes(count: count, exhausted: CryptoError.heapExhausted) { span throws(CryptoError) in
                try unsafe span.withUnsafeMutableBytes { buffer throws(CryptoError) in
                    try unsafe derive(into: buffer, from: key, salt: salt, info: info, on: context)
                }
            }
        }
    }

    /// Fills `output`, which the caller wipes, with key material; what lies between is wiped here.
    static func derive(
        into output: UnsafeMutableRawBufferPointer, from key: RawSpan, salt: RawSpan, info: [UInt8],
        on mac: HMACContext
    ) throws(CryptoError) {
        let length = mac.function.byteCount
        guard (1...255 * length).contains(output.count) else { throw .misuse("HKDF: no such output length") }
        // The pseudorandom key, then the last block.
        try unsafe withUnsafeTemporaryAllocation(byteCount: 2 * length, alignment: 16) {
            scratch throws(CryptoError) in
            defer { unsafe OPENSSL_cleanse(scratch.baseAddress, scratch.count) }
            let extracted = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[..<length])
            let block = unsafe UnsafeMutableRawBufferPointer(rebasing: scratch[length...])

            // RFC 5869 §2.2: an absent salt is a string of zeros, which HMAC makes of an empty key.
            try mac.start(key: salt)
            try mac.update(key)
            try unsafe mac.finish(into: extracted)

            try mac.start(key: unsafe UnsafeRawBufferPointer(extracted).bytes)
            var filled = 0
            for counter in UInt8(1)...255 {
                if counter > 1 {
                    try mac.restart()
                    try mac.update(unsafe UnsafeRawBufferPointer(block).bytes)
                }
                try unsafe mac.update(info.span.bytes)
                try unsafe mac.update(InlineArray<1, UInt8>(repeating: counter).span.bytes)
                try unsafe mac.finish(into: block)
                let piece = min(length, output.count - filled)
                unsafe UnsafeMutableRawBufferPointer(rebasing: output[filled..<filled + piece])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: block[..<piece]))
                filled += piece
                guard filled < output.count else { return }
            }
        }
    }
}
