import VaultCrypto
import VaultModel
import VaultStore

/// What the anchor says that the database does not.
enum AnchorFinding: Sendable, Equatable {
    case agreement
    /// The log ends before what was signed.
    case rolledBack(stored: Int, anchored: Int)
    /// The log has another entry where this one was signed.
    case rewritten(anchored: Int)
    /// There is no anchor, though heads were written to one.
    case missing
    /// Notes are missing from the anchor: it lacks its beginning, or what the database knows was there.
    case cut
    /// No note in it is by this vault.
    case foreign
}

/// What was found when a vault was opened, and what has to be done about it before anything is answered.
struct AnchorCheck: Sendable {
    var finding = AnchorFinding.agreement
    /// The note that the next one follows: the anchor's newest, or where there is none, the newest that is known of.
    var tip = ChainPosition.start
    /// The number of the newest note that is known of; who accepts what was found names it.
    var newest = 0
    /// Whether the vault is only being made.
    var isNew = true
    /// Whether the anchor goes on; otherwise another begins.
    var isContinued = false
    /// The newest entry under a signed head that the log agrees with.
    var signedThrough = 0
    /// The ids of what has ended for ever.
    var ended: [String] = []
    /// Lines of the anchor that somebody else wrote there.
    var strayLines: [Int] = []
}

extension Vault {
    /// Compares the log with the anchor; changes nothing.
    func checkAnchor() throws(OpeningError) -> AnchorCheck {
        let contents = try AnchorContents(path: anchor.path)
        do {
            return try store.read { transaction throws -> AnchorCheck in try check(contents, in: transaction) }
        } catch {
            throw OpeningError(looking: error)
        }
    }

    private func check(_ contents: AnchorContents?, in transaction: ReadTransaction) throws -> AnchorCheck {
        var check = AnchorCheck()
        check.isNew = false
        let name = AuditSigner.name(in: instance)
        let keys = try signers(in: transaction.signers()).map(\.key)
        // Each head was in the anchor before it was here.
        let newest = try transaction.newestHead().flatMap { AnchorNote($0.note, signedBy: keys) }
        check.tip = try newest?.position(by: name) ?? .start
        check.newest = check.tip.sequence
        guard let contents, !contents.blocks.isEmpty else {
            check.finding = newest == nil ? .agreement : .missing
            return check
        }
        let chain = try AnchorChain(contents, keys: keys, name: name)
        check.strayLines = chain.forgedLines + chain.copiedLines
        guard let tip = chain.tip else {
            check.finding = newest == nil && chain.forgedLines.isEmpty ? .agreement : .foreign
            return check
        }
        check.ended = chain.ended
        check.tip = tip
        check.newest = max(check.newest, tip.sequence)
        guard chain.isWhole, try newest.map(chain.contains) ?? true else {
            check.finding = .cut
            return check
        }
        check.isContinued = true
        let stored = try transaction.auditHead().sequence
        let agreed = try chain.newestHead {
            try $0.sequence <= stored && $0 == transaction.position(of: $0.sequence)
        }
        check.signedThrough = agreed?.sequence ?? 0
        guard let expected = chain.newestHead, expected.sequence != check.signedThrough else { return check }
        check.finding =
            expected.sequence > stored
            ? .rolledBack(stored: stored, anchored: expected.sequence) : .rewritten(anchored: expected.sequence)
        return check
    }
}

extension AnchorNote {
    /// Its number, and the hash that the note after it holds.
    func position(by name: String) throws(CryptoError) -> ChainPosition {
        ChainPosition(sequence: number, hash: try Digest.sha256(Array(text(by: name).utf8)))
    }
}

extension ReadTransaction {
    /// Where the chain is at an entry; `nil` where there is no such entry.
    func position(of sequence: Int) throws(StoreError) -> ChainPosition? {
        try auditEntries(after: sequence - 1, limit: 1).first.flatMap {
            $0.sequence == sequence ? ChainPosition(sequence: sequence, hash: $0.hash) : nil
        }
    }
}

extension OpeningError {
    /// Why a vault with that finding is not opened; `nil` when it may be.
    init?(_ check: AnchorCheck, at path: String) {
        switch check.finding {
        case .agreement: return nil
        case .rolledBack(let stored, let anchored):
            self = .rolledBack(stored: stored, anchored: anchored, anchor: path, note: check.newest)
        case .rewritten(let anchored): self = .rewritten(entry: anchored, anchor: path, note: check.newest)
        case .missing: self = .anchorMissing(path: path, note: check.newest)
        case .cut: self = .anchorCut(path: path, note: check.newest)
        case .foreign: self = .anchorForeign(path: path, note: check.newest)
        }
    }
}
