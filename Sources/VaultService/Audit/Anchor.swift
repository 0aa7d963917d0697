import Synchronization
import VaultCrypto
import VaultModel
import VaultStore

/// What signed notes about the audit log are appended to. Safe to use from any thread.
///
/// Notes are signed and written in the order in which they came, by a thread that lives while there are any: a disk
/// that hangs holds up nobody for longer than ``patience``. While the file cannot be written, the vault goes on; what
/// must not be lost waits in memory.
final class Anchor: Sendable {
    private struct State {
        /// The newest note.
        var tip = ChainPosition.start
        var orders: [AnchorOrder] = []
        var isWriting = false
        var isWritable = true
        var triedAt = ContinuousClock.now
    }

    /// How long whoever appends waits for the disk.
    static let patience = Duration.seconds(2)
    /// How long, when it is known to hang; and how often it is tried for what only has to be written some time.
    private static let patienceWithAHangingDisk = Duration.milliseconds(50)
    private static let interval = Duration.seconds(1)

    let path: String
    private let state = Mutex(State())
    private let write: @Sendable ([UInt8]) -> AnchorFile.Outcome
    /// Told when it can no longer be written, and when it can again.
    private let observe: @Sendable (_ isWritable: Bool) -> Void

    /// - Parameter write: appends to the file; may block.
    init(
        path: String, write: (@Sendable ([UInt8]) -> AnchorFile.Outcome)? = nil,
        observe: @escaping @Sendable (Bool) -> Void
    ) {
        self.path = path
        self.write = write ?? { AnchorFile(path: path).append($0) }
        self.observe = observe
    }

    var isWritable: Bool { state.withLock(\.isWritable) }

    /// The note that the next one follows.
    var tip: ChainPosition {
        get { state.withLock(\.tip) }
        set { state.withLock { $0.tip = newValue } }
    }

    /// Appends notes that say `statements`, behind whatever still waits.
    ///
    /// - Parameter isKept: whether they wait for the next time when they cannot be written now.
    /// - Returns: the notes when they are durable; `nil` when they are not, or not yet.
    @discardableResult
    func append(
        _ statements: [AnchorStatement], by signer: AuditSigner, at now: Timestamp, isKept: Bool = false,
        within patience: Duration = Anchor.patience
    ) async -> [String]? {
        let order = AnchorOrder(statements, by: signer, at: now, isKept: isKept)
        let patience = isKept && !isWritable ? min(patience, Self.patienceWithAHangingDisk) : patience
        // Of its own, so that whoever is cancelled waits for the disk all the same.
        let limit = Task { [self] in
            try? await Task.sleep(for: patience)
            guard !Task.isCancelled else { return }
            noteHanging()
            order.settle(nil)
        }
        defer { limit.cancel() }
        return await order.notes { push(order) }
    }

    /// Tries again to write what waits.
    func retry() {
        let starts = state.withLock { state in
            guard !state.orders.isEmpty, !state.isWriting else { return false }
            state.isWriting = true
            state.triedAt = .now
            return true
        }
        if starts { startWriting() }
    }

    private func push(_ order: AnchorOrder) {
        let waits = state.withLock { state in
            state.orders.append(order)
            // To try for each would be to sign again, each time, all that waits.
            return order.isKept && !state.isWritable && .now - state.triedAt < Self.interval
        }
        if waits { order.settle(nil) } else { retry() }
    }

    /// A write that does not return is none.
    private func noteHanging() {
        let isNews = state.withLock { state in
            guard state.isWriting, state.isWritable else { return false }
            state.isWritable = false
            return true
        }
        if isNews { observe(false) }
    }

    private func startWriting() {
        guard let thread = try? WorkerThread({ [self] in while writeOrders() {} }) else {
            _ = giveUp(state.withLock(\.orders))
            return
        }
        thread.detach()
    }

    /// Writes what has been ordered so far; on the thread of its own.
    ///
    /// - Returns: whether there is more to write.
    private func writeOrders() -> Bool {
        let (orders, tip) = state.withLock { ($0.orders, $0.tip) }
        var newest = tip
        var notes: [(text: String, end: ChainPosition)] = []
        do throws(CryptoError) {
            for order in orders {
                for statement in order.statements {
                    let text = AnchorNote(statement, after: newest, at: order.at).text(by: order.signer.key.name)
                    newest = ChainPosition(sequence: newest.sequence + 1, hash: try Digest.sha256(Array(text.utf8)))
                    notes.append((try SignedNote(text, by: order.signer).description, newest))
                }
            }
        } catch {
            return giveUp(orders)
        }
        switch write(Array(notes.map(\.text).joined().utf8)) {
        case .durable: break
        case .failed(let left):
            // What lies there whole counts, for the next note must not take its place; whole but for the line's end, too.
            var length = -1
            let whole = notes.prefix { note in
                length += note.text.utf8.count
                return length <= left
            }
            return giveUp(orders, after: whole.last?.end, whole.count)
        }
        let (isMore, isNews) = state.withLock { state in
            state.tip = newest
            state.orders.removeFirst(orders.count)
            state.isWriting = !state.orders.isEmpty
            defer { state.isWritable = true }
            return (state.isWriting, !state.isWritable)
        }
        if isNews { observe(true) }
        var rest = notes[...]
        for order in orders {
            order.settle(rest.prefix(order.statements.count).map(\.text))
            rest = rest.dropFirst(order.statements.count)
        }
        return isMore
    }

    /// Puts back what has to be written some time, all but the first `written` notes; the others end here.
    private func giveUp(_ orders: [AnchorOrder], after tip: ChainPosition? = nil, _ written: Int = 0) -> Bool {
        let isNews = state.withLock { state in
            if let tip { state.tip = tip }
            var written = written
            var waiting: [AnchorOrder] = []
            for order in orders {
                let rest = order.statements.dropFirst(written)
                written -= min(written, order.statements.count)
                guard order.isKept, !rest.isEmpty else { continue }
                if let last = waiting.last, let both = last.merged(with: rest, by: order.signer) {
                    waiting[waiting.count - 1] = both
                } else {
                    waiting.append(AnchorOrder(Array(rest), by: order.signer, at: order.at, isKept: true))
                }
            }
            state.orders.replaceSubrange(..<orders.count, with: waiting)
            state.isWriting = false
            defer { state.isWritable = false }
            return state.isWritable
        }
        if isNews { observe(false) }
        for order in orders { order.settle(nil) }
        return false
    }
}
