import CSQLite
import Glibc
import Testing
import VaultModel

@testable import VaultStore

/// What is done to a data directory before another database is put in it.
struct ReplacementTests {
    /// The files of a vault whose process was killed: a project of its last commits is in the log alone.
    private func killed() async throws -> (directory: TemporaryDirectory, project: ProjectRecord) {
        let (furnished, directory) = (try await Furnished(), try TemporaryDirectory())
        mkdir(directory.data, 0o700)
        for suffix in ["", "-wal"] {
            try fill(directory.database + suffix, with: contents(of: furnished.directory.database + suffix))
        }
        furnished.store.close()
        return (directory, furnished.project)
    }

    private func fill(_ path: String, with bytes: [UInt8]) throws {
        let file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        defer { close(file) }
        try #require(file >= 0 && write(file, bytes, bytes.count) == bytes.count)
    }

    /// The bytes of another vault's database, at rest.
    private func successor() throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        try openStore(in: directory).close()
        return contents(of: directory.database)
    }

    private func names(_ directory: TemporaryDirectory) -> [String] {
        guard let stream = opendir(directory.data) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }

    private func projects(in path: String, access: ConnectionSettings.Access = .readOnly) throws -> Int {
        let connection = try Connection(path: path, access: access)
        defer { connection.close() }
        return try connection.first("SELECT count(*) FROM projects", []) { $0.int() } ?? 0
    }

    @Test func `while somebody reads the old database nothing is put in its place, and it keeps its log`() async throws
    {
        let directory = try await killed().directory
        let replacement = try Replacement(in: directory.data, isExclusive: true)
        try fill(replacement.staged, with: successor())
        let before = ["", "-wal"].map { contents(of: directory.database + $0) }
        #expect(before.allSatisfy { !$0.isEmpty })

        let reader = try Connection(path: directory.database, access: .readOnly)
        try reader.run("BEGIN")
        #expect(try reader.first("SELECT count(*) FROM projects", []) { $0.int() } == 1)
        #expect(throws: StoreError.locked(by: "somebody who reads its database")) { try replacement.putInPlace() }
        #expect(contents(of: directory.database + "-wal") == before[1])
        #expect(!names(directory).contains { $0.hasPrefix("replaced-") })
        #expect(try projects(in: directory.database) == 1)

        try reader.run("COMMIT")
        reader.close()
        let aside = try #require(try replacement.putInPlace())
        #expect(try projects(in: directory.database) == 0)
        // Whole by itself, with what was in the log alone.
        #expect(contents(of: aside + "/vault.db-wal").isEmpty)
        #expect(try projects(in: aside + "/vault.db") == 1)
        DataDirectory.remove(aside)
    }

    @Test func `an old database that nobody can open any more is put aside with its log`() async throws {
        let directory = try await killed().directory
        var bytes = contents(of: directory.database)
        let log = contents(of: directory.database + "-wal")
        bytes.replaceSubrange(0..<100, with: [UInt8](repeating: 0x41, count: 100))
        try fill(directory.database, with: bytes)
        // What the log has of the first page would heal it.
        try fill(directory.database + "-wal", with: log.prefix(32) + [UInt8](repeating: 0x41, count: 4120))
        let replacement = try Replacement(in: directory.data, isExclusive: true)
        try fill(replacement.staged, with: successor())
        let aside = try #require(try replacement.putInPlace())
        #expect(try projects(in: directory.database) == 0)
        #expect(contents(of: aside + "/vault.db") == bytes)
        #expect(contents(of: aside + "/vault.db-wal").count == 4152)
        DataDirectory.remove(aside)
    }

    /// What a transaction leaves that was killed: its database, and the journal that takes it back.
    private func interrupted() throws -> (database: [UInt8], journal: [UInt8]) {
        let directory = try TemporaryDirectory()
        mkdir(directory.data, 0o700)
        var opened: OpaquePointer?
        #expect(
            sqlite3_open_v2(directory.database, &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nil) == SQLITE_OK)
        defer { sqlite3_close_v2(opened) }
        // Not synced, what is written into the journal counts at once.
        let sql = "PRAGMA synchronous = OFF; CREATE TABLE t (x); INSERT INTO t VALUES (1); BEGIN; UPDATE t SET x = 2"
        #expect(sqlite3_exec(opened, sql, nil, nil, nil) == SQLITE_OK)
        let journal = contents(of: directory.database + "-journal")
        try #require(!journal.isEmpty)
        return (contents(of: directory.database), journal)
    }

    @Test(arguments: [false, true])
    func `an old journal is not taken for that of the database that is put in place`(hasDatabase: Bool) throws {
        let (old, new, directory) = (try interrupted(), try successor(), try TemporaryDirectory())
        mkdir(directory.data, 0o700)
        // Beside it, it would be the end of it.
        try fill(directory.database, with: new)
        try fill(directory.database + "-journal", with: old.journal)
        _ = try? projects(in: directory.database, access: .readWrite)
        #expect(throws: (any Error).self) { try projects(in: directory.database) }

        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(directory.database + suffix) }
        if hasDatabase { try fill(directory.database, with: old.database) }
        try fill(directory.database + "-journal", with: old.journal)
        let replacement = try Replacement(in: directory.data, isExclusive: true)
        try fill(replacement.staged, with: new)
        let aside = try replacement.putInPlace()
        #expect(try projects(in: directory.database, access: .readWrite) == 0)
        #expect((aside != nil) == hasDatabase)
        guard let aside else { return }
        let connection = try Connection(path: aside + "/vault.db", access: .readOnly)
        #expect(try connection.first("SELECT x FROM t", []) { $0.int() } == 1)
        connection.close()
        DataDirectory.remove(aside)
    }

    @Test func `what a restore left goes with the next start, and nothing that a link of its name leads to`() throws {
        let (directory, elsewhere) = (try TemporaryDirectory(), try TemporaryDirectory())
        mkdir(directory.data, 0o700)
        mkdir(elsewhere.data, 0o700)
        let (left, link) = (directory.data + "/vault.stage-left", directory.data + "/vault.stage-link")
        mkdir(left, 0o700)
        for folder in [left, elsewhere.data] { try fill(folder + "/vault.db", with: [1, 2, 3]) }
        #expect(symlink(elsewhere.data, link) == 0)
        defer { unlink(link) }
        try openStore(in: directory).close()
        #expect(access(left, F_OK) != 0)
        #expect(contents(of: elsewhere.database) == [1, 2, 3])
    }
}
