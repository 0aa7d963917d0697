import CSQLite

#if canImport(Glibc)
import Glibc
#endif

/// What can go wrong in the store. Holds names of tables and columns and SQLite's own texts, never a value.
package enum StoreError: Error, Sendable, Equatable {
    /// Another process has the data directory; `by` names it.
    case locked(by: String)
    /// The database was made by a newer program, with that many migrations.
    case newerSchema(Int)
    /// The text of this migration is not the one that was applied.
    case changedMigration(String)
    /// The file is not a database, or a damaged one.
    case corrupt(String)
    /// No space left; the transaction did not happen.
    case full
    /// A uniqueness, reference or check of the schema was violated; names the table and its columns.
    case constraint(String)
    /// The database cannot be reached or written. When it comes from a write, the outcome is unknown.
    case unavailable(code: Int, detail: String)
    /// The write waited longer than the store's patience and was taken back; nothing happened.
    case withdrawn
    /// The end of the audit log is not where this process left it; nothing is written any more.
    case auditDiverged
    /// The store was closed; nothing happened.
    case closed
}

extension StoreError {
    /// The error for an extended result code of SQLite.
    ///
    /// - Parameters:
    ///   - violation: SQLite's message, which for a violated constraint holds names of the schema alone. It is not
    ///     used for any other code.
    ///   - errno: what the operating system said last: a quota that is used up is for SQLite an error like any other.
    init(sqlite code: Int32, violation: @autoclosure () -> String = "", errno: @autoclosure () -> Int32 = 0) {
        switch code & 0xFF {
        case SQLITE_FULL: self = .full
        case SQLITE_IOERR where code == Self.ioErrorOfWrite && errno() == EDQUOT: self = .full
        case SQLITE_CONSTRAINT: self = .constraint(violation())
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt(Self.text(of: code))
        default: self = .unavailable(code: Int(code), detail: Self.text(of: code))
        }
    }

    /// SQLITE_IOERR_WRITE, whose macro is not imported.
    private static let ioErrorOfWrite = SQLITE_IOERR | 3 << 8

    /// Whether another connection had the lock for longer than a statement waits for it.
    var isBusy: Bool {
        guard case .unavailable(let code, _) = self else { return false }
        return code & 0xFF == Int(SQLITE_BUSY)
    }

    private static func text(of code: Int32) -> String {
        guard let text = unsafe sqlite3_errstr(code) else { return "" }
        return unsafe String(cString: text)
    }
}
