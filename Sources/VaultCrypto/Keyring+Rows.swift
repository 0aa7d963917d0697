package import VaultModel

extension Keyring {
    /// Makes the keys of a new vault: KEK term 1, the index root, and a canary for the master and for the term.
    ///
    /// - Returns: the opened keyring and the rows to store, from which it can be opened again under `master`.
    package static func create(
        master: borrowing SecretBytes, instance: InstanceID
    ) throws(CryptoError) -> (Keyring, [KeyringRow]) {
        let term = 1
        let kek = HeldKey(try Random.secret(SealedBox.keyLength))
        let root = HeldKey(try Random.secret(SealedBox.keyLength))
        let rows = [
            KeyringRow(kind: .canary, term: 0, blob: try canary(ofTerm: 0, in: instance, under: master)),
            KeyringRow(
                kind: .kek, term: term,
                blob: try wrap(kek.bytes, type: .kek, at: place(ofTerm: term, in: instance), under: master)),
            KeyringRow(kind: .canary, term: term, blob: try canary(ofTerm: term, in: instance, under: kek.bytes)),
            KeyringRow(
                kind: .root, term: 0,
                blob: try wrap(root.bytes, type: .root, at: placeOfRoot(in: instance), under: master)),
        ]
        return (try Keyring(instance: instance, terms: [term: kek], root: root), rows)
    }

    /// A KEK is bound to its term's number; it is sealed under a master, so the box's own term is 0.
    static func place(ofTerm term: Int, in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "kek", version: term)
    }

    static func placeOfRoot(in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "root", version: 1)
    }

    /// Opens the canary of a master (`term` 0) or of a KEK term.
    ///
    /// - Throws: ``CryptoError/cannotOpen`` when it does not open or holds something else.
    static func check(
        _ blob: [UInt8], term: Int, instance: InstanceID, under key: borrowing SecretBytes
    ) throws(CryptoError) {
        let place = placeOfCanary(in: instance)
        let opened = try SealedBox.open(blob, type: .canary, term: term, boundTo: place, under: key)
        guard opened.withBytes({ unsafe ConstantTime.areEqual($0, canaryText.span.bytes) }) else { throw .cannotOpen }
    }

    private static let canaryText = Array("keystow canary 1".utf8)

    private static func placeOfCanary(in instance: InstanceID) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "canary", version: 0)
    }

    private static func canary(
        ofTerm term: Int, in instance: InstanceID, under key: borrowing SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        try unsafe SealedBox.seal(
            canaryText.span.bytes, type: .canary, term: term, boundTo: placeOfCanary(in: instance), under: key)
    }

    private static func wrap(
        _ key: borrowing SecretBytes, type: BoxType, at place: AssociatedData, under master: borrowing SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        try key.withBytes { key throws(CryptoError) in
            try SealedBox.seal(key, type: type, term: 0, boundTo: place, under: master)
        }
    }
}
