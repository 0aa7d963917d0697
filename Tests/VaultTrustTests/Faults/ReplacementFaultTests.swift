import Glibc
import Testing
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// The disk fails while a restore takes the old database, whose newest commits are in its log alone, out of the way.
@Suite struct ReplacementFaultTests {
    private static let furnished = Task { try await FurnishedVault.make() }

    /// The files of a vault as they lie there when its process is killed after a key was stored.
    private static func killed() async throws -> TemporaryDirectory {
        let furnished = try await furnished.value
        let (copy, killed) = (try furnished.copied(), try TemporaryDirectory())
        let vault = try FurnishedVault.open(in: copy.path)
        defer { vault.close() }
        try await vault.settle()
        try await vault.store(
            FurnishedVault.secret(97), user: "newest", RequestContext(caller: FurnishedVault.app(furnished.project)))
        try FurnishedVault.copy(from: copy.path, to: killed.path, FurnishedVault.files)
        return killed
    }

    /// How many keys the user has whose key is in the log alone.
    private static func newest(in database: String) throws -> Int {
        try Intruder(path: database).rows("SELECT 1 FROM keys WHERE owner = 'newest'").count
    }

    /// Puts an empty vault in place of the one in `directory`; what it threw.
    private static func replace(_ directory: TemporaryDirectory) throws -> (error: StoreError?, aside: String?) {
        let replacement = try Replacement(in: directory.path + "/data", isExclusive: true)
        let other = try TemporaryDirectory()
        try Store(directory: other.path + "/data", chain: { _, entry in Array(entry.prefix(32)) }).close()
        try FurnishedVault.write(TemporaryDirectory.bytes(of: other.path + "/data/vault.db"), to: replacement.staged)
        do throws(StoreError) {
            return (nil, try replacement.putInPlace())
        } catch {
            return (error, nil)
        }
    }

    @Test(arguments: [false, true])
    func `whichever call to the disk fails, the old database is put aside whole, or left as it was`(stays: Bool)
        async throws
    {
        let killed = try await Self.killed()
        // Otherwise nothing could be lost here.
        let bare = try TemporaryDirectory()
        try FurnishedVault.copy(from: killed.path, to: bare.path, ["data/vault.db"])
        #expect(try Self.newest(in: bare.path + "/data/vault.db") == 0)
        #expect(try Self.newest(in: killed.path + "/data/vault.db") == 1)
        var refusals = 0
        for number in 1... {
            let copy = try TemporaryDirectory()
            try FurnishedVault.copy(from: killed.path, to: copy.path, FurnishedVault.files)
            let disk = FaultyDisk(copy.path + "/data")
            disk.fail(at: number, stays: stays, with: EIO)
            let (error, aside) = try Self.replace(copy)
            let hasFailed = disk.failures > 0
            disk.heal()
            if error == nil {
                // Whole without any log.
                let alone = try TemporaryDirectory()
                try FurnishedVault.write(
                    TemporaryDirectory.bytes(of: try #require(aside) + "/vault.db"), to: alone.path + "/vault.db")
                #expect(try Self.newest(in: alone.path + "/vault.db") == 1, "call \(number)")
                #expect(try Self.newest(in: copy.path + "/data/vault.db") == 0, "call \(number)")
            } else {
                refusals += 1
                #expect(try Self.newest(in: copy.path + "/data/vault.db") == 1, "call \(number)")
                #expect(!TemporaryDirectory.names(in: copy.path + "/data").contains { $0.contains("replaced-") })
            }
            withExtendedLifetime(disk) {}
            guard hasFailed else { break }
        }
        #expect(refusals > 5, "the disk hardly ever failed")
    }

    @Test func `on a full disk, where the log finds no room in the old database, nothing is put in its place`()
        async throws
    {
        let copy = try await Self.killed()
        let disk = FaultyDisk(copy.path + "/data")
        disk.fail(.write, at: 1, stays: true, with: ENOSPC)
        #expect(try Self.replace(copy).error == .full)
        #expect(try Self.newest(in: copy.path + "/data/vault.db") == 1)
        disk.heal()
        #expect(try Self.replace(copy).error == nil)
        #expect(try Self.newest(in: copy.path + "/data/vault.db") == 0)
        withExtendedLifetime(disk) {}
    }
}
