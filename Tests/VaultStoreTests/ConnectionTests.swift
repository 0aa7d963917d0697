import CSQLite
import Testing
import VaultModel

@testable import VaultStore

struct ConnectionTests {
    @Test(arguments: [ConnectionSettings.Access.readWrite, .readOnly])
    func `S02 every connection has the settings, as SQLite tells them`(access: ConnectionSettings.Access) async throws {
        let furnished = try await Furnished()
        let connection = try Connection(path: furnished.directory.database, access: access)
        let expected = [
            "journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "trusted_schema": "0",
            "cell_size_check": "1", "secure_delete": "1", "temp_store": "2", "mmap_size": "0", "busy_timeout": "5000",
            "query_only": access == .readOnly ? "1" : "0",
        ]
        for (name, value) in expected { #expect(try connection.ask("PRAGMA \(name)") == value, "\(name)") }
        // Defensive: the schema's own table cannot be written.
        try connection.script("PRAGMA writable_schema = ON")
        #expect(throws: StoreError.self) { try connection.script("UPDATE sqlite_schema SET sql = '' WHERE 0") }
        furnished.store.close()
    }

    @Test func `S02 every connection that a store writes or reads with has every setting that was asked for`()
        async throws
    {
        let furnished = try await Furnished()
        let store = furnished.store
        try await store.write { try Self.expectSettings(of: $0.connection, .readWrite) }
        // Each reads within the one before it, so that each has a connection of its own, and some are made for it.
        func read(_ depth: Int) throws {
            try store.read { transaction in
                try Self.expectSettings(of: transaction.connection, .readOnly)
                if depth > 1 { try read(depth - 1) }
            }
        }
        try read(ReaderPool.kept + 2)
        #expect(store.readerLoad.idle == ReaderPool.kept)
        store.close()
    }

    private static func expectSettings(of connection: Connection, _ access: ConnectionSettings.Access) throws {
        let pragmas = ConnectionSettings.pragmas(for: access)
        #expect(pragmas.count == 11)
        for pragma in pragmas {
            #expect(try connection.ask("PRAGMA \(pragma.name)") ?? "0" == pragma.expected, "\(pragma.name)")
        }
    }

    @Test func `S02 a setting that SQLite does not take is an error`() {
        let refusal = StoreError.unavailable(code: 0, detail: "SQLite did not take the setting: journal_mode")
        #expect(throws: refusal) { try Connection(path: ":memory:", access: .readWrite) }
    }

    @Test func `a reader cannot write`() async throws {
        let furnished = try await Furnished()
        let connection = try Connection(path: furnished.directory.database, access: .readOnly)
        #expect(throws: StoreError.self) { try connection.run("DELETE FROM projects") }
        furnished.store.close()
    }

    @Test func `an error names columns and no value`() async throws {
        let furnished = try await Furnished()
        let key = makeKey(in: furnished.project.id, owner: try owner("SENTINEL"))
        try await furnished.add([key])
        await #expect(throws: StoreError.constraint("UNIQUE constraint failed: keys.id")) {
            try await furnished.add([key])
        }
        await #expect(throws: StoreError.constraint("CHECK constraint failed: length(mac) = 32")) {
            try await furnished.store.write { try $0.update(key, mac: Array("SENTINEL".utf8)) }
        }
        await #expect(throws: StoreError.constraint("FOREIGN KEY constraint failed")) {
            try await furnished.add([makeKey(in: ProjectID(at: noon), owner: try owner("SENTINEL"))])
        }
        furnished.store.close()
    }

    @Test func `values of every kind come back as they were`() async throws {
        let furnished = try await Furnished()
        let connection = try Connection(path: furnished.directory.database, access: .readOnly)
        let id = KeyID(at: noon)
        let values: [Value] = [
            .null, .integer(.min), .integer(.max), .text(""), .text("e\u{301}\u{1F511}"), .blob([]),
            .blob([0, 1, 255]),
            .id(id),
        ]
        let isSame = try connection.first("SELECT $1, $2, $3, $4, $5, $6, $7, $8", values) { row in
            row.optionalText() == nil && row.int64() == .min && row.int64() == .max && row.optionalText() == ""
                && Array(row.text().utf8) == Array("e\u{301}\u{1F511}".utf8) && row.optionalBlob() == []
                && row.blob() == [0, 1, 255] && row.optionalID() == id && row.isWhole
        }
        #expect(isSame == true)
        furnished.store.close()
    }

    @Test(arguments: [
        ["a": "b"], [:], ["b": "2", "a": "1"], ["quote\"": "back\\slash\n"], ["": ""], ["k": "{\"a\":\"b\"}"],
        ["é": "🔑"],
    ])
    func `a map survives being text`(map: [String: String]) throws {
        guard case .text(let text) = try JSONText.value(map) else {
            Issue.record("not text")
            return
        }
        #expect(JSONText.map(text) == map)
    }

    @Test(arguments: [
        "", "{", "}", "null", "[]", "{\"a\":1}", "{\"a\"}", "{\"a\":\"b\"", "{\"a\",\"b\"}", "{,}", "{\"a\\",
    ])
    func `what is no map of strings is an empty one`(text: String) {
        #expect(JSONText.map(text).isEmpty)
    }

    @Test(arguments: [["identity", "funding"], [], ["a\"b"], ["[]"], [""]])
    func `a list survives being text`(list: [String]) throws {
        guard case .text(let text) = try JSONText.value(list) else {
            Issue.record("not text")
            return
        }
        #expect(JSONText.list(text) == list)
    }
}
