import Testing
import VaultModel

@testable import VaultStore

struct AuditQueriesTests {
    private func append(_ entries: [AuditEntry], to store: Store) async throws {
        try await store.write { transaction in
            for entry in entries { try transaction.append(entry) }
        }
    }

    @Test func `an entry comes back with every field, under the hash of its canonical bytes`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let caller = Caller(
            tokenID: TokenID(at: noon), name: "ci", kind: .token(.app), projectID: ProjectID(at: noon), scopes: []
        )
        let full = AuditEntry(
            at: noon, actor: caller, action: .keyRevealed, object: "key_x", keyID: KeyID(at: noon),
            projectID: ProjectID(at: noon), outcome: "wrong_state", requestID: RequestID(at: noon), keyRef: "0011",
            reason: "because \u{1F511}", revision: 4
        )
        let bare = AuditEntry(at: noon, actor: .anonymous, action: .requestRefused)
        #expect(try store.read { try $0.auditHead() } == (0, [UInt8](repeating: 0, count: 32)))
        try await append([full, bare], to: store)
        let log = try store.read { try $0.auditEntries(limit: 9) }
        #expect(log.map(\.entry) == [full, bare])
        #expect(log.map(\.sequence) == [1, 2])
        let first = try testChain([UInt8](repeating: 0, count: 32), full.canonicalBytes(sequence: 1))
        let second = try testChain(first, bare.canonicalBytes(sequence: 2))
        #expect(log.map(\.hash) == [first, second])
        #expect(try store.read { try $0.auditHead() } == (2, second))
        store.close()
    }

    @Test func `entries are found by key, token, action, project and time, in pages`() async throws {
        let store = try openStore(in: try TemporaryDirectory())
        let (key, project, token) = (KeyID(at: noon), ProjectID(at: noon), TokenID(at: noon))
        let caller = Caller(tokenID: token, name: "", kind: .token(.admin), projectID: nil, scopes: [])
        let entries = [
            AuditEntry(at: noon, actor: .vault, action: .keyCreated, keyID: key),
            AuditEntry(at: noon + 1, actor: caller, action: .keyCreated, keyID: KeyID(at: noon)),
            AuditEntry(at: noon + 2, actor: .vault, action: .keyRevoked, keyID: key, projectID: project),
            AuditEntry(at: noon + 3, actor: .vault, action: .backupMade),
        ]
        try await append(entries, to: store)
        func found(_ filter: AuditFilter, after: Int = 0, limit: Int = 9) throws -> [Int] {
            try store.read { try $0.auditEntries(after: after, limit: limit, filter: filter) }.map(\.sequence)
        }
        #expect(try found(AuditFilter()) == [1, 2, 3, 4])
        #expect(try found(AuditFilter(), after: 1, limit: 2) == [2, 3])
        #expect(try found(AuditFilter(keyID: key)) == [1, 3])
        #expect(try found(AuditFilter(tokenID: token)) == [2])
        #expect(try found(AuditFilter(action: .keyCreated)) == [1, 2])
        #expect(try found(AuditFilter(projectID: project)) == [3])
        #expect(try found(AuditFilter(since: noon + 1, until: noon + 3)) == [2, 3])
        #expect(try found(AuditFilter(keyID: key, action: .keyRevoked), after: 3) == [])
        store.close()
    }

    @Test(arguments: [
        "DELETE FROM audit WHERE seq = 2", "UPDATE audit SET hash = zeroblob(32) WHERE seq = 2",
        "INSERT INTO audit SELECT 3, at, token_id, actor_name, actor_kind, action, object, key_id, project_id, outcome,"
            + " request_id, key_ref, reason, revision, hash FROM audit WHERE seq = 2",
    ])
    func `a log whose end was changed behind our back is not extended`(tampering: String) async throws {
        let directory = try TemporaryDirectory()
        let store = try openStore(in: directory)
        let entry = AuditEntry(at: noon, actor: .vault, action: .keyCreated)
        try await append([entry, entry], to: store)
        try meddle(directory, tampering)
        let before = try store.read { try $0.auditEntries(limit: 9) }
        for _ in 0..<2 {
            await #expect(throws: StoreError.auditDiverged) { try await append([entry], to: store) }
            await #expect(throws: StoreError.auditDiverged) {
                try await store.write { try $0.insert(makeProject(), mac: mac) }
            }
        }
        #expect(try store.read { try $0.auditEntries(limit: 9) } == before)
        #expect(try store.read { try $0.projects(limit: 9) }.isEmpty)
        store.close()
    }

    @Test func `a hash that cannot be computed takes the entry's item back`() async throws {
        struct Broken: Error {}
        let directory = try TemporaryDirectory()
        let store = try Store(directory: directory.data, chain: { _, _ in throw Broken() })
        await #expect(throws: StoreError.self) {
            try await append([AuditEntry(at: noon, actor: .vault, action: .keyCreated)], to: store)
        }
        #expect(try store.read { try $0.auditHead().sequence } == 0)
        store.close()
    }

    @Test func `the head after a commit of unknown outcome is the one before or the one that was meant`() throws {
        let meant = AuditHead.Position(sequence: 1, hash: mac)
        let stranger = AuditHead.Position(sequence: 1, hash: otherMAC)
        for stored in [AuditHead.Position.start, meant] {
            let head = AuditHead(.start)
            head.advance(to: mac)
            head.commitFailed()
            #expect(head.position == .start)
            #expect(throws: StoreError.auditDiverged) { try head.begin(stored: stranger) }
            try head.begin(stored: stored)
            #expect(head.position == stored)
            // From then on there is one head again.
            #expect(throws: StoreError.auditDiverged) { try head.begin(stored: stored == meant ? .start : meant) }
        }
    }
}
