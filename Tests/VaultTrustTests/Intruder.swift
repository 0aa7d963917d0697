import CSQLite
import VaultModel
import VaultTestKit

/// Whoever can write the database: a second connection to it, with no rule of ours on it.
///
/// Never checkpoints, so that it may be open beside a running vault.
final class Intruder {
    /// A value of a row, as SQLite holds it.
    enum Cell: Equatable {
        case null
        case integer(Int64)
        case text([UInt8])
        case blob([UInt8])
    }

    /// Rows that were copied, to be put back later.
    struct Copy {
        let table: String
        let columns: [String]
        var rows: [[Cell]]
    }

    private let database: OpaquePointer

    convenience init(_ vault: RunningVault) throws {
        try self.init(path: vault.directory.path + "/data/vault.db")
    }

    init(path: String) throws {
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE, nil)
        guard code == SQLITE_OK, let opened else { throw TestKitFailure("cannot open the database: \(code)") }
        database = opened
        sqlite3_busy_timeout(database, 30_000)
        var now: Int32 = 0
        _ = keystow_sqlite_switch(database, Int32(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE), 1, &now)
        try run("PRAGMA wal_autocheckpoint = 0")
        try run("PRAGMA foreign_keys = OFF")
        try run("PRAGMA ignore_check_constraints = OFF")
    }

    deinit { sqlite3_close_v2(database) }

    /// Runs one statement; returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ cells: [Cell] = []) throws -> Int {
        _ = try rows(sql, cells)
        return Int(sqlite3_changes(database))
    }

    /// The same, for a statement that must change something.
    func change(_ sql: String, _ cells: [Cell] = []) throws {
        guard try run(sql, cells) > 0 else { throw TestKitFailure("changed nothing: \(sql)") }
    }

    func rows(_ sql: String, _ cells: [Cell] = []) throws -> [[Cell]] {
        try ask(sql, cells).rows
    }

    /// Every row of every table but those of `tables`, in their order; without when a token was last used, which is written
    /// down some time after it was.
    func everything(but tables: Set<String> = []) throws -> [String: [[Cell]]] {
        let names = try rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        var whole: [String: [[Cell]]] = [:]
        for case .text(let name) in names.joined() {
            let table = String(decoding: name, as: UTF8.self)
            guard !tables.contains(table) else { continue }
            let columns = try ask("SELECT * FROM \(table) LIMIT 0", []).columns
            let kept = columns.filter { table != "tokens" || $0 != "last_used_at" }.joined(separator: ", ")
            whole[table] = try rows("SELECT \(kept) FROM \(table) ORDER BY rowid")
        }
        return whole
    }

    /// Copies what a query finds.
    func copy(_ table: String, where condition: String, _ cells: [Cell] = []) throws -> Copy {
        let (columns, rows) = try ask("SELECT * FROM \(table) WHERE \(condition)", cells)
        guard !rows.isEmpty else { throw TestKitFailure("nothing to copy in \(table)") }
        return Copy(table: table, columns: columns, rows: rows)
    }

    /// Puts rows back as they were, over those that are there now.
    func putBack(_ copy: Copy) throws {
        let places = copy.columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        for row in copy.rows {
            try run(
                "INSERT OR REPLACE INTO \(copy.table) (\(copy.columns.joined(separator: ", "))) VALUES (\(places))", row
            )
        }
    }

    private func ask(_ sql: String, _ cells: [Cell]) throws -> (columns: [String], rows: [[Cell]]) {
        var prepared: OpaquePointer?
        guard sqlite3_prepare_v2(database, sql, -1, &prepared, nil) == SQLITE_OK, let statement = prepared else {
            throw TestKitFailure("\(String(cString: sqlite3_errmsg(database))): \(sql)")
        }
        defer { sqlite3_finalize(statement) }
        for (index, cell) in cells.enumerated() {
            let place = Int32(index + 1)
            switch cell {
            case .null: sqlite3_bind_null(statement, place)
            case .integer(let value): sqlite3_bind_int64(statement, place, value)
            case .text(let bytes): _ = keystow_sqlite_bind_text(statement, place, bytes, Int32(bytes.count))
            case .blob(let bytes): _ = keystow_sqlite_bind_blob(statement, place, bytes, Int32(bytes.count))
            }
        }
        let columns = (0..<sqlite3_column_count(statement)).map { String(cString: sqlite3_column_name(statement, $0)) }
        var rows: [[Cell]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW: rows.append((0..<sqlite3_column_count(statement)).map { Self.cell(statement, $0) })
            case SQLITE_DONE: return (columns, rows)
            default: throw TestKitFailure("\(String(cString: sqlite3_errmsg(database))): \(sql)")
            }
        }
    }

    private static func cell(_ statement: OpaquePointer, _ column: Int32) -> Cell {
        let bytes = { () -> [UInt8] in
            guard let start = sqlite3_column_blob(statement, column) else { return [] }
            return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
        }
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_TEXT: return .text(bytes())
        case SQLITE_BLOB: return .blob(bytes())
        default: return .null
        }
    }
}

extension Intruder.Copy {
    /// The same rows with one column changed.
    func with(_ column: String, _ cell: Intruder.Cell) -> Intruder.Copy {
        var copy = self
        guard let index = columns.firstIndex(of: column) else { return copy }
        for row in copy.rows.indices { copy.rows[row][index] = cell }
        return copy
    }
}

extension Intruder.Cell {
    /// The bytes of an id that the API printed.
    static func id(_ text: String) -> Intruder.Cell {
        if let id = KeyID(text) { return .blob(id.bytes) }
        if let id = TokenID(text) { return .blob(id.bytes) }
        if let id = ConnectSessionID(text) { return .blob(id.bytes) }
        if let id = ProjectID(text) { return .blob(id.bytes) }
        if let id = RevocationID(text) { return .blob(id.bytes) }
        if let id = RequestID(text) { return .blob(id.bytes) }
        return .null
    }

    static func string(_ text: String) -> Intruder.Cell { .text(Array(text.utf8)) }
}
