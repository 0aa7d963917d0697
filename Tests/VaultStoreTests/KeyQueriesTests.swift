import Testing
import VaultModel

@testable import VaultStore

struct KeyQueriesTests {
    private func everyField(of key: KeyRecord) throws -> KeyRecord {
        var key = key
        key.expiresAt = noon + 1
        key.currentVersion = 4
        key.previousVersion = 3
        key.lastVersion = 5
        key.quarantineReason = .leak
        key.revision = 6
        key.label = "work \"quoted\" é"
        key.tags = ["env": "prod", "a\"b": "c\\d"]
        key.params = ["region": "eu"]
        key.account = ["organization_id": "org"]
        key.verdict = Verdict(
            code: .validUnfunded, reason: "no_credit", message: "No credit.", tested: ["identity", "funding"],
            checkedAt: noon + 7, httpStatus: 400, providerRequestID: "req_1", retryAfter: 8,
            providerError: ProviderError(type: "billing", message: "low"), account: ["workspace_id": "w"]
        )
        key.lastCheck = CheckAttempt(at: noon + 9, reason: "ok", message: "Works.", httpStatus: 200, retryAt: noon + 10)
        key.isProven = true
        key.nextCheckAt = noon + 11
        key.refusedSince = noon + 12
        key.staleReasons = [.age, .leaked]
        key.staleSince = noon + 13
        key.previousUntil = noon + 14
        key.versionStoredAt = noon + 15
        key.rotatedAt = noon + 16
        key.lastUsedAt = noon + 17
        key.revokedAt = noon + 18
        key.shredCompleteAt = noon + 19
        key.dueAt = noon + 20
        return key
    }

