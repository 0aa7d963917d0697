#if canImport(Glibc)
import Glibc
#endif

extension Store {
    /// Looks at one state of a database, whether a server has it open or not, without writing a byte of it.
    ///
    /// A server that starts meanwhile waits, so `body` is to be short.
    ///
    /// - Returns: `nil` where there is no database in `directory`.
    /// - Throws: what `body` throws.
    package static func inspect<T>(directory: String, _ body: (ReadTransaction) throws -> T) throws -> T? {
        guard exists(in: directory) else { return nil }
        guard let real = unsafe realpath(directory, nil) else { throw StoreError.file("find the data directory") }
        let path = unsafe String(cString: real)
        unsafe free(real)
        let lock = unsafe open(path + "/" + DataDirectory.lockName, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        defer { if lock >= 0 { Glibc.close(lock) } }
        // Without a log and without a server nothing changes, as long as no server can start.
        let database = path + "/" + DataDirectory.databaseName
        let isAtRest = (lock < 0 || flock(lock, LOCK_SH | LOCK_NB) == 0) && !DataDirectory.hasLog(of: database)
        let connection = try Connection(path: database, access: isAtRest ? .atRest : .readOnly)
        try connection.run("BEGIN")
        let transaction = ReadTransaction(connection)
        defer { transaction.end() }
        return try body(transaction)
    }

    /// Whether a database has a table of that name; older schemas have fewer.
    package static func hasTable(_ name: String, in transaction: ReadTransaction) throws(StoreError) -> Bool {
        try transaction.connection.first("SELECT 1 FROM sqlite_schema WHERE name = $1", [.text(name)]) {
            $0.int()
        } != nil
    }
}
