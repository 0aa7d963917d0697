import Testing
import VaultModel

@testable import VaultStore

/// Rows that somebody edited by hand: none of them hides its neighbours, none is believed.
struct DamagedRowTests {
    @Test(arguments: [
        "status = 'nonsense'", "status = 'undecryptable'", "owner = ''", "provider = 'Not A Provider'",
        "project_id = x'00'", "quarantine_reason = 'because'", "owner = CAST(x'ff01' AS TEXT)",
    ])
    func `a damaged key is in its list, undecryptable and without a MAC`(edit: String) async throws {
        let furnished = try await Furnished()
        let keys = try (0..<3).map { makeKey(in: furnished.project.id, owner: try owner("u\($0)"), at: noon + $0) }
        try await furnished.add(keys)
        try meddle(furnished.directory, "UPDATE keys SET \(edit) WHERE owner = 'u1'")
        let list = try furnished.store.read { try $0.keys(matching: KeyFilter(), limit: 9) }
        #expect(list.map(\.record.id) == keys.map(\.id).reversed())
        // As a name without meaning, `undecryptable` may stand in the column; it must not come with a MAC that fits.
        let damaged = try #require(list.first { $0.record.id == keys[1].id })
        #expect(damaged.record.status == .undecryptable)
        #expect(damaged.mac.isEmpty || edit.hasPrefix("status = 'undecryptable'"))
        #expect(list.filter { $0.mac == mac }.count >= 2)
        furnished.store.close()
    }

    @Test func `what only describes a key is forgotten where it cannot be read`() async throws {
        let furnished = try await Furnished()
        var key = makeKey(in: furnished.project.id, owner: try owner("u"))
        key.verdict = Verdict(code: .valid, reason: "ok", message: "", checkedAt: noon)
        key.tags = ["a": "b"]
        try await furnished.add([key])
        try meddle(furnished.directory, "UPDATE keys SET verdict_code = 'odd', tags = '{\"a\":', params = '[1]'")
        let stored = try #require(try furnished.store.read { try $0.key(key.id) })
        #expect(stored.mac == mac)
        #expect(stored.record.verdict == nil)
        #expect(stored.record.tags.isEmpty && stored.record.params.isEmpty)
        furnished.store.close()
    }

    @Test(arguments: ["logo = 'https://cdn.example/logo.png'", "accent_color = 'crimson'"])
    func `a project whose logo or colour is none matches nothing`(edit: String) async throws {
        let furnished = try await Furnished()
        try meddle(furnished.directory, "UPDATE projects SET \(edit)")
        let stored = try furnished.store.read { try $0.project(furnished.project.id) }
        #expect(stored == StoredProject(record: furnished.project, mac: []))
        furnished.store.close()
    }

    @Test func `damaged tokens, projects, policies, orders and entries match nothing`() async throws {
        let furnished = try await Furnished()
        let project = furnished.project.id
        let token = TokenRecord(
            id: TokenID(at: noon), lookup: mac, projectID: project, kind: .app, scopes: .all, name: "", createdAt: noon
        )
        let filter = RevocationFilter(owner: try owner("u"))
        let order = RevocationOrder(id: RevocationID(at: noon), filter: filter, reason: "", orderedAt: noon)
        try await furnished.store.write { transaction in
            try transaction.insert(token, mac: mac)
            try transaction.put(
                PolicyRecord(projectID: project, provider: .anthropic, policy: .standard, revision: 1), mac: mac
            )
            try transaction.put(order, mac: mac)
            try transaction.append(AuditEntry(at: noon, actor: .vault, action: .keyCreated, keyID: KeyID(at: noon)))
        }
        try meddle(
            furnished.directory,
            """
            UPDATE tokens SET kind = 'root';
            UPDATE projects SET id = x'01';
            UPDATE policies SET provider = 'NO';
            UPDATE revocations SET owner = '';
            UPDATE audit SET action = 'key.stolen', key_id = x'02';
            """
        )
        let store = furnished.store
        let stored = try store.read { try $0.token(token.id) }
        #expect(stored?.mac == [])
        #expect(stored?.record.kind == .connect)
        #expect(try store.read { try $0.projects(limit: 9) }.map(\.mac) == [[]])
        #expect(try store.read { try $0.policies(project: project) }.map(\.mac) == [[]])
        #expect(try store.read { try $0.pendingOrders() }.map(\.mac) == [[]])
        #expect(try store.read { try $0.auditEntries(limit: 9) }.map(\.hash) == [[]])
        store.close()
    }
}
