import Testing
import VaultModel

@testable import VaultStore

struct VersionQueriesTests {
    private func insert(
        _ version: KeyVersion, of key: KeyRecord, bucket: Int? = nil, in furnished: Furnished
    ) async throws {
        try await furnished.store.write { transaction in
            try transaction.insert(
                version, project: key.projectID, owner: key.owner, provider: key.provider, leakBucket: bucket
            )
        }
    }

    @Test func `versions come back as they were, and as they became`() async throws {
        let furnished = try await Furnished()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        try await furnished.add([key])
        var (first, second) = (makeVersion(of: key), makeVersion(of: key, number: 2, blindIndex: nil))
        try await insert(first, of: key, bucket: 77, in: furnished)
        first.state = .previous
        first.blindIndex = nil
        first.retiredAt = noon + 1
        first.hint = "other"
        second.shreddedAt = noon + 2
        let (updated, added) = (first, second)
        try await furnished.store.write { try $0.update(updated) }
        try await insert(added, of: key, in: furnished)
        #expect(try furnished.store.read { try $0.versions(of: key.id) } == [updated, added])
        #expect(try furnished.store.read { try $0.version(1, of: key.id) } == updated)
        #expect(try furnished.store.read { try $0.version(3, of: key.id) } == nil)
        #expect(try furnished.store.read { try $0.versions(inLeakBucket: 77) } == [updated])
        #expect(try furnished.store.read { try $0.versions(inLeakBucket: 78) } == [])
        furnished.store.close()
    }

    @Test func `the same secret of the same owner is stored once, and again when it is retired`() async throws {
        let furnished = try await Furnished()
        let project = furnished.project.id
        let (ann, bob) = (try owner("ann"), try owner("bob"))
        let keys = [ann, ann, bob].map { makeKey(in: project, owner: $0) }
        try await furnished.add(keys)
        try await insert(makeVersion(of: keys[0], blindIndex: 5), of: keys[0], in: furnished)
        await #expect(
            throws: StoreError.constraint(
                "UNIQUE constraint failed: versions.project_id, versions.owner, versions.provider, versions.blind_index"
            )
        ) { try await insert(makeVersion(of: keys[1], blindIndex: 5), of: keys[1], in: furnished) }
        try await insert(makeVersion(of: keys[2], blindIndex: 5), of: keys[2], in: furnished)

        func duplicate(_ owner: UserID) throws -> KeyID? {
            try furnished.store.read { transaction in
                try transaction.duplicate(
                    project: project, owner: owner, provider: .anthropic,
                    blindIndex: [UInt8](repeating: 5, count: 32)
                )
            }
        }
        #expect(try duplicate(ann) == keys[0].id)
        #expect(try duplicate(bob) == keys[2].id)
        #expect(try duplicate(owner("eve")) == nil)

        var retired = makeVersion(of: keys[0], state: .retired, blindIndex: nil)
        retired.sealed = nil
        let version = retired
        try await furnished.store.write { try $0.update(version) }
        try await insert(makeVersion(of: keys[0], number: 2, blindIndex: nil), of: keys[0], in: furnished)
        try await insert(makeVersion(of: keys[1], blindIndex: 5), of: keys[1], in: furnished)
        #expect(try duplicate(ann) == keys[1].id)
        furnished.store.close()
    }

    private static let marker = Array("KST1-marker-of-a-ciphertext-that-must-go-away".utf8)

    private func traces(in furnished: Furnished) -> Int {
        ["", "-wal"].reduce(0) { $0 + count(Self.marker, in: contents(of: furnished.directory.database + $1)) }
    }

    enum Way: CaseIterable { case update, delete, deleteProject }

    @Test(arguments: Way.allCases)
    func `a shredded secret is in no file, while the store is running`(way: Way) async throws {
        let furnished = try await Furnished()
        let owner = try owner("u")
        var key = makeKey(in: furnished.project.id, owner: owner, status: .revoked)
        key.blindIndex = []
        let stored = key
        try await furnished.add([stored])
        // A box larger than a page also lies on overflow pages; the neighbour keeps the page in use.
        var boxes = [Self.marker + [UInt8](repeating: 1, count: 500)]
        boxes.append([UInt8](repeating: 2, count: 5000) + Self.marker)
        for (index, box) in boxes.enumerated() {
            let version = makeVersion(of: stored, number: index + 1, state: .retired, blindIndex: nil, box: box)
            try await insert(version, of: stored, bucket: 9, in: furnished)
        }
        #expect(traces(in: furnished) > 0)
        let project = furnished.project.id
        try await furnished.store.write { transaction in
            switch way {
            case .update:
                for var version in try transaction.versions(of: stored.id) {
                    version.sealed = nil
                    version.shreddedAt = noon
                    try transaction.update(version)
                }
            case .delete: try transaction.delete(key: stored.id)
            case .deleteProject: try transaction.delete(project: project)
            }
        }
        #expect(try await eventually { traces(in: furnished) == 0 })
        let versions = try furnished.store.read { try $0.versions(of: stored.id) }
        #expect(versions.allSatisfy { $0.sealed == nil })
        #expect(versions.count == (way == .update ? 2 : 0))
        #expect(try furnished.store.read { try $0.versions(inLeakBucket: 9) } == [])
        furnished.store.close()
        #expect(traces(in: furnished) == 0)
    }

    @Test func `a reader of the old state does not stop the shredding for good`() async throws {
        let furnished = try await Furnished()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        try await furnished.add([key])
        try await insert(makeVersion(of: key, box: Self.marker), of: key, in: furnished)
        let reader = try Connection(path: furnished.directory.database, access: .readOnly)
        try reader.run("BEGIN")
        _ = try reader.first("SELECT COUNT(*) FROM versions") { $0.int() }
        try await furnished.store.write { try $0.delete(key: key.id) }
        #expect(traces(in: furnished) > 0)
        try reader.run("COMMIT")
        #expect(try await eventually { traces(in: furnished) == 0 })
        furnished.store.close()
    }

    @Test func `a secret is shredded only when its item is kept`() async throws {
        struct Refused: Error {}
        let furnished = try await Furnished()
        let key = makeKey(in: furnished.project.id, owner: try owner("u"))
        try await furnished.add([key])
        let version = makeVersion(of: key)
        try await insert(version, of: key, in: furnished)
        await #expect(throws: Refused.self) {
            try await furnished.store.write { transaction in
                try transaction.delete(key: key.id)
                throw Refused()
            }
        }
        #expect(try furnished.store.read { try $0.versions(of: key.id) } == [version])
        furnished.store.close()
    }
}
