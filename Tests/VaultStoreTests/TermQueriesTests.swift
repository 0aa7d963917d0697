import Testing
import VaultModel

@testable import VaultStore

struct TermQueriesTests {
    /// A store with terms 1 and 2, their keyring rows, and one key whose secret is under term 1.
    private struct Moving {
        let furnished: Furnished
        let key: KeyRecord
        var store: Store { furnished.store }

        init() async throws {
            furnished = try await Furnished()
            let key = makeKey(in: furnished.project.id, owner: try owner("ada"))
            self.key = key
            let version = makeVersion(of: key)
            try await furnished.store.write { transaction in
                try transaction.insert(key, mac: mac)
                try transaction.insert(
                    version, project: key.projectID, owner: key.owner, provider: key.provider, leakBucket: 1)
                try transaction.put(
                    (1...2).flatMap { term in
                        [KeyringRow.Holder.master, .recovery].map {
                            KeyringRow(
                                holder: $0, kind: .kek, term: term,
                                blob: [UInt8](repeating: UInt8(0xE0 + term), count: 134))
                        }
                    })
                try transaction.insertTerm(2, at: noon + 60)
            }
        }

        var secret: SealedVersion {
            get throws { try #require(try store.read { try $0.versions(before: 2, after: nil, limit: 9) }.first) }
        }

        func move(_ old: SealedVersion) async throws -> Bool {
            let new = SealedSecret(term: 2, wrappedDEK: [UInt8](repeating: 0xDF, count: 134), box: old.sealed.box)
            return try await store.write { try $0.replace(old, with: new) }
        }
    }

    @Test func `K10 a term with one secret left cannot be destroyed, nor can the current one`() async throws {
        let moving = try await Moving()
        await #expect(throws: StoreError.constraint("no such row: terms")) {
            try await moving.store.write { try $0.destroy(term: 1, at: noon + 70) }
        }
        #expect(try moving.store.read { try $0.keyringRows() }.count == 4)
        #expect(try await moving.move(moving.secret))
        await #expect(throws: StoreError.constraint("no such row: terms")) {
            try await moving.store.write { try $0.destroy(term: 2, at: noon + 70) }
        }
        try await moving.store.write { try $0.destroy(term: 1, at: noon + 70) }
        let terms = try moving.store.read { try $0.terms() }
        #expect(terms.map(\.destroyedAt) == [noon + 70, nil])
        #expect(terms.map(\.secrets) == [0, 1])
        #expect(terms.map(\.wraps) == [1, 1])
        #expect(try moving.store.read { try $0.keyringRows() }.map(\.term) == [2, 2])
    }

    @Test func `K10 nothing can be stored under a term that was destroyed`() async throws {
        let moving = try await Moving()
        #expect(try await moving.move(moving.secret))
        try await moving.store.write { try $0.destroy(term: 1, at: noon + 70) }
        let late = makeVersion(of: moving.key, number: 2, state: .previous, blindIndex: 2)
        await #expect(throws: StoreError.constraint("no such row: terms")) {
            try await moving.store.write {
                try $0.insert(
                    late, project: moving.key.projectID, owner: moving.key.owner, provider: moving.key.provider,
                    leakBucket: 1)
            }
        }
    }

    @Test func `K09 what was shredded or moved since it was read is not written over`() async throws {
        let moving = try await Moving()
        let read = try moving.secret
        #expect(try await moving.move(read))
        #expect(try await moving.move(read) == false)
        #expect(try moving.store.read { try $0.version(1, of: moving.key.id) }?.sealed?.term == 2)
        var shredded = makeVersion(of: moving.key, state: .retired, blindIndex: nil)
        shredded.sealed = nil
        try await moving.store.write { [shredded] in try $0.update(shredded) }
        #expect(try await moving.move(read) == false)
        #expect(try moving.store.read { try $0.version(1, of: moving.key.id) }?.sealed == nil)
    }

    @Test func `no byte of a destroyed term's keys is left in the files`() async throws {
        let moving = try await Moving()
        let (gone, kept) = ([UInt8](repeating: 0xE1, count: 100), [UInt8](repeating: 0xE2, count: 100))
        func found(_ piece: [UInt8]) -> Int {
            ["", "-wal", "-shm"].reduce(0) {
                $0 + count(piece, in: contents(of: moving.furnished.directory.database + $1))
            }
        }
        #expect(found(gone) > 0)
        #expect(try await moving.move(moving.secret))
        try await moving.store.write { try $0.destroy(term: 1, at: noon + 70) }
        #expect(try await eventually { found(gone) == 0 })
        #expect(found(kept) > 0)
        #expect(found([UInt8](repeating: 0xDE, count: 100)) == 0)
    }

    @Test func `what was revoked before the next term began is shredded for good with its own`() async throws {
        let moving = try await Moving()
        let times = [noon + 59, noon + 60]
        var tombstones = times.map { time in
            var key = makeKey(in: moving.key.projectID, owner: moving.key.owner, status: .revoked)
            key.revokedAt = time
            return key
        }
        tombstones.append(moving.key)
        try await moving.furnished.add(Array(tombstones.dropLast()))
        #expect(try await moving.move(moving.secret))
        try await moving.store.write { try $0.destroy(term: 1, at: noon + 70) }
        _ = try await moving.store.write { try $0.noteShredComplete(after: [], limit: 9, at: noon + 70) }
        let complete = try tombstones.map { key in
            try moving.store.read { try $0.key(key.id) }?.record.shredCompleteAt
        }
        #expect(complete == [noon + 70, nil, nil])
    }

    @Test func `secrets come in batches, each behind the last`() async throws {
        let furnished = try await Furnished()
        let keys = try (0..<7).map { index in makeKey(in: furnished.project.id, owner: try owner("u\(index)")) }
        try await furnished.add(keys)
        try await furnished.store.write { transaction in
            for (index, key) in keys.enumerated() {
                try transaction.insert(
                    makeVersion(of: key, blindIndex: UInt8(index)), project: key.projectID, owner: key.owner,
                    provider: key.provider, leakBucket: nil)
            }
            try transaction.insertTerm(2, at: noon)
        }
        var (seen, all): ([KeyID], [KeyID]) = ([], [])
        var (last, lastOfAll): (SealedVersion?, SealedVersion?)
        for _ in 0..<4 {
            let batch = try furnished.store.read { try $0.versions(before: 2, after: last, limit: 2) }
            seen += batch.map(\.binding.keyID)
            last = batch.last
            let page = try furnished.store.read { try $0.sealedVersions(after: lastOfAll, limit: 2) }
            all += page.map(\.binding.keyID)
            lastOfAll = page.last
        }
        #expect(seen == keys.map(\.id).sorted { "\($0)" < "\($1)" })
        #expect(all == seen)
        #expect(try furnished.store.read { try $0.versions(before: 2, after: last, limit: 2) }.isEmpty)
        #expect(try furnished.store.read { try $0.countSecrets(before: 2) } == 7)
        #expect(try furnished.store.read { try $0.countSecrets(before: 1) } == 0)
    }
}
