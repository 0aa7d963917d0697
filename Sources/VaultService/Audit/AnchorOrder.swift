import Synchronization
import VaultCrypto
import VaultModel

/// Statements that are to be signed and appended to the anchor, and whoever waits for their notes. Safe from any thread.
final class AnchorOrder: Sendable {
    let statements: [AnchorStatement]
    let signer: AuditSigner
    let at: Timestamp
    let isKept: Bool
    private let waiting = Mutex<(continuation: CheckedContinuation<[String]?, Never>?, isSettled: Bool)>(
        (nil, false))

    init(_ statements: [AnchorStatement], by signer: AuditSigner, at: Timestamp, isKept: Bool) {
        self.statements = statements
        self.signer = signer
        self.at = at
        self.isKept = isKept
    }

    /// One order for what has ended by both; `nil` where a note would be too long, or they say something else.
    func merged(with others: ArraySlice<AnchorStatement>, by other: AuditSigner) -> AnchorOrder? {
        guard signer === other, statements.count == 1, others.count == 1, case .ended(let ids)? = statements.first,
            case .ended(let more)? = others.first, ids.count + more.count <= AnchorStatement.endedAtOnce
        else { return nil }
        return AnchorOrder([.ended(ids + more)], by: signer, at: at, isKept: true)
    }

    /// The notes once they are durable; `nil` when that was given up. To be called once.
    func notes(after start: () -> Void) async -> [String]? {
        await withCheckedContinuation { continuation in
            let isSettled = waiting.withLock { waiting in
                if !waiting.isSettled { waiting.continuation = continuation }
                return waiting.isSettled
            }
            start()
            if isSettled { continuation.resume(returning: nil) }
        }
    }

    /// Tells whoever waits; the first time alone.
    func settle(_ notes: [String]?) {
        let continuation = waiting.withLock { waiting in
            defer { waiting = (nil, true) }
            return waiting.isSettled ? nil : waiting.continuation
        }
        continuation?.resume(returning: notes)
    }
}
