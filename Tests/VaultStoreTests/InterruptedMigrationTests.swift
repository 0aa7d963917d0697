import CSQLite
import Glibc
import Migrations
import Testing

@testable import VaultStore

/// A step of the schema that does not get to its end, at each of its statements.
struct InterruptedMigrationTests {
    private func open(_ directory: TemporaryDirectory, _ migrations: [Migration]) throws -> Store {
        try Store(directory: directory.data, chain: testChain, patience: .seconds(600), migrations: migrations)
    }

    private func statements(of sql: String) -> [String] {
        var (statements, piece) = ([String](), "")
        for character in sql {
            piece.append(character)
            if character == ";", sqlite3_complete(piece) == 1 {
                statements.append(piece)
                piece = ""
            }
        }
        return statements
    }

    /// A database with the first steps alone.
    private func database(with steps: Int) throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        if steps == 0 {
            #expect(mkdir(directory.data, 0o700) == 0)
        } else {
            try open(directory, Array(Migration.all.prefix(steps))).close()
        }
        return directory
    }

    private func schema(of directory: TemporaryDirectory) throws -> [String] {
        let connection = try Connection(path: directory.database, access: .readOnly)
        return try connection.rows("SELECT name || coalesce(sql, '') FROM sqlite_schema ORDER BY name") { $0.text() }
    }

    /// Opened with all steps it is as if nothing had happened, and a program without the last step leaves it alone.
    private func expectWhole(_ directory: TemporaryDirectory, _ whole: [String]) throws {
        try open(directory, Migration.all).close()
        #expect(try schema(of: directory) == whole)
        let before = contents(of: directory.database)
        #expect(throws: StoreError.newerSchema(Migration.all.count)) {
            try open(directory, Migration.all.dropLast())
        }
        #expect(contents(of: directory.database) == before)
    }

    @Test func `S18 a step that fails at any statement is as if it had not begun, and another start completes it`()
        throws
    {
        let whole = try schema(of: { try database(with: Migration.all.count) }())
        var count = 0
        for (steps, migration) in Migration.all.enumerated() {
            let statements = statements(of: migration.sql)
            #expect(statements.joined().utf8.elementsEqual(migration.sql.utf8.prefix(statements.joined().utf8.count)))
            for done in 0...statements.count {
                let directory = try database(with: steps)
                let cut = statements.prefix(done).joined() + "INSERT INTO nowhere VALUES (1);"
                let before = steps > 0 ? try schema(of: directory) : []
                #expect(throws: StoreError.self) {
                    try open(
                        directory, Array(Migration.all.prefix(steps)) + [Migration(name: migration.name, sql: cut)])
                }
                if steps > 0 { #expect(try schema(of: directory) == before, "\(migration.name) \(done)") }
                try expectWhole(directory, whole)
                count += 1
            }
        }
        // Each statement of each step, and its end.
        #expect(count >= 30)
    }

    /// The files as they lie there, or with another log, and nobody who could say more.
    private func left(by directory: TemporaryDirectory, log: [UInt8]? = nil) throws -> TemporaryDirectory {
        let left = try TemporaryDirectory()
        #expect(mkdir(left.data, 0o700) == 0)
        for (path, bytes) in [
            (left.database, contents(of: directory.database)),
            (left.database + "-wal", log ?? contents(of: directory.database + "-wal")),
        ] {
            let file = Glibc.open(path, O_WRONLY | O_CREAT, 0o600)
            #expect(write(file, bytes, bytes.count) == bytes.count)
            close(file)
        }
        return left
    }

    /// A connection that writes into the log what it changes as soon as it can, not with the commit alone.
    private func hasty(_ directory: TemporaryDirectory) throws -> Connection {
        let connection = try Connection(path: directory.database, access: .readWrite)
        try connection.script("PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
        return connection
    }

    /// The bytes of a log's head, and of each page in it with its own head (sqlite.org/fileformat2.html).
    private static let (logHead, frame) = (32, 4096 + 24)

    @Test func `S18 after a kill at any statement of a step another start completes it`() throws {
        let whole = try schema(of: { try database(with: Migration.all.count) }())
        for (steps, migration) in Migration.all.enumerated() where steps > 0 {
            let statements = statements(of: migration.sql)
            var written = 0
            for done in 0...statements.count {
                let directory = try database(with: steps)
                let connection = try hasty(directory)
                try connection.run("BEGIN IMMEDIATE")
                for statement in statements.prefix(done) { try connection.script(statement) }
                if !contents(of: directory.database + "-wal").isEmpty { written += 1 }
                try expectWhole(left(by: directory), whole)
                try connection.run("ROLLBACK")
                connection.close()
            }
            // There was something to take back.
            #expect(written > 0, "\(migration.name)")
        }
    }

    @Test func `S18 after a kill at any write of a step's commit another start completes it`() throws {
        let whole = try schema(of: { try database(with: Migration.all.count) }())
        for (steps, migration) in Migration.all.enumerated() where steps > 0 {
            let directory = try database(with: steps)
            let before = try schema(of: directory)
            let connection = try Connection(path: directory.database, access: .readWrite)
            try connection.run("BEGIN IMMEDIATE")
            try connection.script(migration.sql)
            try connection.run(
                "INSERT INTO migrations (version, name, sql) VALUES ($1, $2, $3)",
                [.int(steps + 1), .text(migration.name), .text(migration.sql)])
            try connection.run("COMMIT")
            let log = contents(of: directory.database + "-wal")
            let pages = (log.count - Self.logHead) / Self.frame
            #expect(pages > 2 && log.count == Self.logHead + pages * Self.frame, "\(migration.name)")
            for page in 0...pages {
                for torn in page > 0 ? [0, 1000] : [0] {
                    let cut = Array(log.prefix(Self.logHead + page * Self.frame - torn))
                    let left = try left(by: directory, log: cut)
                    // With the last byte the step is done, and without it nothing is.
                    #expect((try schema(of: left) == before) == (cut.count < log.count), "\(migration.name) \(page)")
                    try expectWhole(left, whole)
                }
            }
            connection.close()
        }
    }

    @Test func `S18 a step that was killed between two transactions is not taken for one that had not begun`() throws {
        let steps = Migration.all.count - 1
        let directory = try database(with: steps)
        let connection = try Connection(path: directory.database, access: .readWrite)
        try connection.script(try #require(statements(of: Migration.all[steps].sql).first))
        let left = try left(by: directory)
        connection.close()
        #expect(throws: StoreError.self) { try open(left, Migration.all) }
    }

    @Test(arguments: [
        "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT", "DROP INDEX keys_due",
        "CREATE TRIGGER t AFTER INSERT ON keys BEGIN DELETE FROM keys; END", "CREATE VIEW v AS SELECT 1",
        "ALTER TABLE projects ADD COLUMN more TEXT", "CREATE TABLE sqliteXstat (id INTEGER PRIMARY KEY) STRICT",
        "CREATE UNIQUE INDEX SQLite1Statistics ON keys (owner)",
    ])
    func `S18 a schema that was edited behind its steps is refused`(_ edit: String) throws {
        let directory = try database(with: Migration.all.count)
        let connection = try Connection(path: directory.database, access: .readWrite)
        try connection.script(edit)
        #expect(try connection.checkpoint(waiting: 0))
        connection.close()
        #expect {
            try open(directory, Migration.all)
        } throws: { error in
            guard case .corrupt(let what) = error as? StoreError else { return false }
            return what.hasPrefix("its schema was changed: ")
        }
    }
}
