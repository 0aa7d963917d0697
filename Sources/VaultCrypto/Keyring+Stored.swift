package import VaultModel

// What lies in the store, held against what is in memory: the rows alone open the vault the next time.

extension Keyring {
    /// Whether these rows hold the same keys, under the same master: then the vault opens with them as it is open now.
    ///
    /// - Throws: where that cannot be told now.
    package func isStored(in rows: [KeyringRow]) throws(CryptoError) -> Bool {
        let found: Keyring?
        do throws(CryptoError) { found = try reopened(from: rows) } catch .cannotOpen { return false }
        guard let stored = found, stored.termNumbers == termNumbers, derived.root.isEqual(to: stored.derived.root)
        else { return false }
        let isWhole = terms.allSatisfy { term, key in stored.terms[term].map(key.isEqual) ?? false }
        guard let recovery else { return isWhole }
        return isWhole && stored.recovery.map(recovery.isEqual) ?? false
    }

    /// All rows of it, sealed anew.
    ///
    /// - Throws: ``CryptoError/misuse(_:)`` where the master is not at hand.
    package func allRows() throws(CryptoError) -> [KeyringRow] {
        guard let master else { throw .misuse("keyring: no master") }
        var rows = try rows(of: .master, under: master.bytes)
        for (term, kek) in terms.sorted(by: { $0.key < $1.key }) {
            rows.append(try canary(ofTerm: term, under: kek.bytes))
        }
        guard let recovery else { return rows }
        return try rows + self.rows(of: .recovery, under: recovery.bytes) + [rowOfRecovery(recovery.bytes)]
    }
}

extension HeldKey {
    fileprivate func isEqual(to other: HeldKey) -> Bool {
        bytes.withBytes { own in other.bytes.withBytes { ConstantTime.areEqual(own, $0) } }
    }
}
