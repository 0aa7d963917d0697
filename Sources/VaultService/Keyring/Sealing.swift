import VaultCrypto
import VaultModel
import VaultStore

/// A secret that was sealed on its way into the store, and with what: by the time it gets there another term may be
/// current.
struct Sealing: Sendable {
    let sealed: SealedSecret
    let binding: SecretBinding
    let leakBucket: Int
    let keyring: Keyring
}

extension Vault {
    /// Seals a secret for one version of a key, under a fresh DEK.
    func seal(
        _ secret: borrowing SecretBytes, version: Int, of key: KeyRecord
    ) throws(VaultError) -> Sealing {
        let keyring = try keyring
        let binding = key.binding(of: version)
        return try Self.crypto { () throws(CryptoError) in
            Sealing(
                sealed: try keyring.seal(secret, for: binding), binding: binding,
                leakBucket: try keyring.leakBucket(of: secret), keyring: keyring)
        }
    }

    /// What to store of it now, in this transaction: under the term that is current, because an older one may be gone.
    ///
    /// - Throws: `overloaded` where the term has wrapped all that it may.
    func settled(_ sealing: Sealing, in transaction: WriteTransaction) throws -> SealedSecret {
        let keyring = try keyring
        if let newest = try transaction.newestTerm(), newest.wraps >= configuration.termLimits.lastWrap {
            throw VaultError.overloaded
        }
        guard sealing.sealed.term != keyring.currentTerm else { return sealing.sealed }
        return try keyring.rewrap(sealing.sealed, for: sealing.binding, from: sealing.keyring)
    }

    /// Opens what was read as a key's current secret, also when a rekey has wrapped it anew since; `nil` when it does
    /// not open in its place.
    func openStored(_ sealed: SealedSecret?, of key: KeyRecord) throws(VaultError) -> SecretBytes? {
        guard var sealed else { return nil }
        while true {
            if let secret = try open(sealed, of: key) { return secret }
            let now = try read { transaction throws(StoreError) in
                try transaction.version(key.currentVersion, of: key.id)?.sealed
            }
            guard let now, now.box == sealed.box, now.term > sealed.term else { return nil }
            sealed = now
        }
    }
}
