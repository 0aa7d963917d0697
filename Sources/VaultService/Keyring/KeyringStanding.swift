import VaultCrypto
package import VaultModel
import VaultStore

/// What may be said of a vault's keys: which there are, and what is still sealed under which.
package struct KeyringStanding: Sendable {
    /// Names the master; it is no hash of it.
    package let master: MasterKeyID
    /// Whether an offline recovery key opens the vault, too.
    package let hasRecoveryKey: Bool
    /// Every term there has been, ascending; the last one is current.
    package let terms: [KeyTerm]
    package let rekey: RekeyProgress
}

/// How far the newest rekey has come.
package struct RekeyProgress: Sendable, Equatable {
    /// `nil` where there was none.
    package let rekey: Rekey?
    /// Secrets that are still wrapped under a term before the current one.
    package let remaining: Int
}

extension Vault {
    package func keyringStanding(_ context: RequestContext) throws(VaultError) -> KeyringStanding {
        try context.require(.keyringWrite)
        let keyring = try keyring
        return try reading { transaction in try standing(of: keyring.hasRecoveryKey, in: transaction) }
    }

    package func rekeyProgress(_ context: RequestContext) throws(VaultError) -> RekeyProgress {
        try context.require(.keyringWrite)
        _ = try keyring
        return try reading { transaction in try progress(in: transaction) }
    }

    func standing(of hasRecoveryKey: Bool, in transaction: ReadTransaction) throws -> KeyringStanding {
        guard let instance = try transaction.instance() else { throw VaultError.storageUnavailable }
        return KeyringStanding(
            master: instance.master, hasRecoveryKey: hasRecoveryKey, terms: try transaction.terms(),
            rekey: try progress(in: transaction))
    }

    func progress(in transaction: ReadTransaction) throws(StoreError) -> RekeyProgress {
        let rekey = try transaction.newestRekey()
        let remaining = try rekey.map { rekey throws(StoreError) in try transaction.countSecrets(before: rekey.toTerm) }
        return RekeyProgress(rekey: rekey, remaining: remaining ?? 0)
    }
}
