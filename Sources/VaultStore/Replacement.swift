#if canImport(Glibc)
import Glibc
#endif

/// A folder in a data directory in which a database is looked at, and from which it is put in place.
///
/// Goes with what is left in it when this goes.
package struct Replacement: ~Copyable {
    /// The folder, 0700: a data directory of its own.
    package let stage: String
    /// Where the database lies in it.
    package var staged: String { "\(stage)/\(DataDirectory.databaseName)" }
    private let directory: DataDirectory
    private let lock: LockFile?
    private let wasMade: Bool

    /// - Parameter isExclusive: whether it is to be put in place, so that nobody may have the data directory open.
    /// - Throws: ``StoreError/locked(by:)``.
    package init(in path: String, isExclusive: Bool) throws(StoreError) {
        let wasMade = unsafe access(path, F_OK) != 0
        let directory = try DataDirectory(path)
        let lock: LockFile?
        if isExclusive {
            lock = try LockFile(path: directory.lockPath)
            directory.removeLeftovers()
        } else {
            lock = nil
        }
        var template = Array("\(directory.path)/\(DataDirectory.stagePrefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw .file("make a folder in the data directory") }
        stage = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.directory = directory
        self.lock = lock
        self.wasMade = wasMade
    }

    /// Makes the staged database the vault's, in one step: whoever looks finds the old one or the new one, whole.
    ///
    /// The old one is kept: its files get a second name in a folder of the data directory before the first is taken.
    /// What its log holds is moved into it before that, unless it is damaged so that SQLite cannot open it: then the log
    /// lies beside it in that folder.
    ///
    /// - Returns: that folder, where there was a database.
    /// - Throws: ``StoreError/locked(by:)`` while somebody reads the old one, ``StoreError/full`` where its log finds no
    ///   room in it, and whatever else keeps its log from being moved, in all of which cases nothing was changed; when
    ///   nothing was put in place, or that cannot be told for sure.
    package func putInPlace() throws(StoreError) -> String? {
        guard lock != nil else { throw .unavailable(code: 0, detail: "cannot replace a database without its lock") }
        guard !DataDirectory.hasLog(of: staged), Self.synchronize(file: staged) else {
            throw .file("make the database durable")
        }
        try emptyOldLog()
        let aside = try keepOld()
        // Without a log of its own an old database is whole; a log or a journal beside a new one would be taken for its own.
        for suffix in ["-wal", "-shm", "-journal"] {
            guard unsafe unlink(directory.databasePath + suffix) == 0 || errno == ENOENT else {
                throw .file("take the old log away")
            }
        }
        guard DataDirectory.synchronize(directory.path) else { throw .file("make the data directory durable") }
        guard unsafe rename(staged, directory.databasePath) == 0 else { throw .file("put the database in place") }
        guard DataDirectory.synchronize(directory.path) else { throw .file("make the data directory durable") }
        return aside
    }

    /// Makes the old database whole without its log, which is about to be taken away before the new one is in place: were
    /// that the last that happens, it would be without its newest commits.
    private func emptyOldLog() throws(StoreError) {
        guard DataDirectory.hasDatabase(in: directory.path), directory.hasLog || directory.hasJournal else { return }
        let isEmpty: Bool
        do {
            let connection = try Connection(path: directory.databasePath, access: .readWrite)
            defer { connection.close() }
            isEmpty = try connection.checkpoint(waiting: 0)
        } catch {
            // No more can be done for what nobody can read any more.
            if case .corrupt = error { return }
            throw error
        }
        guard isEmpty, !directory.hasLog, !directory.hasJournal else {
            throw .locked(by: "somebody who reads its database")
        }
    }

    private func keepOld() throws(StoreError) -> String? {
        guard DataDirectory.hasDatabase(in: directory.path) else { return nil }
        var template = Array("\(directory.path)/replaced-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw .file("make a folder for the old database") }
        let aside = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for suffix in ["", "-wal", "-journal"] {
            let name = DataDirectory.databaseName + suffix
            guard unsafe link("\(directory.path)/\(name)", "\(aside)/\(name)") == 0 || errno == ENOENT else {
                throw .file("keep the old database")
            }
        }
        guard DataDirectory.synchronize(aside), DataDirectory.synchronize(directory.path) else {
            throw .file("keep the old database")
        }
        return aside
    }

    private static func synchronize(file path: String) -> Bool {
        let file = unsafe open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return false }
        defer { close(file) }
        return fsync(file) == 0
    }

    deinit {
        DataDirectory.remove(stage)
        // A directory that was made for looking alone goes too, unless something else is in it by now.
        if wasMade, lock == nil { unsafe rmdir(directory.path) }
    }
}

extension Store {
    /// Whether SQLite finds the database in `directory`, which nobody has open, well: its pages, its rows, its references.
    ///
    /// Blocks for as long as it takes to read all of it.
    package static func isWell(directory: String) throws(StoreError) -> Bool {
        let path = try DataDirectory.realPath(directory) + "/" + DataDirectory.databaseName
        let connection = try Connection(path: path, access: .atRest)
        defer { connection.close() }
        guard try connection.ask("PRAGMA integrity_check(1)") == "ok" else { return false }
        return try connection.ask("PRAGMA foreign_key_check") == nil
    }

    /// How many steps of the schema a database has.
    package static func schemaVersion(in transaction: ReadTransaction) throws(StoreError) -> Int {
        try transaction.connection.first("SELECT max(version) FROM migrations", []) { $0.int() } ?? 0
    }
}
