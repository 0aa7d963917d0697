import Synchronization
import VaultCrypto

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
