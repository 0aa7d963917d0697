import VaultCrypto
import VaultModel
import VaultStore

/// Forgetting what is older than it has to be kept. Nothing that cannot be proven is dropped: that would be a way to be
/// rid of what was tampered with.
extension Vault {
    private static let deletedAtOnce = 500
    private static let page = 4096
    /// To drop again is to read all that was kept: once a day, in seconds.
    private static let interval = 86_400

    /// Drops entries that are older than ``VaultConfiguration/auditKeepSeconds``, up to a signed head, all but those that
    /// still decide something. What was begun goes on after a restart.
    ///
    /// - Returns: how many were deleted.
    @discardableResult
    package func dropOldEntries() async throws(VaultError) -> Int {
        guard let keep = configuration.auditKeepSeconds, signing.tampered == nil else { return 0 }
        let signer = try await signer()
        let limit = time.now() - keep
        let (drop, newest) = try reading { transaction throws -> (Drop?, ChainPosition?) in
            let keys = try signers(in: transaction.signers()).map(\.key)
            return (try Drop(in: transaction, keys: keys), try stretch(endingBy: limit, in: transaction, keys: keys))
        }
        if let drop {
            guard drop.note != nil else {
                noteTampering(at: drop.through.sequence)
                return 0
            }
            if !drop.isComplete { return try await deleteEntries(through: drop.through.sequence) }
            guard drop.at + Self.interval <= time.now() else { return 0 }
        }
        guard let newest, newest.sequence > (drop?.through.sequence ?? 0),
            try await announceDrop(behind: drop, through: newest, by: signer)
        else { return 0 }
        return try await deleteEntries(through: newest.sequence)
    }

    /// What was dropped before.
    private struct Drop {
        /// `nil` when what stands there was not signed by this vault.
        let note: AnchorNote?
        var through = ChainPosition.start
        var count = 0
        var digest: [UInt8] = []
        let isComplete: Bool

        var at: Timestamp { note?.at ?? Timestamp(milliseconds: 0) }

        init?(in transaction: ReadTransaction, keys: [NoteKey]) throws(StoreError) {
            guard let drop = try transaction.auditDrop() else { return nil }
            isComplete = drop.isComplete
            through.sequence = drop.note.sequence
            guard let note = AnchorNote(drop.note.note, signedBy: keys),
                case .dropped(let through, let count, let digest) = note.statement
            else {
                self.note = nil
                return
            }
            (self.note, self.through, self.count, self.digest) = (note, through, count, digest)
        }
    }

    /// Behind which entry the log is whole.
    func dropped(in transaction: ReadTransaction, keys: [NoteKey]) throws(StoreError) -> ChainPosition? {
        let drop = try Drop(in: transaction, keys: keys)
        return drop?.note == nil ? nil : drop?.through
    }

    /// The end of the newest closed stretch: never the newest head of all, which the next start compares.
    ///
    /// How old it is its signature says; what the database says of that anybody can write who writes there.
    private func stretch(
        endingBy limit: Timestamp, in transaction: ReadTransaction, keys: [NoteKey]
    ) throws(StoreError) -> ChainPosition? {
        guard let head = try transaction.newestHead(notAfter: limit), let newest = try transaction.newestHead(),
            head.sequence < newest.sequence
        else { return nil }
        guard let note = AnchorNote(head.note, signedBy: keys), note.at <= limit,
            case .head(let position) = note.statement, position.sequence == head.sequence
        else {
            noteTampering(at: head.sequence)
            return nil
        }
        return position
    }

    /// Says, signed, up to where entries are dropped, once they have been found to be as they were written.
    ///
    /// - Returns: whether that is said.
    private func announceDrop(
        behind drop: Drop?, through end: ChainPosition, by signer: AuditSigner
    ) async throws(VaultError) -> Bool {
        let base = drop?.through ?? .start
        let (finding, statement) = try reading { transaction throws -> (Int?, AnchorStatement?) in
            if let drop {
                let kept = try Retention(through: base.sequence, in: transaction)
                guard kept.count == kept.taken, kept.count == drop.count, try kept.digest() == drop.digest else {
                    return (base.sequence, nil)
                }
            }
            var verifier = AuditVerifier(from: base, heads: [end])
            var after = base.sequence
            while after < end.sequence, !verifier.isSettled {
                let records = try transaction.auditEntries(after: after, limit: min(Self.page, end.sequence - after))
                for record in records { try verifier.take(record) }
                guard let last = records.last else { break }
                after = last.sequence
            }
            if let finding = verifier.finish() { return (finding.sequence, nil) }
            let kept = try Retention(through: end.sequence, in: transaction)
            return (nil, .dropped(through: end, count: kept.count, digest: try kept.digest()))
        }
        if let finding { noteTampering(at: finding) }
        guard let statement, let note = await anchor.append([statement], by: signer, at: time.now())?.last else {
            return false
        }
        _ = try await write { transaction in
            try transaction.put(drop: StoredNote(sequence: end.sequence, note: note))
        }
        return true
    }

    private func deleteEntries(through end: Int) async throws(VaultError) -> Int {
        let doomed = try reading { transaction throws -> [Int] in
            let retention = try Retention(through: end, in: transaction)
            return try transaction.auditSequences(through: end).filter { !retention.keeps($0) }
        }
        for start in stride(from: 0, to: doomed.count, by: Self.deletedAtOnce) {
            let batch = Array(doomed[start..<min(start + Self.deletedAtOnce, doomed.count)])
            _ = try await write { transaction in try transaction.delete(entries: batch, headsBefore: end) }
        }
        _ = try await write { transaction in try transaction.completeDrop() }
        return doomed.count
    }

    /// Says once that the log is not what was signed. It is not looked at again before the next start.
    private func noteTampering(at entry: Int) {
        signing.noteTampering(at: entry)
        tell(.auditTampered(entry: entry))
    }
}
