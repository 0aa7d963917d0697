import Migrations
import Testing
import VaultModel

@testable import VaultStore

struct SchemaTests {
    private func open(_ directory: TemporaryDirectory, _ migrations: [Migration]) throws -> Store {
        try Store(directory: directory.data, chain: testChain, patience: .seconds(600), migrations: migrations)
    }

    private let second = Migration(name: "V9999_more", sql: "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT;")

    @Test func `a new step is applied to an old database, once`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, Migration.all).close()
        try open(directory, Migration.all + [second]).close()
        try open(directory, Migration.all + [second]).close()
    }

    @Test func `a key that its provider had accepted before there was a column for it is proven`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, Array(Migration.all.prefix(1))).close()
        let keys = [
            ("active", "'invalid'", true), ("failing", "'valid_unfunded'", true), ("failing", "'invalid'", false),
            ("unverified", "NULL", false),
        ]
        for (index, key) in keys.enumerated() {
            let project = String(repeating: "0", count: 32)
            try meddle(
                directory,
                """
                INSERT INTO keys (id, project_id, owner, provider, endpoint, status, verdict_code, current_version,
                    last_version, blind_index, revision, mac, hint, fingerprint, tags, params, account, stale_reasons,
                    version_stored_at, created_at)
                VALUES (x'\(project.dropLast())\(index)', x'\(project)', 'u', 'anthropic', '', '\(key.0)', \(key.1), 1, 1, x'',
                    1, zeroblob(32), '', '', '{}', '{}', '{}', 0, 0, 0)
                """)
        }
        try open(directory, Migration.all).close()
        let connection = try Connection(path: directory.database, access: .readOnly)
        let proven = try connection.rows("SELECT is_proven FROM keys ORDER BY id") { $0.int() != 0 }
        #expect(proven == keys.map(\.2))
    }

    @Test func `a database of a newer program is left alone`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, Migration.all + [second]).close()
        let before = contents(of: directory.database)
        #expect(throws: StoreError.newerSchema(Migration.all.count + 1)) { try open(directory, Migration.all) }
        #expect(contents(of: directory.database) == before)
    }

    @Test func `a step whose text was changed by one byte is refused`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, Migration.all).close()
        let first = try #require(Migration.all.first)
        let rest = Migration.all.dropFirst()
        let changed = Migration(name: first.name, sql: first.sql + "\n")
        #expect(throws: StoreError.changedMigration(first.name)) { try open(directory, [changed] + rest) }
        let renamed = Migration(name: "V0001_other", sql: first.sql)
        #expect(throws: StoreError.changedMigration("V0001_other")) { try open(directory, [renamed] + rest) }
        try open(directory, Migration.all).close()
    }

    @Test func `a step that did not get to its end is as if it had never begun`() throws {
        let directory = try TemporaryDirectory()
        let broken = Migration(name: second.name, sql: second.sql + "INSERT INTO nowhere VALUES (1);")
        #expect(throws: StoreError.self) { try open(directory, Migration.all + [broken]) }
        try open(directory, Migration.all + [second]).close()
    }

    @Test func `a record of steps with a gap is corrupt`() throws {
        let directory = try TemporaryDirectory()
        try open(directory, Migration.all).close()
        try meddle(directory, "UPDATE migrations SET version = 99 WHERE version = 1")
        #expect(throws: StoreError.corrupt("the record of migrations has a gap")) { try open(directory, Migration.all) }
    }

    /// What is read for every request must not grow with the table.
    @Test func `the queries that requests wait for use an index`() async throws {
        let furnished = try await Furnished()
        let connection = try Connection(path: furnished.directory.database, access: .readOnly)
        let byProject = KeyRow.select + " WHERE k.project_id = $1 AND k.id < $2 ORDER BY k.id DESC LIMIT $3"
        let byOwner = KeyRow.select + " WHERE k.project_id = $1 AND k.owner = $2 ORDER BY k.id DESC LIMIT $3"
        let everything = KeyRow.select + " ORDER BY k.id DESC LIMIT $1"
        let queries = [
            KeyQuery.byID: "keys_1", KeyQuery.due: "keys_due", byProject: "keys_by_project", byOwner: "keys_by_owner",
            everything: "keys_1", AuditQueries.newest: "audit_by_key",
        ]
        for (query, index) in queries {
            let plan = try connection.rows("EXPLAIN QUERY PLAN \(query)", [.null, .null, .null]) { row in
                _ = (row.int(), row.int(), row.int())
                return row.text()
            }
            let text = plan.joined(separator: "\n")
            #expect(text.contains(index), "\(text)")
            #expect(!text.contains("TEMP B-TREE"), "\(text)")
            #expect(plan.allSatisfy { !$0.hasPrefix("SCAN") || $0.contains("INDEX") }, "\(text)")
        }
        furnished.store.close()
    }
}
