import Testing
import VaultModel

@testable import VaultStore

/// The tables around the keys: everything that is put in comes out again.
struct TableQueriesTests {
    private func makeToken(_ project: ProjectID?, at time: Timestamp = noon, lookup: UInt8 = 1) -> TokenRecord {
        TokenRecord(
            id: TokenID(at: time), lookup: [UInt8](repeating: lookup, count: 32), projectID: project, kind: .app,
            scopes: .appDefault, name: "ci", createdAt: time
        )
    }

    @Test func `an instance is made once`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let (id, master) = (InstanceID(at: noon), MasterKeyID(at: noon))
        let rows = [
            KeyringRow(kind: .canary, term: 0, blob: [1]), KeyringRow(kind: .canary, term: 1, blob: [2]),
            KeyringRow(kind: .kek, term: 1, blob: [3]), KeyringRow(kind: .root, term: 0, blob: [4]),
        ]
        #expect(try store.read { try $0.instance() } == nil)
        #expect(try store.read { try $0.keyringRows() }.isEmpty)
        try await store.write { try $0.createInstance(id, master: master, rows: rows, at: noon) }
        let found = try #require(try store.read { try $0.instance() })
        #expect(found == (id, master))
        #expect(try store.read { try $0.keyringRows() } == rows)
        await #expect(throws: StoreError.self) {
            try await store.write { try $0.createInstance(InstanceID(at: noon), master: master, rows: [], at: noon) }
        }
        store.close()
    }

    @Test func `tokens are found by lookup, by id and in lists`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        var tokens = [
            makeToken(furnished.project.id), makeToken(nil, at: noon + 1, lookup: 2),
            makeToken(furnished.project.id, at: noon + 2, lookup: 3),
        ]
        let added = tokens
        try await store.write { transaction in
            for token in added { try transaction.insert(token, mac: mac) }
        }
        #expect(try store.read { try $0.token(lookup: added[1].lookup) } == StoredToken(record: added[1], mac: mac))
        #expect(try store.read { try $0.token(lookup: [UInt8](repeating: 9, count: 32)) } == nil)
        #expect(try store.read { try $0.tokens(project: nil, limit: 9) }.map(\.record) == added.reversed())
        #expect(
            try store.read { try $0.tokens(project: furnished.project.id, before: added[2].id, limit: 9) }
                .map(\.record) == [added[0]]
        )
        tokens[0].kind = .admin
        tokens[0].scopes = .admin
        tokens[0].expiresAt = noon + 3
        tokens[0].revokedAt = noon + 4
        tokens[0].lastUsedAt = noon + 5
        let changed = tokens[0]
        try await store.write { try $0.update(changed, mac: otherMAC) }
        try await store.write { try $0.touch(token: changed.id, usedAt: noon) }
        #expect(try store.read { try $0.token(changed.id) } == StoredToken(record: changed, mac: otherMAC))
        await #expect(throws: StoreError.self) {
            try await store.write { try $0.insert(makeToken(nil, lookup: 3), mac: mac) }
        }
        await #expect(throws: StoreError.self) { try await store.write { try $0.update(makeToken(nil), mac: mac) } }
        store.close()
    }

    @Test func `projects come and go, but not while they have live keys`() async throws {
        let furnished = try await Furnished()
        let store = furnished.store
        var project = furnished.project
        let other = ProjectRecord(id: ProjectID(at: noon + 1), name: "", createdAt: noon)
        project.name = "renamed"
        project.revealGrantedAt = nil
        project.logo = Logo("/logo.svg")
        project.accentColor = AccentColor("#1f4fd8")
        let renamed = project
        try await store.write { transaction in
            try transaction.insert(other, mac: mac)
            try transaction.update(renamed, mac: otherMAC)
        }
        #expect(
            try store.read { try $0.projects(limit: 9) }
                == [StoredProject(record: other, mac: mac), StoredProject(record: renamed, mac: otherMAC)]
        )
        #expect(try store.read { try $0.projects(before: other.id, limit: 9) }.map(\.record) == [renamed])

        var key = makeKey(in: project.id, owner: try owner("u"))
        let policy = PolicyRecord(projectID: project.id, provider: nil, policy: .standard, revision: 1)
        let (live, token) = (key, makeToken(project.id))
        try await furnished.add([live])
        try await store.write { transaction in
            try transaction.insert(token, mac: mac)
            try transaction.put(policy, mac: mac)
            try transaction.put(Rescan(projectID: renamed.id, provider: nil))
        }
        #expect(try store.read { try $0.liveKeyCount(project: renamed.id) } == 1)
        await #expect(throws: StoreError.constraint("projects: has live keys")) {
            try await store.write { try $0.delete(project: renamed.id) }
        }
        key.status = .revoked
        let revoked = key
        try await store.write { transaction in
            try transaction.update(revoked, mac: mac)
            try transaction.delete(project: renamed.id)
        }
        #expect(try store.read { try $0.projects(limit: 9) }.map(\.record) == [other])
        #expect(try store.read { try $0.token(token.id) } == nil)
        #expect(try store.read { try $0.key(revoked.id) } == nil)
        store.close()
    }

    @Test func `policies and rescans are for a project or for one provider in it`() async throws {
        let furnished = try await Furnished()
        let (store, project) = (furnished.store, furnished.project.id)
        var policy = RotationPolicy.standard
        policy.warnBeforeSeconds = []
        policy.quarantineAfterSeconds = 1
        policy.maxAgeSeconds = nil
        let whole = PolicyRecord(projectID: project, provider: nil, policy: .standard, revision: 1)
        let one = PolicyRecord(projectID: project, provider: .anthropic, policy: policy, revision: 2)
        try await store.write { transaction in
            try transaction.put(one, mac: mac)
            try transaction.put(whole, mac: otherMAC)
            try transaction.put(one, mac: otherMAC)
            try transaction.put(Rescan(projectID: project, provider: nil))
            try transaction.put(Rescan(projectID: project, provider: .anthropic))
        }
        let stored = StoredPolicy(record: one, mac: otherMAC)
        #expect(try store.read { try $0.policy(project: project, provider: .anthropic) } == stored)
        #expect(try store.read { try $0.policies(project: project) }.map(\.record) == [whole, one])
        let cursor = Rescan(projectID: project, provider: .anthropic, after: KeyID(at: noon))
        try await store.write { transaction in
            try transaction.deletePolicy(project: project, provider: .anthropic)
            try transaction.put(cursor)
            try transaction.delete(Rescan(projectID: project, provider: nil))
        }
        #expect(try store.read { try $0.policy(project: project, provider: .anthropic) } == nil)
        #expect(try store.read { try $0.policy(project: project, provider: nil) }?.record == whole)
        #expect(try store.read { try $0.pendingRescans() } == [cursor])
        store.close()
    }

    @Test func `orders to revoke name their keys and remember how far they came`() async throws {
        let furnished = try await Furnished()
        let (store, project) = (furnished.store, furnished.project.id)
        var keys = try (0..<5).map { makeKey(in: project, owner: try owner("u\($0 % 2)"), at: noon + $0) }
        keys[2].status = .revoked
        keys[4].provider = try provider("openai")
        try await furnished.add(keys)
        func found(_ filter: RevocationFilter, after: KeyID? = nil, limit: Int = 9) throws -> [KeyID] {
            try store.read { try $0.keyIDs(matching: filter, after: after, limit: limit) }
        }
        #expect(try found(RevocationFilter()) == [0, 1, 3, 4].map { keys[$0].id })
        #expect(try found(RevocationFilter(projectID: project), after: keys[0].id, limit: 1) == [keys[1].id])
        #expect(try found(RevocationFilter(owner: owner("u1"))) == [1, 3].map { keys[$0].id })
        #expect(try found(RevocationFilter(provider: provider("openai"))) == [keys[4].id])
        #expect(try found(RevocationFilter(createdBefore: noon + 3)) == [0, 1].map { keys[$0].id })
        #expect(try found(RevocationFilter(projectID: ProjectID(at: noon))) == [])
        #expect(try store.read { try $0.countKeys(matching: RevocationFilter(owner: try owner("u0"))) } == 2)

        let full = RevocationFilter(
            projectID: project, provider: .anthropic, owner: try owner("u0"), createdBefore: noon
        )
        var order = RevocationOrder(id: RevocationID(at: noon), filter: full, reason: "leak", orderedAt: noon)
        let all = RevocationOrder(
            id: RevocationID(at: noon + 1), filter: RevocationFilter(), reason: "", orderedAt: noon + 1
        )
        let first = order
        try await store.write { transaction in
            try transaction.put(all, mac: mac)
            try transaction.put(first, mac: mac)
        }
        #expect(try store.read { try $0.pendingOrders() }.map(\.record) == [first, all])
        order.cursor = keys[0].id
        order.completedAt = noon + 9
        let done = order
        try await store.write { try $0.put(done, mac: otherMAC) }
        #expect(try store.read { try $0.pendingOrders() }.map(\.record) == [all])
        #expect(try store.read { try $0.order(done.id) } == StoredOrder(record: done, mac: otherMAC))
        store.close()
    }

    @Test func `an answer is kept for its token, route and key until it is purged`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let token = TokenID(at: noon)
        var record = IdempotencyRecord(
            tokenID: token, route: "POST /v1/keys", key: "k", bodyMAC: mac, status: nil, answer: [], createdAt: noon
        )
        let running = record
        try await store.write { try $0.put(running) }
        func found(_ key: String = "k") throws -> IdempotencyRecord? {
            try store.read { try $0.idempotent(token: token, route: "POST /v1/keys", key: key) }
        }
        #expect(try found() == running)
        record.status = 201
        record.answer = [1, 2]
        let ended = record
        try await store.write { try $0.put(ended) }
        #expect(try found() == ended)
        #expect(try found("other") == nil)
        var other = running
        other.key = "other"
        let abandoned = other
        try await store.write { try $0.put(abandoned) }
        #expect(try await store.write { try $0.purgeRunningIdempotency() } == 1)
        #expect(try found() == ended)
        #expect(try await store.write { try $0.purgeIdempotency(before: noon) } == 0)
        #expect(try await store.write { try $0.purgeIdempotency(before: noon + 1) } == 1)
        try await store.write { transaction in
            try transaction.put(ended)
            try transaction.deleteIdempotency(token: token, route: ended.route, key: ended.key)
        }
        #expect(try found() == nil)
        store.close()
    }

    @Test func `test calls are counted by owner, by project and in all`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let (one, two) = (ProjectID(at: noon), ProjectID(at: noon))
        let (ann, bob) = (try owner("ann"), try owner("bob"))
        func attempt(_ project: ProjectID, _ owner: UserID, _ key: UInt8, at: Int) -> ValidationAttempt {
            ValidationAttempt(
                at: noon + at, projectID: project, owner: owner, keyRef: [UInt8](repeating: key, count: 32)
            )
        }
        let attempts = [
            attempt(one, ann, 1, at: 0), attempt(one, ann, 1, at: 1), attempt(one, ann, 2, at: 2),
            attempt(one, bob, 3, at: 3), attempt(two, ann, 4, at: 4),
        ]
        let ids = try await store.write { transaction in
            try attempts.map { try transaction.insert($0) }
        }
        #expect(Set(ids).count == 5)
        try await store.write { transaction in
            try transaction.settle(attempt: ids[0], refused: true)
            try transaction.settle(attempt: ids[1], refused: true)
            try transaction.settle(attempt: ids[2], refused: false)
        }
        #expect(try store.read { try $0.attemptCounts(project: one, owner: ann, since: noon) } == (3, 2, 1))
        #expect(try store.read { try $0.attemptCounts(project: one, owner: ann, since: noon + 2) } == (1, 1, 0))
        #expect(try store.read { try $0.attemptCounts(project: one, owner: nil, since: noon) } == (4, 3, 1))
        #expect(try store.read { try $0.instanceCalls(since: noon + 3) } == 2)
        #expect(try await store.write { try $0.purgeAttempts(before: noon + 4) } == 4)
        #expect(try store.read { try $0.instanceCalls(since: noon) } == 1)
        store.close()
    }

    @Test func `a stop of test calls is noted by project, owner and cause until it is purged`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let project = ProjectID(at: noon)
        let whole = ValidationStop(projectID: project, owner: nil, cause: .refusedKeys)
        let one = ValidationStop(projectID: project, owner: try owner("ann"), cause: .refusedKeys)
        try await store.write { transaction in
            try transaction.put(whole, at: noon)
            try transaction.put(one, at: noon)
            try transaction.put(one, at: noon + 5)
        }
        #expect(try store.read { try $0.lastNoted(whole) } == noon)
        #expect(try store.read { try $0.lastNoted(one) } == noon + 5)
        let other = ValidationStop(projectID: project, owner: one.owner, cause: .distinctKeys)
        #expect(try store.read { try $0.lastNoted(other) } == nil)
        _ = try await store.write { try $0.purgeAttempts(before: noon + 5) }
        #expect(try store.read { try $0.lastNoted(whole) } == nil)
        #expect(try store.read { try $0.lastNoted(one) } == noon + 5)
        store.close()
    }

    @Test func `the newest answers of a provider are one for each secret, in their order, and no more than are kept`()
        async throws
    {
        let store = try openStore(in: try TemporaryDirectory())
        let openai = try provider("openai")
        @Sendable func answer(_ key: UInt8, _ refused: Bool, of other: ProviderID? = nil) -> ProviderAnswerRecord {
            ProviderAnswerRecord(
                provider: other ?? .anthropic, keyRef: [UInt8](repeating: key, count: 32), at: noon, refused: refused)
        }
        try await store.write { transaction in
            try transaction.put(answer(9, true, of: openai), keeping: 3)
            for (key, refused) in [(UInt8(1), false), (2, true), (3, false), (1, true), (4, false)] {
                try transaction.put(answer(key, refused), keeping: 3)
            }
        }
        let kept = try store.read { try $0.answers(of: .anthropic, limit: 9) }
        #expect(kept == [answer(4, false), answer(1, true), answer(3, false)])
        #expect(try store.read { try $0.answers(of: .anthropic, limit: 1) } == [answer(4, false)])
        #expect(try store.read { try $0.answers(of: openai, limit: 9) } == [answer(9, true, of: openai)])
        store.close()
    }

    @Test func `a provider has one suspicion, the last`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let openai = try provider("openai")
        try await store.write { transaction in
            try transaction.put(SuspicionRecord(provider: openai, since: noon, endedAt: noon + 1))
            try transaction.put(SuspicionRecord(provider: .anthropic, since: noon))
            try transaction.put(SuspicionRecord(provider: openai, since: noon + 9))
        }
        #expect(
            try store.read { try $0.suspicions() } == [
                SuspicionRecord(provider: .anthropic, since: noon), SuspicionRecord(provider: openai, since: noon + 9),
            ])
        #expect(
            try store.read { try $0.suspicion(of: .anthropic) } == SuspicionRecord(provider: .anthropic, since: noon))
        #expect(try store.read { try $0.suspicion(of: try provider("groq")) } == nil)
        store.close()
    }
}
