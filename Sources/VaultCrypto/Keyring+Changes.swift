package import VaultModel

// What a keyring becomes: each change is another keyring of the same vault, and the rows to store before it is used.
// A row replaces the one of its holder, kind and term.

extension Keyring {
    /// With a fresh KEK term after `last`, under which everything is sealed from then on.
    ///
    /// - Parameter last: the highest number ever given out.
    /// - Throws: ``CryptoError/library(code:detail:)`` where the master is not at hand.
    package func withNewTerm(after last: Int) throws(CryptoError) -> (Keyring, [KeyringRow]) {
        guard let master, last < Int(UInt32.max) else { throw .misuse("keyring: no master, or no further term") }
        let term = max(last, currentTerm) + 1
        let kek = HeldKey(try Random.secret(SealedBox.keyLength))
        var rows = [
            try row(ofTerm: term, kek.bytes, of: .master, under: master.bytes),
            try canary(ofTerm: term, under: kek.bytes),
        ]
        if let recovery { rows.append(try row(ofTerm: term, kek.bytes, of: .recovery, under: recovery.bytes)) }
        var terms = terms
        terms[term] = kek
        return (try with(terms: terms), rows)
    }

    /// Without terms that nothing is sealed under any more; the current one stays.
    package func without(terms gone: some Sequence<Int>) throws(CryptoError) -> Keyring {
        let gone = Set(gone).subtracting([currentTerm])
        return try with(terms: terms.filter { !gone.contains($0.key) })
    }

    /// The same keys, held by another master.
    package func under(master: borrowing SecretBytes) throws(CryptoError) -> (Keyring, [KeyringRow]) {
        let rows = try rows(of: .master, under: master)
        let held = try HeldKey(copying: master)
        return (
            try Keyring(
                instance: instance, terms: terms, derived: derived, master: held, recovery: recovery,
                isRecoveryDamaged: isRecoveryDamaged), rows
        )
    }

    /// With a fresh recovery key, in place of the one there may have been.
    package func withRecoveryKey() throws(CryptoError) -> (Keyring, [KeyringRow]) {
        let key = HeldKey(try Random.secret(SealedBox.keyLength))
        let rows = try rows(of: .recovery, under: key.bytes) + [rowOfRecovery(key.bytes)]
        return (
            try Keyring(instance: instance, terms: terms, derived: derived, master: master, recovery: key), rows
        )
    }

    /// Lends the recovery key, to be shown once; `nil` where there is none.
    package func withRecoveryKey<R: ~Copyable>(_ body: (borrowing SecretBytes) -> R) -> R? {
        guard let recovery else { return nil }
        return body(recovery.bytes)
    }

    /// The keyring that these rows hold, under the same master; `nil` where another holds them.
    package func reopened(from rows: [KeyringRow]) throws(CryptoError) -> Keyring? {
        guard let master else { return nil }
        do {
            return try Keyring(master: master.bytes, instance: instance, rows: rows)
        } catch .wrongMasterKey {
            return nil
        }
    }

    private func with(terms: [Int: HeldKey]) throws(CryptoError) -> Keyring {
        try Keyring(
            instance: instance, terms: terms, derived: derived, master: master, recovery: recovery,
            isRecoveryDamaged: isRecoveryDamaged)
    }
}

extension HeldKey {
    /// A copy on the secure heap, whose original stays its owner's to let go.
    convenience init(copying key: borrowing SecretBytes) throws(CryptoError) {
        let copied: SecretBytes
        do { copied = try key.withBytes { try SecretBytes(copying: $0) } } catch { throw .heapExhausted }
        self.init(copied)
    }
}
