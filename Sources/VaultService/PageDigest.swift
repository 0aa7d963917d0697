import VaultCrypto

/// Hashes of what a page is made of, by which its Content-Security-Policy admits that and nothing else.
package enum PageDigest {
    /// SHA-256 of `bytes`.
    package static func sha256(_ bytes: [UInt8]) throws(VaultError) -> [UInt8] {
        do {
            return try Digest.sha256(bytes)
        } catch {
            throw VaultError(error)
        }
    }
}
