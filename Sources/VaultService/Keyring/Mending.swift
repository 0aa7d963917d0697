import VaultCrypto
import VaultModel
import VaultStore

// The keys in memory outlive damage to what they were read from. What lies there opens the vault the next time, so it is
// looked at before anything is made to depend on it, and written anew where it does not hold what it should.

extension Vault {
    /// Writes the keyring's rows anew where they do not open any more what they should.
    ///
    /// - Throws: `wrongState` while the keyring is being changed; `storageUnavailable` where that did not help.
    package func mendKeyring() async throws(VaultError) {
        try await keyringTurn.alone { () async throws(VaultError) in
            let keyring = try self.keyring
            let isWhole = try self.reading { transaction in try self.isStored(keyring, in: transaction) }
            guard !isWhole else { return }
            _ = try await self.write { [self] transaction in try keep(keyring, in: transaction) }
        }
    }

    /// Has this keyring in the store, whole; its terms that were destroyed stay so.
    ///
    /// - Throws: `storageUnavailable` where something else is there that keeps the vault from being opened with it.
    func keep(_ keyring: Keyring, in transaction: WriteTransaction) throws {
        guard try !isStored(keyring, in: transaction) else { return }
        let living = try living(keyring, in: transaction)
        try transaction.put(living.allRows())
        guard try living.isStored(in: transaction.keyringRows()) else { throw VaultError.storageUnavailable }
        try note("damaged rows written anew", in: transaction, RequestContext(caller: .vault))
        tell(.keyringMended)
    }

    private func isStored(_ keyring: Keyring, in transaction: ReadTransaction) throws -> Bool {
        let rows: [KeyringRow]
        do throws(StoreError) {
            rows = try transaction.keyringRows()
        } catch .corrupt {
            // Damaged, too. Whatever else fails may have ended the transaction.
            return false
        }
        return try living(keyring, in: transaction).isStored(in: rows)
    }

    private func living(_ keyring: Keyring, in transaction: ReadTransaction) throws -> Keyring {
        let living = try transaction.livingTerms()
        return try keyring.without(terms: keyring.termNumbers.filter { !living.contains($0) })
    }
}
