import COpenSSL
package import VaultModel

/// Ed25519 signatures (RFC 8032), over the message itself. Safe from any thread.
package enum Ed25519 {
    package static let publicKeyLength = 32
    package static let signatureLength = 64

    /// The public key that belongs to a seed of 32 bytes.
    package static func publicKey(of seed: borrowing SecretBytes) throws(CryptoError) -> [UInt8] {
        let key = try KeyHandle(seed: seed)
        var bytes = [UInt8](repeating: 0, count: publicKeyLength)
        var count = bytes.count
        guard unsafe EVP_PKEY_get_raw_public_key(key.handle, &bytes, &count) == 1, count == bytes.count else {
            throw .failed("EVP_PKEY_get_raw_public_key")
        }
        return bytes
    }

    package static func sign(_ message: [UInt8], under seed: borrowing SecretBytes) throws(CryptoError) -> [UInt8] {
        let key = try KeyHandle(seed: seed)
        let context = try SigningContext()
        var signature = [UInt8](repeating: 0, count: signatureLength)
        var count = signature.count
        guard unsafe EVP_DigestSignInit_ex(context.handle, nil, nil, nil, nil, key.handle, nil) == 1 else {
            throw .failed("EVP_DigestSignInit_ex")
        }
        guard unsafe EVP_DigestSign(context.handle, &signature, &count, message, message.count) == 1,
            count == signature.count
        else { throw .failed("EVP_DigestSign") }
        return signature
    }

    /// Whether `signature` is that of `message` by the holder of `publicKey`; never for other lengths.
    package static func isSignature(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        defer { CryptoError.discardQueue() }
        guard signature.count == signatureLength, publicKey.count == publicKeyLength,
            let key = KeyHandle(publicKey: publicKey), let context = try? SigningContext(),
            unsafe EVP_DigestVerifyInit_ex(context.handle, nil, nil, nil, nil, key.handle, nil) == 1
        else { return false }
        return unsafe EVP_DigestVerify(context.handle, signature, signature.count, message, message.count) == 1
    }
}

/// One key as OpenSSL holds it, a private one on its secure heap; freed with its owner.
@safe
private struct KeyHandle: ~Copyable {
    let handle: OpaquePointer

    init(seed: borrowing SecretBytes) throws(CryptoError) {
        let made = unsafe seed.withUnsafeBytes { seed in
            unsafe EVP_PKEY_new_raw_private_key_ex(
                nil, "ED25519", nil, seed.baseAddress?.assumingMemoryBound(to: UInt8.self), seed.count)
        }
        guard let made = unsafe made else { throw .failed("EVP_PKEY_new_raw_private_key_ex") }
        unsafe handle = made
    }

    init?(publicKey: [UInt8]) {
        guard let made = unsafe EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, publicKey, publicKey.count) else {
            return nil
        }
        unsafe handle = made
    }

    deinit { unsafe EVP_PKEY_free(handle) }
}

@safe
private struct SigningContext: ~Copyable {
    let handle: OpaquePointer

    init() throws(CryptoError) {
        guard let made = unsafe EVP_MD_CTX_new() else { throw .failed("EVP_MD_CTX_new") }
        unsafe handle = made
    }

    deinit { unsafe EVP_MD_CTX_free(handle) }
}
