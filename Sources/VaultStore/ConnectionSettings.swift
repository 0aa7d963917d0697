import CSQLite

/// How every connection is set up, and how it is told whether SQLite obeyed.
///
/// All that is SQLite's own and no other database's is in this file and in ``Connection``.
enum ConnectionSettings {
    enum Access {
        case readWrite, readOnly
        /// Reads a file that nobody writes and whose log is empty, and makes no file beside it.
        case atRest
        /// Reads, and copies what it reads into another file.
        case copying
        /// A database of its own that is nowhere.
        case inMemory
    }

    /// How long a statement waits for another connection's lock, in milliseconds.
    static let busyMilliseconds = 5000
    /// The page cache of one connection, in KiB.
    static let cacheKibibytes = 8000
    /// A commit that leaves more pages than this in the log moves them into the database.
    static let autocheckpointPages = 1000

    struct Pragma {
        let name: String
        let set: String
        /// What SQLite answers when asked for it, as text.
        let expected: String
    }

    static func pragmas(for access: Access) -> [Pragma] {
        var pragmas = [
            Pragma(name: "busy_timeout", set: "\(busyMilliseconds)", expected: "\(busyMilliseconds)"),
            Pragma(name: "journal_mode", set: "WAL", expected: "wal"),
            Pragma(name: "synchronous", set: "FULL", expected: "2"),
            Pragma(name: "foreign_keys", set: "ON", expected: "1"),
            Pragma(name: "trusted_schema", set: "OFF", expected: "0"),
            Pragma(name: "cell_size_check", set: "ON", expected: "1"),
            Pragma(name: "secure_delete", set: "ON", expected: "1"),
            Pragma(name: "temp_store", set: "MEMORY", expected: "2"),
            Pragma(name: "mmap_size", set: "0", expected: "0"),
            Pragma(name: "cache_size", set: "-\(cacheKibibytes)", expected: "-\(cacheKibibytes)"),
        ]
        switch access {
        case .readWrite:
            let pages = "\(autocheckpointPages)"
            pragmas.append(Pragma(name: "wal_autocheckpoint", set: pages, expected: pages))
        case .inMemory:
            pragmas.removeAll { ["journal_mode", "mmap_size"].contains($0.name) }
        case .copying:
            // SQLite would take `query_only` for the copy too; the database itself is opened read-only.
            break
        case .atRest:
            // There is no log, so SQLite knows of no journal mode either.
            pragmas.removeAll { $0.name == "journal_mode" }
            fallthrough
        case .readOnly:
            pragmas.append(Pragma(name: "query_only", set: "ON", expected: "1"))
        }
        return pragmas
    }

    struct Switch {
        let name: String
        let option: Int32
        let isOn: Bool
    }

    static var switches: [Switch] {
        [
            Switch(name: "defensive", option: SQLITE_DBCONFIG_DEFENSIVE, isOn: true),
            Switch(name: "trusted_schema", option: SQLITE_DBCONFIG_TRUSTED_SCHEMA, isOn: false),
            Switch(name: "triggers", option: SQLITE_DBCONFIG_ENABLE_TRIGGER, isOn: false),
            Switch(name: "views", option: SQLITE_DBCONFIG_ENABLE_VIEW, isOn: false),
            Switch(name: "double-quoted strings", option: SQLITE_DBCONFIG_DQS_DML, isOn: false),
            Switch(name: "double-quoted strings in the schema", option: SQLITE_DBCONFIG_DQS_DDL, isOn: false),
            // Only the writer moves the log into the database, and says itself when; SQLite would otherwise do it
            // for whichever connection closes last, also where nothing was to be written.
            Switch(name: "no checkpoint on close", option: SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, isOn: true),
        ]
    }
}
