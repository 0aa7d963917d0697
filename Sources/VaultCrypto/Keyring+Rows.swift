package import VaultModel

// How the keys of a keyring lie at rest, and where each belongs.

extension Keyring {
    /// Makes the keys of a new vault: KEK term 1, the index root, and a canary for the master and for the term.
    ///
    /// - Returns: the opened keyring and the rows to store, from which it can be opened again under `master`.
    package static func create(
        master: borrowing SecretBytes, instance: InstanceID
    ) throws(CryptoError) -> (Keyring, [KeyringRow]) {
        let kek = HeldKey(try Random.secret(SealedBox.keyLength))
        let derived = try RootKeys(Random.secret(SealedBox.keyLength))
        let keyring = try Keyring(
            instance: instance, terms: [1: kek], derived: derived, master: HeldKey(copying: master), recovery: nil)
        return (keyring, try keyring.rows(of: .master, under: master) + [keyring.canary(ofTerm: 1, under: kek.bytes)])
    }

    /// Every key of the keyring under `key`, and the canary of that key: what its holder opens the vault with.
    func rows(
        of holder: KeyringRow.Holder, under key: borrowing SecretBytes
    ) throws(CryptoError) -> [KeyringRow] {
        var rows = [try canary(ofTerm: 0, under: key, holder: holder)]
        for (term, kek) in terms.sorted(by: { $0.key < $1.key }) {
            rows.append(try row(ofTerm: term, kek.bytes, of: holder, under: key))
        }
        rows.append(
            KeyringRow(
                holder: holder, kind: .root, term: 0,
                blob: try wrap(derived.root.bytes, type: .root, at: Self.placeOfRoot(in: instance), under: key)))
        return rows
    }

    func row(
        ofTerm term: Int, _ kek: borrowing SecretBytes, of holder: KeyringRow.Holder,
        under key: borrowing SecretBytes
    ) throws(CryptoError) -> KeyringRow {
        let place = Self.place(ofTerm: term, in: instance)
        return KeyringRow(
            holder: holder, kind: .kek, term: term, blob: try wrap(kek, type: .kek, at: place, under: key))
    }

    /// The recovery key itself, under the index root.
    func rowOfRecovery(_ key: borrowing SecretBytes) throws(CryptoError) -> KeyringRow {
        let place = Self.placeOfRecovery(in: instance)
        return KeyringRow(
            holder: .recovery, kind: .recovery, term: 0,
            blob: try wrap(key, type: .recovery, at: place, under: derived.root.bytes))
    }

    /// The canary of a holder's key (`term` 0) or of a KEK term.
    func canary(
        ofTerm term: Int, under key: borrowing SecretBytes, holder: KeyringRow.Holder = .master
    ) throws(CryptoError) -> KeyringRow {
        let box = try unsafe SealedBox.seal(
            Self.canaryText.span.bytes, type: .canary, term: term, boundTo: Self.placeOfCanary(in: instance),
            under: key)
        return KeyringRow(holder: holder, kind: .canary, term: term, blob: box)
    }

    /// Opens the canary of a holder's key (`term` 0) or of a KEK term.
    ///
    /// - Throws: ``CryptoError/cannotOpen`` when it does not open or holds something else.
    static func check(
        _ blob: [UInt8], term: Int, instance: InstanceID, under key: borrowing SecretBytes
    ) throws(CryptoError) {
        let place = placeOfCanary(in: instance)
        let opened = try SealedBox.open(blob, type: .canary, term: term, boundTo: place, under: key)
        guard opened.withBytes({ unsafe ConstantTime.areEqual($0, canaryText.span.bytes) }) else { throw .cannotOpen }
    }

    func wrap(
        _ key: borrowing SecretBytes, type: BoxType, at place: AssociatedData, under holder: borrowing SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        try key.withBytes { key throws(CryptoError) in
            try SealedBox.seal(key, type: type, term: 0, boundTo: place, under: holder)
        }
    }

    /// A KEK is bound to its term's number; it is sealed under a master, so the box's own term is 0.
    static func place(ofTerm term: Int, in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "kek", version: term)
    }

    static func placeOfRoot(in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "root", version: 1)
    }

    static func placeOfRecovery(in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "recovery", version: 1)
    }

    private static let canaryText = Array("keystow canary 1".utf8)

    private static func placeOfCanary(in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "canary", version: 0)
    }
}
