import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// The disk is full: nothing new is stored, and what is to end ends all the same, out of what is kept for that.
@Suite struct FullDiskTests {
    private static let furnished = Task { try await FurnishedVault.make() }

    /// A vault on a disk that can be full.
    private struct Scene {
        let furnished: FurnishedVault
        let copy: TemporaryDirectory
        let disk: FaultyDisk
        let vault: Vault
        let who: Trial.Contexts
        var reserve: String { copy.path + "/data/" + Reserve.name }

        init() async throws {
            furnished = try await FullDiskTests.furnished.value
            copy = try furnished.copied()
            disk = FaultyDisk(copy.path + "/data")
            vault = try FurnishedVault.open(in: copy.path)
            try await vault.settle()
            who = Trial.Contexts(furnished, at: vault.time.now())
        }

        /// Does an act; what it threw.
        func refusal(of name: String) async throws -> VaultError? {
            let trial = try #require(Trial.all.first { $0.name == name })
            do {
                try await trial.act(vault, furnished, who)
                return nil
            } catch let error as VaultError {
                return error
            }
        }

        func logIsEmpty() async throws {
            try await eventually("the log is emptied") { size(of: copy.path + "/data/vault.db-wal") == 0 }
        }

        func size(of path: String) -> Int { TemporaryDirectory.bytes(of: path).count }
    }

    private static func isFull(_ error: VaultError?) -> Bool { if case .storageFull = error { true } else { false } }

    private static let endings = ["revoke", "delete", "quarantine", "revoke many", "revoke a token"]
    private static let others = ["create", "rotate", "reveal", "patch", "make a token", "change a policy"]

    @Test func `S08 where the disk is full nothing new is stored, and what is to end ends all the same`() async throws {
        let scene = try await Scene()
        #expect(scene.size(of: scene.reserve) == Reserve.byteCount)
        scene.disk.limit(to: scene.disk.used)
        for name in Self.others { #expect(Self.isFull(try await scene.refusal(of: name)), "\(name)") }
        #expect(scene.size(of: scene.reserve) == Reserve.byteCount)
        for name in Self.endings { #expect(try await scene.refusal(of: name) == nil, "\(name)") }
        #expect(scene.size(of: scene.reserve) == 0)
        // There is room now, and it is not for them.
        for name in Self.others { #expect(Self.isFull(try await scene.refusal(of: name)), "\(name)") }
        scene.disk.limit(to: nil)
        for name in Self.others { #expect(try await scene.refusal(of: name) == nil, "\(name)") }
        #expect(scene.size(of: scene.reserve) == Reserve.byteCount)
        scene.vault.close()
        let aftermath = Aftermath(path: scene.copy.path, furnished: scene.furnished)
        let last = try #require(Trial.all.first { $0.name == "sign a head" })
        #expect(try await aftermath.faults(after: last, scene.who.request, wasAcknowledged: true) == [])
    }

    @Test func `S08 where the disk is full a vault is sealed all the same, and has the entry that says so`()
        async throws
    {
        let scene = try await Scene()
        scene.disk.limit(to: scene.disk.used)
        #expect(Self.isFull(try await scene.refusal(of: "create")))
        #expect(try await scene.refusal(of: "seal") == nil)
        #expect(scene.vault.isSealed)
        scene.disk.limit(to: nil)
        scene.vault.close()
        let aftermath = Aftermath(path: scene.copy.path, furnished: scene.furnished)
        let seal = try #require(Trial.all.first { $0.name == "seal" })
        #expect(try await aftermath.faults(after: seal, scene.who.request, wasAcknowledged: true) == [])
    }

    @Test func `without what is kept for it, nothing ends where the disk is full`() async throws {
        let scene = try await Scene()
        truncate(scene.reserve, 0)
        scene.disk.limit(to: scene.disk.used)
        #expect(Self.isFull(try await scene.refusal(of: "revoke")))
        // What is not written down did not happen, and the keys stay open.
        #expect(Self.isFull(try await scene.refusal(of: "seal")))
        #expect(!scene.vault.isSealed)
        scene.disk.limit(to: nil)
        #expect(try await scene.refusal(of: "revoke") == nil)
        scene.vault.close()
    }

    @Test func `what is kept is enough for thousands of revocations, and for any that come at once with others`()
        async throws
    {
        let scene = try await Scene()
        let (vault, who) = (scene.vault, scene.who)
        var keys: [KeyID] = []
        for number in 0..<300 {
            keys.append(try await vault.store(FurnishedVault.secret(2000 + number), user: "u\(number)", who.app))
        }
        // What ends empties the log, which would be room.
        _ = try await vault.revoke(keys.removeLast(), reason: "leaked", who.app)
        try await scene.logIsEmpty()
        scene.disk.limit(to: scene.disk.used)
        let before = scene.disk.used - Reserve.byteCount
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (number, id) in keys.enumerated() {
                group.addTask { _ = try await vault.revoke(id, reason: "leaked", who.app) }
                group.addTask {
                    await #expect(throws: VaultError.self) {
                        try await vault.store(FurnishedVault.secret(5000 + number), user: "v\(number)", who.app)
                    }
                }
            }
            try await group.waitForAll()
        }
        try await scene.logIsEmpty()
        let perKey = (scene.disk.used - before) / keys.count
        #expect(perKey * 5000 < Reserve.byteCount, "\(perKey) bytes for each")
        scene.disk.limit(to: nil)
        vault.close()
    }

    @Test func `a quota that is used up is a full disk`() async throws {
        for (error, isFull) in [(EDQUOT, true), (ENOSPC, true), (EIO, false), (EROFS, false)] {
            let scene = try await Scene()
            scene.disk.fail(.write, at: 1, stays: true, with: error)
            let refusal = try await scene.refusal(of: "create")
            #expect(Self.isFull(refusal) == isFull, "\(error): \(String(describing: refusal))")
            scene.disk.heal()
            #expect(try await scene.refusal(of: "create") == nil)
            scene.vault.close()
        }
    }
}
