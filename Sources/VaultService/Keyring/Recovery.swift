import VaultCrypto
package import VaultModel
import VaultStore

// The offline recovery key: another holder of the keyring, for the day on which the master key is lost.

extension Vault {
    /// Makes a recovery key in place of the one there may have been, which opens older backups alone from then on.
    ///
    /// - Returns: the key as it is written, 44 characters of base64, to be shown once.
    /// - Throws: `wrongState` while a rekey has just changed the terms; then nothing was changed.
    package func makeRecoveryKey(_ context: RequestContext) async throws(VaultError) -> SecretBytes {
        let old = try keyring
        let (next, rows) = try Self.crypto { () throws(CryptoError) in try old.withRecoveryKey() }
        try await change(to: next) { [self] () async throws(VaultError) in
            _ = try await write(context) { [self] transaction in
                try requireTerms(of: old, in: transaction)
                try transaction.put(rows)
                try note("recovery key", in: transaction, context)
            }
        }
        return try Self.recoveryKeyText(of: next)
    }

    /// Seals the keyring of a vault that was opened with its recovery key under the configured master key, which is made
    /// where it is a file that is not there. Terms, secrets and the recovery key stay as they are.
    ///
    /// - Throws: why there is no master key, or why it could not be stored.
    package func replaceLostMaster(_ context: RequestContext) async throws(OpeningError) -> MasterKeyID {
        let master = try masterKeys.currentOrNew()
        do throws(VaultError) {
            let old = try keyring
            let (next, rows) = try Self.crypto { () throws(CryptoError) in try old.under(master: master) }
            let id = MasterKeyID(at: time.now())
            try await change(to: next) { [self] () async throws(VaultError) in
                _ = try await write(context) { [self] transaction in
                    try requireTerms(of: old, in: transaction)
                    try transaction.put(rows)
                    try transaction.setMaster(id)
                    try note("master, by the recovery key", in: transaction, context)
                }
            }
            return id
        } catch {
            throw .vault(error)
        }
    }

    static func recoveryKeyText(of keyring: Keyring) throws(VaultError) -> SecretBytes {
        let text = keyring.withRecoveryKey { key in try? MasterKeyText.text(of: key) }
        guard let text, let text else { throw .overloaded }
        return text
    }
}
