/// The one who writes and checkpoints: many waiting writes in one transaction, each in its own savepoint,
/// all answered after the one COMMIT.
final class Writer: @unchecked Sendable {
    // Unchecked: made by the store's `init`, then used by the writer's thread alone.
    private let connection: Connection
    private let queue: WriteQueue
    private let chain: AuditChain
    private let head: AuditHead
    /// Given up last, when the connection is closed.
    private var lock: LockFile?
    private let reserve: Reserve
    /// Something was shredded, and the log still holds the pages as they were.
    private var hasShredded = false
    /// The log was there at the start, and may hold what an earlier process shredded.
    private var hasOldLog = false
    private var hasWritten = false

    /// How soon to try again when readers kept the log from being emptied.
    private static let retry = Duration.milliseconds(50)

    init(
        connection: Connection, lock: consuming LockFile, reserve: Reserve, queue: WriteQueue,
        chain: @escaping AuditChain
    ) throws(StoreError) {
        self.connection = connection
        self.lock = consume lock
        self.reserve = reserve
        self.queue = queue
        self.chain = chain
        head = AuditHead(try AuditQueries.head(connection))
    }

    /// Notes in what state the database was opened; before ``run()``.
    func found(oldLog: Bool, newSchema: Bool) {
        hasOldLog = oldLog
        hasWritten = newSchema
    }

    /// Works until the queue is closed and empty, then empties the log and lets go of the data directory.
    func run() {
        loop: while true {
            switch queue.waitForWork(until: hasShredded ? .now + Self.retry : nil) {
            case .work: writeGroup()
            case .closed: break loop
            case nil: break
            }
            if hasShredded, queue.count == 0 { eraseLog() }
        }
        if hasWritten {
            // A failure leaves the log as it is, to be recovered at the next start.
            _ = try? connection.checkpoint(waiting: ConnectionSettings.busyMilliseconds)
        }
        connection.close()
        lock = nil
    }

    private func writeGroup() {
        do throws(StoreError) {
            // Before taking anything: while another process holds the lock, items can still be withdrawn.
            try connection.run("BEGIN IMMEDIATE")
        } catch {
            // Nothing has been taken: what waits goes on waiting for the lock, until its own time is over.
            if error.isBusy { return }
            for item in queue.takeAll() { item.fail(error) }
            return
        }
        let items = queue.takeAll()
        if reserve.isSpent { reserve.restore() }
        do throws(StoreError) {
            // While the reserve is spent, what is left of it is for what ends something.
            if reserve.isSpent, !items.allSatisfy(\.isEnding) { throw .full }
            try write(items)
            for item in items { item.answer() }
        } catch {
            takeBack()
            if error == .full { writeEndings(of: items) } else { for item in items { item.fail(error) } }
        }
    }

    /// The disk is full: does what ends something out of the reserve, and nothing else.
    private func writeEndings(of items: [any PendingWrite]) {
        let endings = items.filter(\.isEnding)
        for item in items where !item.isEnding { item.fail(.full) }
        guard !endings.isEmpty else { return }
        do throws(StoreError) {
            guard reserve.isSpent && endings.count < items.count || reserve.giveUp() else { throw .full }
            try connection.run("BEGIN IMMEDIATE")
            try write(endings)
            for item in endings { item.answer() }
        } catch {
            takeBack()
            for item in endings { item.fail(error) }
        }
    }

    /// Runs items in the transaction that has begun, and commits it.
    private func write(_ items: [any PendingWrite]) throws(StoreError) {
        try head.begin(stored: try AuditQueries.head(connection))
        var hasShredded = false
        for item in items where try perform(item) { hasShredded = true }
        try commit()
        hasWritten = true
        if hasShredded || hasOldLog { self.hasShredded = true }
        hasOldLog = false
    }

    private func takeBack() {
        if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
    }

    /// Runs one item in its savepoint.
    ///
    /// - Returns: whether it shredded something.
    /// - Throws: when the whole transaction is lost.
    private func perform(_ item: any PendingWrite) throws(StoreError) -> Bool {
        let before = head.position
        try connection.run("SAVEPOINT item")
        let transaction = WriteTransaction(connection, head: head, chain: chain)
        connection.isBoundToTransaction = true
        let isKept = item.perform(in: transaction)
        connection.isBoundToTransaction = false
        transaction.end()
        guard connection.isInTransaction else {
            // SQLite gave the transaction up within the body, with everything its neighbours wrote.
            throw connection.lastFailure
        }
        if !isKept {
            try connection.run("ROLLBACK TO item")
            head.rewind(to: before)
        }
        try connection.run("RELEASE item")
        return isKept && transaction.hasShredded
    }

    private func commit() throws(StoreError) {
        do throws(StoreError) {
            try connection.run("COMMIT")
            head.commit()
        } catch {
            head.commitFailed()
            switch error {
            case .full: throw .full
            case .unavailable: throw error
            default: throw .unavailable(code: 0, detail: "the commit failed")
            }
        }
    }

    private func eraseLog() {
        if (try? connection.checkpoint(waiting: 0)) == true { hasShredded = false }
    }
}
