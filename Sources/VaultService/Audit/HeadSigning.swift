import Synchronization
package import VaultCrypto
import VaultModel
import VaultStore

/// What the vault knows of the signing of its audit log. Safe to use from any thread.
final class HeadSigning: Sendable {
    private struct State {
        var signer: AuditSigner?
        var signedThrough = 0
        var isSigning = false
        /// What the anchor was told to have ended by entries behind the newest head, as far as this process knows.
        var anchored: Set<String> = []
        /// The newest entry for which a head could not be signed.
        var triedThrough = 0
        var tampered: Int?
    }

    /// So many entries without a head are enough to sign one.
    static let entries = 1000
    /// So long is long enough, where there are new entries.
    static let interval = Duration.seconds(60)

    private let state = Mutex(State())

    var signer: AuditSigner? {
        get { state.withLock(\.signer) }
        set { state.withLock { $0.signer = newValue } }
    }

    /// The newest entry under a signed head.
    var signedThrough: Int { state.withLock(\.signedThrough) }

    /// An entry that was found not to be what was signed, by this process.
    var tampered: Int? { state.withLock(\.tampered) }

    func noteTampering(at entry: Int) { state.withLock { $0.tampered = entry } }

    /// Notes that the log is signed up to that entry, and that the anchor has what had ended by then.
    func noteSigned(through sequence: Int) {
        state.withLock {
            $0.signedThrough = sequence
            $0.anchored = []
        }
    }

    func noteAnchored(_ ids: [String]) { state.withLock { $0.anchored.formUnion(ids) } }

    func notAnchored(_ ids: [String]) -> [String] {
        state.withLock { state in ids.filter { !state.anchored.contains($0) } }
    }

    func noteFailed(at sequence: Int) { state.withLock { $0.triedThrough = sequence } }

    /// Whether a head is due now that entry `sequence` is there.
    func isDue(at sequence: Int) -> Bool {
        state.withLock { sequence - max($0.signedThrough, $0.triedThrough) >= Self.entries }
    }

    /// Runs `body`, unless somebody else is at it.
    func alone(_ body: () async throws(VaultError) -> Void) async throws(VaultError) {
        let isFree = state.withLock { state in
            defer { state.isSigning = true }
            return !state.isSigning
        }
        guard isFree else { return }
        defer { state.withLock { $0.isSigning = false } }
        try await body()
    }
}

extension Vault {
    /// Signs where the audit log is now, and appends that to the anchor, where there are entries since the last time.
    ///
    /// Behind what has ended by these entries: who believes a head knows all of that, too. While the anchor cannot be
    /// written no head is signed: what is called signed is always there.
    package func signHead() async throws(VaultError) {
        try await signing.alone { () async throws(VaultError) in
            let signer = try await signer()
            let signedThrough = signing.signedThrough
            let (head, endings) = try read { transaction throws(StoreError) in
                let (sequence, hash) = try transaction.auditHead()
                return (
                    ChainPosition(sequence: sequence, hash: hash),
                    sequence > signedThrough ? try transaction.endings(after: signedThrough) : []
                )
            }
            guard head.sequence > signedThrough else { return anchor.retry() }
            let now = time.now()
            let statements = AnchorStatement.ended(inParts: signing.notAnchored(endings)) + [.head(head)]
            guard let note = await anchor.append(statements, by: signer, at: now)?.last else {
                return signing.noteFailed(at: head.sequence)
            }
            _ = try await write { transaction in
                try transaction.keep(head: StoredNote(sequence: head.sequence, note: note), at: now)
            }
            signing.noteSigned(through: head.sequence)
        }
    }

    /// Signs heads as time goes by, until cancelled; a failure is the next time's.
    package func runHeads() async {
        while !Task.isCancelled {
            try? await time.sleep(for: HeadSigning.interval)
            guard !Task.isCancelled else { return }
            await refusals.write(to: self)
            try? await signHead()
        }
    }

    /// What a graceful stop does last, when no request is running any more: counts and head are written.
    package func finish() async {
        await refusals.write(to: self)
        try? await signHead()
    }

    func signIfDue() async {
        let newest = try? read { transaction throws(StoreError) in try transaction.auditHead().sequence }
        if let newest, signing.isDue(at: newest) { try? await signHead() }
    }

    /// Appends to the anchor that these have ended; what cannot be written waits there for the next time.
    func anchor(ended ids: [String]) async {
        guard !ids.isEmpty, let signer = signing.signer else { return }
        await anchor.append(AnchorStatement.ended(inParts: ids), by: signer, at: time.now(), isKept: true)
        // Not before it stands in line: a head may come in between.
        signing.noteAnchored(ids)
    }

    /// Who signs: the newest signer there is, made where there is none.
    func signer() async throws(VaultError) -> AuditSigner {
        if let signer = signing.signer { return signer }
        let signers = try signers(in: try read { transaction throws(StoreError) in try transaction.signers() })
        if let newest = signers.last {
            signing.signer = newest
            return newest
        }
        return try await addSigner()
    }

    /// Makes another signer, which signs from now on; the one before it vouches for it in the anchor.
    @discardableResult
    package func addSigner() async throws(VaultError) -> AuditSigner {
        let now = time.now()
        let (signer, previous) = try await write { [self] transaction in
            let stored = try transaction.signers()
            let (signer, box) = try keyring.makeSigner(number: (stored.last?.number ?? 0).next)
            try transaction.insert(
                StoredSigner(number: signer.number, publicKey: signer.key.publicKey, box: box), at: now)
            return (signer, try signers(in: stored).last)
        }
        if let previous { await anchor.append([.signer(signer.key)], by: previous, at: now, isKept: true) }
        signing.signer = signer
        return signer
    }

    /// Opens signers' boxes; one that does not open was not made by this vault and counts as absent.
    func signers(in stored: [StoredSigner]) throws(VaultError) -> [AuditSigner] {
        let keyring = try keyring
        var signers: [AuditSigner] = []
        for row in stored {
            do {
                signers.append(try keyring.openSigner(row.box, number: row.number))
            } catch .cannotOpen {
                noteForgery(of: "signer", object: "\(row.number)", project: nil)
            } catch {
                throw VaultError(error)
            }
        }
        return signers
    }
}

extension AnchorStatement {
    /// As many statements as it takes for notes of a bearable length.
    static func ended(inParts ids: [String]) -> [AnchorStatement] {
        stride(from: 0, to: ids.count, by: endedAtOnce).map {
            .ended(Array(ids[$0..<min($0 + endedAtOnce, ids.count)]))
        }
    }

    /// Ids in one note.
    static let endedAtOnce = 1000
}
