import CSQLite

/// One connection to the database file: the owner of its handle and of its prepared statements.
@safe
final class Connection: @unchecked Sendable {
    // Unchecked: opened without SQLite's own mutex and used by one thread at a time, which is the writer's
    // thread or the one that took it out of the ``ReaderPool``; that pool's lock orders the hand-overs.
    private let handle: OpaquePointer
    private var statements: [StatementText: Statement] = [:]
    private var isClosed = false

    /// Opens `path` and sets it up, asking SQLite back for every setting.
    ///
    /// - Parameter path: an absolute path without symbolic links, of a file that exists.
    init(path: String, access: ConnectionSettings.Access) throws(StoreError) {
        guard sqlite3_threadsafe() != 0 else {
            throw .unavailable(code: 0, detail: "SQLite was built without threads")
        }
        let mode = [.readWrite, .inMemory].contains(access) ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY
        let address = access == .atRest ? "file:\(Self.escaped(path))?immutable=1" : path
        let flags =
            mode | (access == .atRest ? SQLITE_OPEN_URI : 0) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
            | SQLITE_OPEN_NOFOLLOW
        var opened: OpaquePointer?
        let code = unsafe sqlite3_open_v2(address, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            // SQLite gives a handle also where opening failed.
            unsafe sqlite3_close_v2(opened)
            throw StoreError(sqlite: code)
        }
        unsafe handle = opened
        try configure(for: access)
    }

    /// A path as it stands in a URI (sqlite.org/uri.html): what is not plain as `%XX`.
    private static func escaped(_ path: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = path.utf8.flatMap { byte -> [UInt8] in
            let isPlain = byte > 0x20 && byte < 0x7F && !"%?#".utf8.contains(byte)
            return isPlain ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    deinit { close() }

    /// Frees the handle; nothing may be asked of the connection afterwards.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// Whether a transaction is open on it; SQLite ends one by itself after some errors.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// Whether every statement belongs to the transaction that has begun: none runs by itself once SQLite has given that up.
    var isBoundToTransaction = false

    /// Why SQLite gave up a transaction by itself, as far as the last call tells.
    var lastFailure: StoreError {
        let code = unsafe sqlite3_extended_errcode(handle)
        switch code & 0xFF {
        case SQLITE_FULL, SQLITE_CORRUPT, SQLITE_IOERR, SQLITE_NOMEM: return StoreError(sqlite: code)
        default: return .unavailable(code: Int(code), detail: "the transaction was rolled back")
        }
    }

    /// Runs one statement to its end and returns how many rows it inserted, changed or deleted.
    @discardableResult
    func run(_ sql: String, _ values: [Value] = []) throws(StoreError) -> Int {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        while try statement.step() {}
        return Int(unsafe sqlite3_changes64(handle))
    }

    /// All rows of a query. `decode` must not use the connection.
    func rows<T>(_ sql: String, _ values: [Value] = [], _ decode: (inout Row) -> T) throws(StoreError) -> [T] {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        var rows: [T] = []
        while try statement.step() {
            var row = statement.row
            rows.append(decode(&row))
        }
        return rows
    }

    /// The first row of a query, or `nil`. `decode` must not use the connection.
    func first<T>(_ sql: String, _ values: [Value] = [], _ decode: (inout Row) -> T) throws(StoreError) -> T? {
        let statement = try statement(sql)
        defer { statement.reset() }
        try statement.bind(values)
        guard try statement.step() else { return nil }
        var row = statement.row
        return decode(&row)
    }

    /// Runs many statements, without parameters and without keeping them.
    func script(_ sql: String) throws(StoreError) {
        let code = unsafe sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw StoreError(sqlite: code) }
    }

    /// Moves the whole log into the database file and empties it, so that nothing overwritten stays in it.
    ///
    /// - Parameter waiting: how long to wait for readers of older states, in milliseconds.
    /// - Returns: `false` when readers were in the way.
    func checkpoint(waiting: Int) throws(StoreError) -> Bool {
        unsafe sqlite3_busy_timeout(handle, Int32(waiting))
        defer { unsafe sqlite3_busy_timeout(handle, Int32(ConnectionSettings.busyMilliseconds)) }
        let code = unsafe sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        if code & 0xFF == SQLITE_BUSY { return false }
        guard code == SQLITE_OK else { throw StoreError(sqlite: code) }
        return true
    }

    private func statement(_ sql: String) throws(StoreError) -> Statement {
        guard !isBoundToTransaction || isInTransaction else { throw lastFailure }
        if let known = statements[StatementText(sql: sql)] { return known }
        let statement = unsafe try Statement(sql, on: handle, isKept: true)
        statements[StatementText(sql: sql)] = statement
        return statement
    }

    private func configure(for access: ConnectionSettings.Access) throws(StoreError) {
        for wanted in ConnectionSettings.switches {
            var now: Int32 = -1
            let code = unsafe keystow_sqlite_switch(handle, wanted.option, wanted.isOn ? 1 : 0, &now)
            guard code == SQLITE_OK, now == (wanted.isOn ? 1 : 0) else { throw .refused(setting: wanted.name) }
        }
        for pragma in ConnectionSettings.pragmas(for: access) {
            _ = try ask("PRAGMA \(pragma.name) = \(pragma.set)")
            // A build without memory maps answers nothing when asked for their size.
            let answer = try ask("PRAGMA \(pragma.name)") ?? (pragma.name == "mmap_size" ? "0" : "")
            guard answer == pragma.expected else { throw .refused(setting: pragma.name) }
        }
    }

    /// The first column of the first row, as text, by a statement that is not kept.
    func ask(_ sql: String) throws(StoreError) -> String? {
        let statement = unsafe try Statement(sql, on: handle, isKept: false)
        guard try statement.step() else { return nil }
        var row = statement.row
        let answer = row.optionalText()
        while try statement.step() {}
        return answer
    }
}

/// The text of a statement as the key it is kept under: its length is hash enough for a few dozen of them.
private struct StatementText: Hashable {
    let sql: String

    func hash(into hasher: inout Hasher) { hasher.combine(sql.utf8.count) }
}

extension StoreError {
    fileprivate static func refused(setting: String) -> StoreError {
        .unavailable(code: 0, detail: "SQLite did not take the setting: \(setting)")
    }
}
