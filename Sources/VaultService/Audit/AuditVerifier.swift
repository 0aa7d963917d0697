package import VaultCrypto
package import VaultModel

/// Follows an audit log entry by entry and names the first that is not as it was written.
///
/// A value: a copy goes on from where it was copied. Whoever can recompute the chain can make another one that fits in
/// itself; that is what the signed heads are compared for.
package struct AuditVerifier: Sendable {
    /// Where the log is as it was written.
    package private(set) var position: ChainPosition
    /// What is wrong first; final when ``isSettled``, else the best guess so far.
    package private(set) var finding: AuditFinding?
    /// Whether nothing that follows can change the finding.
    package private(set) var isSettled = false
    /// The last entry that is as it was written: where the chain is another one than was signed, the last that a head
    /// agreed with.
    package var proven: Int { finding?.kind == .rewritten ? agreed : position.sequence }
    /// The last entry that a head agreed with, or where the log begins.
    package private(set) var agreed: Int
    /// How many of the signed heads agree.
    package private(set) var headsAgreed = 0

    private let heads: [ChainPosition]
    private var nextHead = 0
    private var last: AuditEntry?
    /// Where the log was before the last entry.
    private var before: ChainPosition
    private var latest: Timestamp?
    /// The first entry whose time is over a minute earlier than one before it: a clock was wrong.
    package private(set) var firstSkew: Int?
    private var suspect: AuditRecord?

    /// - Parameters:
    ///   - base: where the log begins.
    ///   - heads: what was signed, in any order; those before the base say nothing.
    package init(from base: ChainPosition = .start, heads: [ChainPosition] = []) {
        position = base
        before = base
        agreed = base.sequence
        self.heads = heads.filter { $0.sequence > base.sequence }.sorted { $0.sequence < $1.sequence }
    }

    /// Takes the next entry in the order in which they lie.
    package mutating func take(_ record: AuditRecord) throws(CryptoError) {
        guard !isSettled else { return }
        if let suspect { return try judge(suspect, before: record) }
        let expected = position.sequence + 1
        guard record.sequence == expected else {
            suspect = record
            finding =
                record.sequence > expected
                ? AuditFinding(.missing, at: expected, through: record.sequence - 1)
                : AuditFinding(record.sequence > 0 ? .duplicated : .inserted, at: record.sequence)
            isSettled = record.sequence < expected
            return
        }
        let hash = try Self.hash(of: record.entry, as: record.sequence, after: position.hash)
        guard hash == record.hash else {
            // Whoever inserts an entry with a hash that fits leaves behind it what fitted without it.
            if let last, try Self.hash(of: record.entry, as: position.sequence, after: before.hash) == record.hash {
                finding =
                    record.entry == last
                    ? AuditFinding(.duplicated, at: record.sequence) : AuditFinding(.inserted, at: position.sequence)
                isSettled = true
                return
            }
            suspect = record
            finding = AuditFinding(.changed, at: record.sequence)
            return
        }
        before = position
        position = ChainPosition(sequence: record.sequence, hash: hash)
        last = record.entry
        if let latest, record.entry.at + 60 < latest, firstSkew == nil { firstSkew = record.sequence }
        latest = max(latest ?? record.entry.at, record.entry.at)
        compareHeads()
    }

    /// What is wrong, when all entries have been taken.
    package mutating func finish() -> AuditFinding? {
        if finding == nil, let newest = heads.last, newest.sequence > position.sequence {
            finding = AuditFinding(.truncated, at: position.sequence + 1, through: newest.sequence)
        }
        isSettled = true
        return finding
    }

    private mutating func compareHeads() {
        while nextHead < heads.count, heads[nextHead].sequence == position.sequence {
            guard heads[nextHead].hash == position.hash else {
                finding = AuditFinding(.rewritten, at: agreed + 1, through: position.sequence)
                isSettled = true
                return
            }
            headsAgreed += 1
            agreed = position.sequence
            nextHead += 1
        }
    }

    /// What was done to `suspect`, by an entry that follows it.
    private mutating func judge(_ suspect: AuditRecord, before record: AuditRecord) throws(CryptoError) {
        let place = position.sequence + 1
        func settle(_ kind: AuditFinding.Kind, through: Int? = nil) {
            finding = AuditFinding(kind, at: place, through: through)
            isSettled = true
        }
        guard suspect.sequence == place else {
            // In a file entries have an order of their own: what seems to be missing may come next.
            if record.sequence == place { settle(.swapped, through: suspect.sequence) }
            isSettled = true
            return
        }
        // What belongs here may lie there, with its hash or without it.
        let here = try Self.hash(of: record.entry, as: place, after: position.hash)
        if here == suspect.hash, here != record.hash { return settle(.swapped, through: record.sequence) }
        guard record.sequence == place + 1 else {
            if here == record.hash { settle(.swapped, through: record.sequence) }
            return
        }
        if here == record.hash {
            if try Self.hash(of: suspect.entry, as: record.sequence, after: record.hash) == suspect.hash {
                return settle(.swapped, through: record.sequence)
            }
            return settle(suspect.entry == last ? .duplicated : .inserted)
        }
        let recomputed = try Self.hash(of: suspect.entry, as: place, after: position.hash)
        if try Self.hash(of: record.entry, as: record.sequence, after: recomputed) == record.hash {
            return settle(.hashChanged)
        }
        if try Self.hash(of: record.entry, as: record.sequence + 1, after: suspect.hash) == record.hash {
            return settle(.missing)
        }
    }

    private static func hash(
        of entry: AuditEntry, as sequence: Int, after previous: [UInt8]
    ) throws(CryptoError) -> [UInt8] {
        try Digest.sha256(previous, entry.canonicalBytes(sequence: sequence))
    }
}
