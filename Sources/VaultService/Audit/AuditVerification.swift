package import VaultCrypto
import VaultModel
import VaultStore

/// What `audit verify` is to believe and look at.
package struct AuditVerificationOrder: Sendable {
    package var directory: String
    /// Where the anchor is; `nil` to do without, which proves less.
    package var anchor: String?
    /// Public keys that are known from elsewhere; where there are none, the data directory's own are taken.
    package var keys: [NoteKey] = []

    package init(directory: String, anchor: String?) {
        self.directory = directory
        self.anchor = anchor
    }
}

/// Checks an audit log without its master key, whether a server has it open or not: the chain, the heads, the anchor.
package enum AuditVerification {
    private static let page = 8192

    /// What the database says of its log, at one moment.
    private struct Outline {
        var name = ""
        var keys: [NoteKey] = []
        var heads: [StoredNote] = []
        var newestHead: StoredNote?
        var drop: (note: StoredNote, isComplete: Bool)?
        var last = 0
    }

    /// - Parameter progress: told now and then up to where it has come.
    package static func run(
        _ order: AuditVerificationOrder, progress: (Int) -> Void = { _ in }
    ) throws(OpeningError) -> AuditReport {
        do {
            while true {
                // A head is in the log, then in the anchor, then among the database's: each is looked at before the one
                // in front of it.
                let newestHead = try look(order.directory).newestHead
                let contents = try order.anchor.flatMap { path throws(OpeningError) in try AnchorContents(path: path) }
                var outline = try look(order.directory, withHeads: order.anchor == nil)
                outline.newestHead = newestHead
                let report = try verify(order, contents, outline, progress)
                // Where entries were dropped meanwhile, some were missing that nobody took.
                if try look(order.directory).drop?.note == outline.drop?.note { return report }
            }
        } catch {
            throw OpeningError(looking: error)
        }
    }

    /// The public keys that a data directory says its log is signed with.
    package static func keys(in directory: String) throws(OpeningError) -> [NoteKey] {
        do { return try look(directory).keys } catch { throw OpeningError(looking: error) }
    }

    private static func look(_ directory: String, withHeads: Bool = false) throws -> Outline {
        let outline = try Store.inspect(directory: directory) { transaction -> Outline? in
            guard let instance = try transaction.instance()?.id else { return nil }
            var outline = Outline(name: AuditSigner.name(in: instance))
            outline.last = try transaction.auditHead().sequence
            guard try Store.hasTable("signers", in: transaction) else { return outline }
            outline.keys = try transaction.signers().map { NoteKey(name: outline.name, publicKey: $0.publicKey) }
            outline.drop = try transaction.auditDrop()
            outline.newestHead = try transaction.newestHead()
            if withHeads { outline.heads = try transaction.heads(after: 0, limit: .max) }
            return outline
        }
        guard let outline = outline ?? nil else { throw OpeningError.notInitialised(directory: directory) }
        return outline
    }

    private static func verify(
        _ order: AuditVerificationOrder, _ contents: AnchorContents?, _ outline: Outline, _ progress: (Int) -> Void
    ) throws -> AuditReport {
        var report = AuditReport()
        report.hasGivenKeys = !order.keys.isEmpty
        report.keys = report.hasGivenKeys ? order.keys : outline.keys
        let chain = try AnchorChain(contents ?? AnchorContents([]), keys: report.keys, name: outline.name)
        report.take(chain)
        var heads = chain.heads
        if order.anchor == nil {
            heads = outline.heads.compactMap { stored in
                guard case .head(let head)? = AnchorNote(stored.note, signedBy: report.keys)?.statement else {
                    return nil
                }
                return head
            }
        } else if !report.hasAnchor {
            report.finding = AuditFinding(.anchorMissing, at: 1)
        } else {
            let newest = outline.newestHead.flatMap { AnchorNote($0.note, signedBy: report.keys) }
            if try !chain.isWhole || newest.map(chain.contains) == false {
                report.finding = AuditFinding(.anchorCut, at: 1)
            }
        }
        report.newestHead = heads.map(\.sequence).max()

        var base = ChainPosition.start
        if let drop = outline.drop {
            guard let note = AnchorNote(drop.note.note, signedBy: report.keys),
                case .dropped(let through, let count, let digest) = note.statement
            else {
                report.finding = AuditFinding(.dropUnsigned, at: drop.note.sequence)
                return report
            }
            base = through
            var retention = Retention()
            try forEach(in: order.directory, after: .min, through: base.sequence) { try retention.take($0) }
            report.kept = retention.count
            report.awaitingDeletion = retention.taken - retention.count
            if try retention.count != count || retention.digest() != digest {
                report.finding = AuditFinding(.keptChanged, at: base.sequence)
            } else if drop.isComplete, report.awaitingDeletion > 0 {
                var first = 0
                try forEach(in: order.directory, after: .min, through: base.sequence) { record in
                    if first == 0, !retention.keeps(record.sequence) { first = record.sequence }
                }
                report.finding = AuditFinding(.inserted, at: first)
            }
        }
        report.base = base.sequence
        var verifier = AuditVerifier(from: base, heads: heads)
        let start = base == .start ? .min : base.sequence
        try forEach(in: order.directory, after: start, through: outline.last) { record in
            try verifier.take(record)
            if record.sequence % page == 0 { progress(record.sequence) }
        }
        report.take(verifier)
        if order.anchor != nil, report.finding == nil, report.headsAgreed == 0, report.last > base.sequence {
            report.finding = AuditFinding(.unproven, at: base.sequence + 1)
            report.last = base.sequence
        }
        return report
    }

    /// Hands over entries in their order, reading a page of them at a time.
    private static func forEach(
        in directory: String, after: Int, through last: Int, _ body: (AuditRecord) throws -> Void
    ) throws {
        var after = after
        while after < last {
            let records =
                try Store.inspect(directory: directory) { try $0.auditEntries(after: after, limit: page) } ?? []
            for record in records where record.sequence <= last { try body(record) }
            guard let newest = records.last?.sequence else { return }
            after = newest
        }
    }
}

extension AnchorNote {
    /// Reads a note that the holder of one of `keys` signed; `nil` for any other.
    package init?(_ text: String, signedBy keys: [NoteKey]) {
        guard let note = SignedNote(parsing: text), let key = keys.first(where: { note.isSigned(by: $0) }) else {
            return nil
        }
        self.init(note.text.utf8, by: key.name)
    }
}

extension OpeningError {
    /// What went wrong while a database was looked at.
    init(looking error: any Error) {
        switch error {
        case let error as OpeningError: self = error
        case let error as StoreError: self = .store(error)
        case let error as CryptoError: self = .crypto(error)
        case let error as VaultError: self = .vault(error)
        default: self = .vault(.storageUnavailable)
        }
    }
}
