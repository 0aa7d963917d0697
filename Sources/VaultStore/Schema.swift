import Migrations

/// Brings a database to the newest schema, or says why it must not be touched.
enum Schema {
    /// Applies the migrations that are missing, each in one transaction with the record of its text, so that
    /// one that was interrupted is as if it had never begun. Writes nothing where none is missing.
    ///
    /// - Returns: whether anything was written.
    /// - Throws: ``StoreError/newerSchema(_:)``, ``StoreError/changedMigration(_:)``.
    static func bring(_ connection: Connection, to migrations: [Migration]) throws(StoreError) -> Bool {
        let applied = try applied(to: connection)
        for (index, record) in applied.enumerated() {
            guard record.version == index + 1 else { throw .corrupt("the record of migrations has a gap") }
        }
        guard applied.count <= migrations.count else { throw .newerSchema(applied.count) }
        for (record, migration) in zip(applied, migrations) {
            guard record.name.utf8.elementsEqual(migration.name.utf8),
                record.sql.utf8.elementsEqual(migration.sql.utf8)
            else { throw .changedMigration(migration.name) }
        }
        for (index, migration) in migrations.enumerated().dropFirst(applied.count) {
            try apply(migration, version: index + 1, to: connection)
        }
        try compare(connection, with: migrations)
        return applied.count < migrations.count
    }

    /// Whether the database has exactly what its steps make: no table without its checks, no index less, no trigger.
    ///
    /// What SQLite itself keeps about tables (`sqlite_stat1`, `sqlite_stat4`) is not the schema's.
    ///
    /// - Throws: ``StoreError/corrupt(_:)``, which names the first difference.
    private static func compare(_ connection: Connection, with migrations: [Migration]) throws(StoreError) {
        let model = try Connection(path: ":memory:", access: .inMemory)
        defer { model.close() }
        for migration in migrations { try model.script(migration.sql) }
        let (expected, found) = (try objects(of: model), try objects(of: connection))
        guard expected != found else { return }
        let differing = Set(expected.keys).union(found.keys).filter { expected[$0] != found[$0] }.min() ?? ""
        throw .corrupt("its schema was changed: \(differing)")
    }

    private static func objects(of connection: Connection) throws(StoreError) -> [String: String] {
        let sql = """
            SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema
            WHERE type <> 'table' OR name NOT IN ('sqlite_stat1', 'sqlite_stat4')
            """
        let rows = try connection.rows(sql) { row in
            let (type, name) = (row.text(), row.text())
            return ("\(type) \(name)", "\(row.text()) \(row.text())")
        }
        return Dictionary(rows) { first, _ in first }
    }

    private static func applied(
        to connection: Connection
    ) throws(StoreError) -> [(version: Int, name: String, sql: String)] {
        let isFresh = try connection.ask("SELECT name FROM sqlite_schema WHERE name = 'migrations'") == nil
        guard !isFresh else { return [] }
        return try connection.rows("SELECT version, name, sql FROM migrations ORDER BY version") { row in
            (version: row.int(), name: row.text(), sql: row.text())
        }
    }

    private static func apply(_ migration: Migration, version: Int, to connection: Connection) throws(StoreError) {
        try connection.run("BEGIN IMMEDIATE")
        do throws(StoreError) {
            try connection.script(migration.sql)
            try connection.run(
                "INSERT INTO migrations (version, name, sql) VALUES ($1, $2, $3)",
                [.int(version), .text(migration.name), .text(migration.sql)]
            )
            try connection.run("COMMIT")
        } catch {
            if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }
            throw error
        }
    }
}
