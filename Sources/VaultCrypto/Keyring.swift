package import VaultModel

/// The opened keys of one vault: its master, the KEK terms, the index root and what is derived from it, and the
/// recovery key where there is one.
///
/// Never changes: a new term or master makes another keyring (``withNewTerm()``, ``under(master:)``). Safe from any
/// thread.
package final class Keyring: Sendable {
    let instance: InstanceID
    /// The term that new secrets are sealed under: the highest.
    package let currentTerm: Int
    let terms: [Int: HeldKey]
    /// What new terms are sealed under; `nil` where the keyring was opened with the recovery key.
    let master: HeldKey?
    let recovery: HeldKey?
    /// Whether there are rows of a recovery key with which it could not open the vault: it takes another one.
    package let isRecoveryDamaged: Bool
    let derived: RootKeys

    /// Opens the keyring of a vault that exists, all canaries before anything is handed out.
    ///
    /// - Parameters:
    ///   - key: the holder's.
    ///   - rows: those of both holders.
    /// - Throws: ``CryptoError/wrongMasterKey`` when the holder's canary does not open under `key`, or there is none
    ///   of the recovery key; ``CryptoError/cannotOpen`` when the key is right and a row is missing, doubled or
    ///   damaged.
    package convenience init(
        master key: borrowing SecretBytes, holder: KeyringRow.Holder = .master, instance: InstanceID,
        rows: [KeyringRow]
    ) throws(CryptoError) {
        try SecureHeap.install()
        let own = rows.filter { $0.holder == holder }
        guard holder == .master || !own.isEmpty else { throw .wrongMasterKey }
        guard let canary = try Self.blobs(of: .canary, in: own)[0] else { throw .cannotOpen }
        let roots = try Self.blobs(of: .root, in: own)
        do {
            try Self.check(canary, term: 0, instance: instance, under: key)
        } catch .cannotOpen {
            // A key that opens the index root is the right one, and the canary is damaged.
            if let blob = roots[0], (try? Self.root(in: blob, instance: instance, under: key)) != nil {
                throw .cannotOpen
            }
            throw .wrongMasterKey
        }
        let terms = try Self.terms(in: own, canaries: rows, instance: instance, under: key)
        guard roots.count == 1, let blob = roots[0] else { throw .cannotOpen }
        let derived = try RootKeys(Self.root(in: blob, instance: instance, under: key))
        let held = try HeldKey(copying: key)
        // Damage to the spare key is no reason not to open with the right one.
        let recovery: HeldKey?
        do throws(CryptoError) {
            recovery = try Self.recovery(in: rows, instance: instance, under: derived.root.bytes)
        } catch .cannotOpen {
            recovery = nil
        }
        try self.init(
            instance: instance, terms: terms, derived: derived, master: holder == .master ? held : nil,
            recovery: recovery, isRecoveryDamaged: recovery == nil && rows.contains { $0.holder == .recovery })
    }

    /// Takes over keys that are already open.
    init(
        instance: InstanceID, terms: [Int: HeldKey], derived: RootKeys, master: HeldKey?, recovery: HeldKey?,
        isRecoveryDamaged: Bool = false
    ) throws(CryptoError) {
        guard let currentTerm = terms.keys.max() else { throw .cannotOpen }
        self.instance = instance
        self.currentTerm = currentTerm
        self.terms = terms
        self.derived = derived
        self.master = master
        self.recovery = recovery
        self.isRecoveryDamaged = isRecoveryDamaged
    }

    /// The terms that can be opened, ascending.
    package var termNumbers: [Int] { terms.keys.sorted() }

    /// Whether there is a recovery key, which opens the same keyring.
    package var hasRecoveryKey: Bool { recovery != nil }

    /// Whether `key` is the master that this keyring's rows are sealed under.
    package func isHeld(by key: borrowing SecretBytes) -> Bool {
        guard let master else { return false }
        return master.bytes.withBytes { own in key.withBytes { ConstantTime.areEqual($0, own) } }
    }

    private static func root(
        in blob: [UInt8], instance: InstanceID, under key: borrowing SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        try SealedBox.open(blob, type: .root, term: 0, boundTo: placeOfRoot(in: instance), under: key)
    }

    /// The KEKs, each proven by its canary; those of the terms lie with the master's rows.
    private static func terms(
        in own: [KeyringRow], canaries rows: [KeyringRow], instance: InstanceID, under key: borrowing SecretBytes
    ) throws(CryptoError) -> [Int: HeldKey] {
        var canaries = try blobs(of: .canary, in: rows.filter { $0.holder == .master })
        canaries[0] = nil
        let wrapped = try blobs(of: .kek, in: own)
        guard Set(canaries.keys) == Set(wrapped.keys), wrapped[0] == nil else { throw .cannotOpen }
        var terms: [Int: HeldKey] = [:]
        for (term, blob) in wrapped {
            let place = place(ofTerm: term, in: instance)
            let kek = HeldKey(try SealedBox.open(blob, type: .kek, term: 0, boundTo: place, under: key))
            guard let canary = canaries[term] else { throw .cannotOpen }
            try check(canary, term: term, instance: instance, under: kek.bytes)
            terms[term] = kek
        }
        return terms
    }

    /// The recovery key, when all that it has to open does.
    private static func recovery(
        in rows: [KeyringRow], instance: InstanceID, under root: borrowing SecretBytes
    ) throws(CryptoError) -> HeldKey {
        let own = rows.filter { $0.holder == .recovery }
        guard let blob = try blobs(of: .recovery, in: own)[0], let canary = try blobs(of: .canary, in: own)[0],
            let held = try blobs(of: .root, in: own)[0]
        else { throw .cannotOpen }
        let place = placeOfRecovery(in: instance)
        let key = HeldKey(try SealedBox.open(blob, type: .recovery, term: 0, boundTo: place, under: root))
        try check(canary, term: 0, instance: instance, under: key.bytes)
        _ = try self.root(in: held, instance: instance, under: key.bytes)
        _ = try terms(in: own, canaries: rows, instance: instance, under: key.bytes)
        return key
    }

    /// The rows of one kind by their term; two of the same kind and term are refused.
    private static func blobs(
        of kind: KeyringRow.Kind, in rows: [KeyringRow]
    ) throws(CryptoError) -> [Int: [UInt8]] {
        var blobs: [Int: [UInt8]] = [:]
        for row in rows where row.kind == kind {
            guard blobs.updateValue(row.blob, forKey: row.term) == nil else { throw .cannotOpen }
        }
        return blobs
    }
}
