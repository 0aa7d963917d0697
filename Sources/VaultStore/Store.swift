import Migrations
import Synchronization

/// The hash of an entry of the audit log over the one before it; 32 bytes.
package typealias AuditChain = @Sendable (_ previous: [UInt8], _ entry: [UInt8]) throws -> [UInt8]

/// The vault's rows, sealed: it cannot decrypt any of them.
///
/// One database file, written by one thread of its own, read by any thread through read-only connections.
package final class Store: Sendable {
    /// By its real path.
    let databasePath: String
    private let queue = WriteQueue()
    private let readers: ReaderPool
    private let patience: Duration
    private let threads: Mutex<[WorkerThread]>

    /// Whether `directory` has a database with anything in it.
    package static func exists(in directory: String) -> Bool { DataDirectory.hasDatabase(in: directory) }

    /// Opens the database in `directory`, making both where they are missing (0700 and 0600), and brings it to
    /// the newest schema. Where nothing is written afterwards, a database that has it keeps every byte, also if its
    /// last process was killed.
    ///
    /// - Parameters:
    ///   - chain: computes the audit log's hashes; called on the writer's thread.
    ///   - patience: how long a write waits to be taken before it is withdrawn.
    /// - Throws: ``StoreError/locked(by:)`` while another process has it; ``StoreError/newerSchema(_:)``,
    ///   ``StoreError/changedMigration(_:)``, ``StoreError/corrupt(_:)``, ``StoreError/unavailable(code:detail:)``.
    package convenience init(
        directory: String, chain: @escaping AuditChain, patience: Duration = .seconds(2)
    ) throws(StoreError) {
        try self.init(directory: directory, chain: chain, patience: patience, migrations: Migration.all)
    }

    init(
        directory: String, chain: @escaping AuditChain, patience: Duration, migrations: [Migration]
    ) throws(StoreError) {
        let directory = try DataDirectory(directory)
        let lock = try LockFile(path: directory.lockPath)
        directory.removeLeftovers()
        try directory.makeDatabase()
        let connection = try Connection(path: directory.databasePath, access: .readWrite)
        let hasLog = directory.hasLog
        let hasMigrated = try Schema.bring(connection, to: migrations)
        let reserve = Reserve(path: directory.reservePath)
        let writer = try Writer(connection: connection, lock: lock, reserve: reserve, queue: queue, chain: chain)
        writer.found(oldLog: hasLog, newSchema: hasMigrated)
        self.patience = patience
        databasePath = directory.databasePath
        readers = ReaderPool(path: directory.databasePath)
        threads = Mutex([])

        let queue = queue
        let writing = try WorkerThread {
            writer.run()
            queue.finish()
        }
        threads.withLock { $0.append(writing) }
        let warding = try WorkerThread {
            while let overdue = queue.takeOverdue() {
                for item in overdue { item.fail(.withdrawn) }
            }
        }
        threads.withLock { $0.append(warding) }
    }

    deinit { close() }

    /// Runs `body` on the calling thread, on one state of the database from its first to its last query.
    ///
    /// The transaction is of no use after `body`. Not for use within the body of a write.
    package func read<T>(_ body: (ReadTransaction) throws(StoreError) -> T) throws(StoreError) -> T {
        let connection = try begin()
        let transaction = ReadTransaction(connection)
        defer { end(transaction, on: connection) }
        return try body(transaction)
    }

    /// The same for a body that also throws errors of its caller's.
    package func read<T>(_ body: (ReadTransaction) throws -> T) throws -> T {
        let connection = try begin()
        let transaction = ReadTransaction(connection)
        defer { end(transaction, on: connection) }
        return try body(transaction)
    }

    private func begin() throws(StoreError) -> Connection {
        let connection = try readers.take()
        try connection.run("BEGIN")
        return connection
    }

    private func end(_ transaction: ReadTransaction, on connection: Connection) {
        transaction.end()
        // Nothing was written, so nothing can be lost; the pool does not keep a connection that cannot end it.
        _ = try? connection.run("COMMIT")
        readers.giveBack(connection)
    }

    /// Runs `body` on the writer's thread, alone, and returns when what it wrote is durable.
    ///
    /// An error of `body` takes back what it wrote and nothing else, and is thrown as it is. Cancelling the
    /// task does not take back a write.
    ///
    /// - Parameter isEnding: whether it ends something, and is to be done also where the disk is full, out of what is
    ///   kept for that; then `body` may run twice.
    /// - Throws: what `body` throws; ``StoreError/withdrawn`` when it waited longer than the store's patience and
    ///   ``StoreError/closed`` when the store was closed, in both cases without having run;
    ///   ``StoreError/full``, ``StoreError/unavailable(code:detail:)`` when the commit failed, the latter with
    ///   unknown outcome; ``StoreError/auditDiverged``.
    package func write<T: Sendable>(
        isEnding: Bool = false, _ body: @escaping @Sendable (WriteTransaction) throws -> T
    ) async throws -> T {
        let deadline = MonotonicTime.now + patience
        return try await withCheckedThrowingContinuation { continuation in
            let item = PendingWriteOf(
                deadline: deadline, isEnding: isEnding, continuation: continuation, body: body)
            if !queue.push(item) { item.fail(.closed) }
        }
    }

    /// How many writes nobody has taken yet.
    package var waiting: Int { queue.count }

    /// How many connections read now, and how many are kept open for the next to read.
    package var readerLoad: (lent: Int, idle: Int) { readers.load }

    /// Writes what still waits, empties the log into the database, and lets go of the data directory. Blocks
    /// until that is done, unless it is called by the body of a write; a second call does nothing.
    package func close() {
        readers.close()
        queue.close()
        let ending = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        // The last reference may go on one of them, which cannot wait for its own end.
        let isOneOfThem = ending.contains { $0.isCurrent }
        for thread in ending { isOneOfThem ? thread.detach() : thread.join() }
    }
}
