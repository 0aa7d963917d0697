import VaultModel

/// HMAC-SHA-256 under one long-lived key of the keyring. Safe from any thread.
///
/// The key lies on the secure heap; OpenSSL's kept contexts hold what it makes of it in ordinary memory for as
/// long as the keyring lives.
final class KeyedMAC: Sendable {
    private let contexts: Pool<HMACContext>

    /// Derives the key of `purpose` from the index root.
    init(_ purpose: String, from root: borrowing SecretBytes) throws(CryptoError) {
        let key = HeldKey(try Purpose.key(purpose, from: root))
        contexts = Pool(
            making: { () throws(CryptoError) in
                let context = try HMACContext(.sha256)
                try key.bytes.withBytes { key throws(CryptoError) in try context.start(key: key) }
                return context
            },
            cleaning: { _ in true })
    }

    func tag(of message: RawSpan) throws(CryptoError) -> [UInt8] {
        try contexts.lend { context throws(CryptoError) in
            try context.restart()
            try context.update(message)
            return try context.finish()
        }
    }
}

/// A secret that several owners hold.
final class HeldKey: Sendable {
    let bytes: SecretBytes

    init(_ bytes: consuming SecretBytes) { self.bytes = bytes }
}

extension Purpose {
    /// HKDF-SHA512(ikm = index root, salt = empty, info = `lp("keystow/v1") ‖ lp(purpose)`, L = 32).
    static func key(_ purpose: String, from root: borrowing SecretBytes) throws(CryptoError) -> SecretBytes {
        try root.withBytes { root throws(CryptoError) in
            try HKDF.derive(32, from: root, salt: RawSpan(), info: info(purpose), using: .sha512)
        }
    }
}
