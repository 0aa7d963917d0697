package import VaultModel

/// The opened keys of one vault: KEK terms, the index root, and what is derived from it.
///
/// The master key is needed only to make or open a keyring and is not kept. Never changes; safe from any thread.
package final class Keyring: Sendable {
    let instance: InstanceID
    /// The term that new secrets are sealed under: the highest.
    package let currentTerm: Int
    let terms: [Int: HeldKey]
    let root: HeldKey

    let rows: KeyedMAC
    let tokens: KeyedMAC
    let leakBuckets: KeyedMAC
    let auditReferences: KeyedMAC
    let cursors: KeyedMAC
    let idempotency: KeyedMAC
    let backups: KeyedMAC

    /// Opens the keyring of a vault that exists, all canaries before anything is handed out.
    ///
    /// - Throws: ``CryptoError/wrongMasterKey`` when the master's canary does not open under `master`;
    ///   ``CryptoError/cannotOpen`` when the master is right and a row is missing, doubled or damaged.
    package convenience init(
        master: borrowing SecretBytes, instance: InstanceID, rows: [KeyringRow]
    ) throws(CryptoError) {
        try SecureHeap.install()
        let canaries = try Self.blobs(of: .canary, in: rows)
        guard let canary = canaries[0] else { throw .cannotOpen }
        do {
            try Self.check(canary, term: 0, instance: instance, under: master)
        } catch .cannotOpen {
            throw .wrongMasterKey
        }
        let wrapped = try Self.blobs(of: .kek, in: rows)
        guard Set(canaries.keys) == Set(wrapped.keys).union([0]), wrapped[0] == nil else { throw .cannotOpen }
        var terms: [Int: HeldKey] = [:]
        for (term, blob) in wrapped {
            let place = Self.place(ofTerm: term, in: instance)
            let kek = HeldKey(try SealedBox.open(blob, type: .kek, term: 0, boundTo: place, under: master))
            guard let canary = canaries[term] else { throw .cannotOpen }
            try Self.check(canary, term: term, instance: instance, under: kek.bytes)
            terms[term] = kek
        }
        let roots = try Self.blobs(of: .root, in: rows)
        guard roots.count == 1, let blob = roots[0] else { throw .cannotOpen }
        let root = HeldKey(
            try SealedBox.open(
                blob, type: .root, term: 0, boundTo: Self.placeOfRoot(in: instance), under: master))
        try self.init(instance: instance, terms: terms, root: root)
    }

    /// Takes over keys that are already open.
    init(instance: InstanceID, terms: [Int: HeldKey], root: HeldKey) throws(CryptoError) {
        guard let currentTerm = terms.keys.max() else { throw .cannotOpen }
        self.instance = instance
        self.currentTerm = currentTerm
        self.terms = terms
        self.root = root
        rows = try KeyedMAC("row-mac", from: root.bytes)
        tokens = try KeyedMAC("token", from: root.bytes)
        leakBuckets = try KeyedMAC("leak-bucket", from: root.bytes)
        auditReferences = try KeyedMAC("audit-ref", from: root.bytes)
        cursors = try KeyedMAC("cursor", from: root.bytes)
        idempotency = try KeyedMAC("idempotency", from: root.bytes)
        backups = try KeyedMAC("backup", from: root.bytes)
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
