import VaultCrypto
import VaultModel
import VaultStore

/// Which entries stay when the others up to some entry are dropped: those without which an old row would be believed
/// again. Of each key the newest, and what says that something has ended for ever.
///
/// (A connect link ends by itself within days, before anything may be dropped.)
struct Retention {
    private var newest: [KeyID: Int] = [:]
    private var kept: [Int: [UInt8]] = [:]
    /// How many entries there were.
    private(set) var taken = 0

    init() {}

    /// Takes the entries up to `last`.
    init(through last: Int, in transaction: ReadTransaction) throws {
        var after = Int.min
        while after < last {
            let records = try transaction.auditEntries(after: after, limit: 4096)
            for record in records where record.sequence <= last { try take(record) }
            guard let newest = records.last?.sequence else { return }
            after = newest
        }
    }

    /// Takes entries in the order of their numbers.
    mutating func take(_ record: AuditRecord) throws(CryptoError) {
        let entry = record.entry
        taken += 1
        guard entry.keyID != nil || entry.isEnding else { return }
        if let key = entry.keyID, let older = newest.updateValue(record.sequence, forKey: key) { kept[older] = nil }
        // The stored hash too: it is what is left of what lay before.
        kept[record.sequence] = try Digest.sha256(record.hash, entry.canonicalBytes(sequence: record.sequence))
    }

    func keeps(_ sequence: Int) -> Bool { kept[sequence] != nil }

    var count: Int { kept.count }

    /// A hash over all that stays, in the order of the entries.
    func digest() throws(CryptoError) -> [UInt8] {
        var digest = ChainPosition.start.hash
        for (_, hash) in kept.sorted(by: { $0.key < $1.key }) { digest = try Digest.sha256(digest, hash) }
        return digest
    }
}