    @Test func `a key comes back with every field, after an insert and after an update`() async throws {
        let furnished = try await Furnished()
        let bare = makeKey(in: furnished.project.id, owner: try owner("e\u{301}"), status: .unverified)
        let full = try everyField(of: makeKey(in: furnished.project.id, owner: try owner("u2"), status: .quarantined))
        try await furnished.add([bare, full])
        let store = furnished.store
        #expect(try store.read { try $0.key(bare.id) } == StoredKey(record: bare, mac: mac))
        #expect(try store.read { try $0.key(full.id) } == StoredKey(record: full, mac: mac))

        var changed = try everyField(of: bare)
        changed.owner = try owner("\u{e9}")
        let (updated, emptied) = (changed, makeKeyLike(full))
        try await store.write { transaction in
            try transaction.update(updated, mac: otherMAC)
            try transaction.update(emptied, mac: mac)
        }
        #expect(try store.read { try $0.key(bare.id) } == StoredKey(record: updated, mac: otherMAC))
        #expect(try store.read { try $0.key(full.id) } == StoredKey(record: emptied, mac: mac))
        #expect(try store.read { try $0.key(KeyID(at: noon)) } == nil)
        await #expect(throws: StoreError.constraint("no such row: keys")) {
            try await store.write { try $0.update(makeKey(in: furnished.project.id, owner: bare.owner), mac: mac) }
        }
        store.close()
    }

    /// The same key without anything optional.
    private func makeKeyLike(_ key: KeyRecord) -> KeyRecord {
        KeyRecord(
            id: key.id, projectID: key.projectID, owner: key.owner, provider: key.provider, endpoint: key.endpoint,
            status: .active, blindIndex: [], hint: "", fingerprint: "", createdAt: key.createdAt
        )
    }

    @Test func `a list is newest first, in pages, and only of what was asked for`() async throws {
        let furnished = try await Furnished()
        let (project, other) = (furnished.project.id, makeProject("other"))
        let (ann, bob) = (try owner("ann"), try owner("bob"))
        let openai = try provider("openai")
        var keys = (0..<6).map { makeKey(in: project, owner: $0 < 3 ? ann : bob, at: noon + $0) }
        keys[1].provider = openai
        keys[2].status = .failing
        keys[4].staleReasons = .unused
        keys.append(makeKey(in: other.id, owner: ann, at: noon + 9))
        try await furnished.store.write { try $0.insert(other, mac: mac) }
        try await furnished.add(keys)

        func found(_ filter: KeyFilter, before: KeyID? = nil, limit: Int = 100) throws -> [Int] {
            let ids = try furnished.store.read { try $0.keys(matching: filter, before: before, limit: limit) }
            return ids.compactMap { stored in keys.firstIndex { $0.id == stored.record.id } }
        }
        #expect(try found(KeyFilter()) == [6, 5, 4, 3, 2, 1, 0])
        #expect(try found(KeyFilter(projectID: project), limit: 2) == [5, 4])
        #expect(try found(KeyFilter(projectID: project), before: keys[4].id, limit: 2) == [3, 2])
        #expect(try found(KeyFilter(projectID: project), before: keys[0].id) == [])
        #expect(try found(KeyFilter(projectID: project, owner: ann)) == [2, 1, 0])
        #expect(try found(KeyFilter(owner: ann)) == [6, 2, 1, 0])
        #expect(try found(KeyFilter(provider: openai)) == [1])
        #expect(try found(KeyFilter(status: .failing)) == [2])
        #expect(try found(KeyFilter(status: .undecryptable)) == [])
        #expect(try found(KeyFilter(projectID: project, isStale: true)) == [4])
        #expect(try found(KeyFilter(projectID: project, owner: bob, isStale: false)) == [5, 3])
        #expect(try found(KeyFilter(), limit: -1) == [])
        furnished.store.close()
    }

    @Test func `owners are told apart by their bytes`() async throws {
        let furnished = try await Furnished()
        let spellings = try ["\u{e9}", "e\u{301}"].map(owner)
        try await furnished.add(spellings.map { makeKey(in: furnished.project.id, owner: $0) })
        for spelling in spellings {
            let found = try furnished.store.read { try $0.keys(matching: KeyFilter(owner: spelling), limit: 9) }
            #expect(found.map(\.record.owner) == [spelling])
        }
        furnished.store.close()
    }

    @Test func `due keys come longest due first, and only when their time has come`() async throws {
        let furnished = try await Furnished()
        var keys = try (0..<4).map { makeKey(in: furnished.project.id, owner: try owner("u\($0)"), at: noon + $0) }
        keys[0].dueAt = noon + 30
        keys[1].dueAt = noon + 10
        keys[2].dueAt = noon + 20
        try await furnished.add(keys)
        func due(at time: Timestamp, limit: Int = 9) throws -> [KeyID] {
            try furnished.store.read { try $0.dueKeys(at: time, limit: limit) }.map(\.record.id)
        }
        #expect(try due(at: noon + 9) == [])
        #expect(try due(at: noon + 20) == [keys[1].id, keys[2].id])
        #expect(try due(at: noon + 99) == [keys[1].id, keys[2].id, keys[0].id])
        #expect(try due(at: noon + 99, limit: 1) == [keys[1].id])
        furnished.store.close()
    }

    @Test func `keys are made due in batches, never later than they were`() async throws {
        let furnished = try await Furnished()
        let project = furnished.project.id
        var keys = try (0..<6).map { makeKey(in: project, owner: try owner("u"), at: noon + $0) }
        keys[1].status = .revoked
        keys[2].dueAt = noon
        keys[3].dueAt = noon + 1000
        keys[4].provider = try provider("openai")
        try await furnished.add(keys)
        var after: KeyID?
        var batches = 0
        while true {
            let (from, at) = (after, noon + 60)
            let last = try await furnished.store.write { transaction in
                try transaction.makeDue(project: project, provider: .anthropic, after: from, limit: 2, at: at)
            }
            guard let last else { break }
            after = last
            batches += 1
        }
        #expect(batches == 2)
        let due = try keys.map { key in try furnished.store.read { try $0.key(key.id)?.record.dueAt } }
        #expect(due == [noon + 60, nil, noon, noon + 60, nil, noon + 60])
        furnished.store.close()
    }

    @Test func `the time of last use only goes forward`() async throws {
        let furnished = try await Furnished()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        try await furnished.add([key])
        for time in [noon + 5, noon + 3] {
            try await furnished.store.write { try $0.touch(key: key.id, usedAt: time) }
        }
        let stored = try furnished.store.read { try $0.key(key.id) }
        #expect(stored?.record.lastUsedAt == noon + 5)
        #expect(stored?.mac == mac)
        furnished.store.close()
    }

    @Test func `a key knows the newest entry that names its revision`() async throws {
        let furnished = try await Furnished()
        let keys = try (0..<2).map { makeKey(in: furnished.project.id, owner: try owner("u\($0)")) }
        try await furnished.add(keys)
        func note(_ action: AuditAction, _ key: KeyID, revision: Int?) async throws {
            try await furnished.store.write { transaction in
                _ = try transaction.append(
                    AuditEntry(at: noon, actor: .vault, action: action, keyID: key, revision: revision)
                )
            }
        }
        try await note(.keyCreated, keys[0].id, revision: 1)
        try await note(.keyRotated, keys[0].id, revision: 2)
        try await note(.keyRevoked, keys[1].id, revision: 9)
        try await note(.requestRefused, keys[0].id, revision: nil)
        let stored = try furnished.store.read { try $0.key(keys[0].id) }
        #expect(stored?.newestRevision == 2)
        #expect(stored?.newestAction == .keyRotated)
        let newest = try furnished.store.read { try $0.newestEntry(of: keys[0].id) }
        #expect(newest?.action == .requestRefused)
        #expect(try furnished.store.read { try $0.newestEntry(of: KeyID(at: noon)) } == nil)
        let list = try furnished.store.read { try $0.keys(matching: KeyFilter(), limit: 9) }
        #expect(Set(list.map(\.newestRevision)) == [2, 9])
        furnished.store.close()
    }

    @Test func `keys are counted by status, provider, reason and age`() async throws {
        let furnished = try await Furnished()
        let other = makeProject("other")
        try await furnished.store.write { try $0.insert(other, mac: mac) }
        var keys = try (0..<4).map { makeKey(in: furnished.project.id, owner: try owner("u"), at: noon + 10 * $0) }
        keys[0].status = .revoked
        keys[1].staleReasons = [.age, .unused]
        keys[2].staleReasons = .age
        keys[2].provider = try provider("openai")
        try await furnished.add(keys + [makeKey(in: other.id, owner: try owner("u"))])
        let edges = [noon + 20, noon + 30]
        let counts = try furnished.store.read { try $0.statistics(project: furnished.project.id, edges: edges) }
        #expect(counts.byStatus.map { "\($0.0) \($0.1)" } == ["active 3", "revoked 1"])
        #expect(counts.byProvider.map { "\($0.0) \($0.1)" } == ["anthropic 2", "openai 1"])
        #expect(counts.byStaleReason.map { "\($0.0) \($0.1)" } == ["age 2", "unused 1"])
        #expect(counts.byStoredAt == [1, 1, 1])
        let all = try furnished.store.read { try $0.statistics(project: nil) }
        #expect(all.byStatus.map(\.1) == [4, 1])
        #expect(all.byStoredAt == [4])
        furnished.store.close()
    }
}
