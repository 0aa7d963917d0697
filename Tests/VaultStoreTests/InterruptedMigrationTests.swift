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

    @Test func `S18 after a kill at any statement of a step another start completes it`() throws {
        let whole = try schema(of: { try database(with: Migration.all.count) }())
        for (steps, migration) in Migration.all.enumerated() where steps > 0 {
            let statements = statements(of: migration.sql)
            for done in 0...statements.count {
                let (directory, left) = (try database(with: steps), try TemporaryDirectory())
                let connection = try Connection(path: directory.database, access: .readWrite)
                try connection.run("BEGIN IMMEDIATE")
                for statement in statements.prefix(done) { try connection.script(statement) }
                // What a kill at this moment leaves: the files as they are, and nobody who could say more.
                #expect(mkdir(left.data, 0o700) == 0)
                for name in ["vault.db", "vault.db-wal"] {
                    let bytes = contents(of: "\(directory.data)/\(name)")
                    let file = Glibc.open("\(left.data)/\(name)", O_WRONLY | O_CREAT, 0o600)
                    #expect(write(file, bytes, bytes.count) == bytes.count)
                    close(file)
                }
                try connection.run("ROLLBACK")
                connection.close()
                try expectWhole(left, whole)
            }
        }
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
