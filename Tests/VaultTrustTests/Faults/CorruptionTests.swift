import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// A few bytes of the files are not what they were: that is found, or it makes no difference. `make corruption COUNT=…`
/// does the same with other seeds.
@Suite struct CorruptionTests {
    private static let furnished = Task { try await FurnishedVault.make() }

    private static let asked = getenv("KEYSTOW_CORRUPTION_COUNT").flatMap { Int(String(cString: $0)) } ?? 0
    private static let first = getenv("KEYSTOW_CORRUPTION_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1

    /// What came of it.
    private enum Outcome: Sendable { case harmless, detected, wrong(String) }

    /// A vault as it lies there when its process is killed, with a log that is not empty; and as one that was closed.
    private struct Victims: Sendable {
        let closed: TemporaryDirectory
        let killed: TemporaryDirectory
        let furnished: FurnishedVault

        init() async throws {
            furnished = try await CorruptionTests.furnished.value
            closed = try furnished.copied()
            let running = try furnished.copied()
            let vault = try FurnishedVault.open(in: running.path)
            try await vault.settle()
            let who = Trial.Contexts(furnished, at: vault.time.now())
            for trial in Trial.ofRecords where !["revoke", "delete"].contains(trial.name) {
                if trial.balances, trial.action != nil { try await trial.act(vault, furnished, who) }
            }
            killed = try TemporaryDirectory()
            try FurnishedVault.copy(
                from: running.path, to: killed.path, [FurnishedVault.masterKey] + FurnishedVault.files)
            vault.close()
        }
    }

    private static let victims = Task { try await Victims() }

    /// Changes 1 to 64 bytes of a file: one after another, or each somewhere.
    private static func damage(_ bytes: inout [UInt8], _ dice: inout Dice) {
        let count = Int.random(in: 1...64, using: &dice)
        let start = Int.random(in: 0..<bytes.count, using: &dice)
        let isOneRun = Bool.random(using: &dice)
        for number in 0..<count {
            let place = isOneRun ? start + number : Int.random(in: 0..<bytes.count, using: &dice)
            guard place < bytes.count else { return }
            switch Int.random(in: 0..<4, using: &dice) {
            case 0: bytes[place] = 0
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
            default: bytes[place] = UInt8.random(in: 0...255, using: &dice)
            }
        }
    }

    private static func attempt(_ seed: UInt64) async throws -> Outcome {
        var dice = Dice(seed: seed)
        let victims = try await victims.value
        let isKilled = seed % 3 == 0
        let copy = try TemporaryDirectory()
        let source = isKilled ? victims.killed : victims.closed
        try FurnishedVault.copy(
            from: source.path, to: copy.path, [FurnishedVault.masterKey] + FurnishedVault.files)
        let name = isKilled && Bool.random(using: &dice) ? "data/vault.db-wal" : "data/vault.db"
        var bytes = TemporaryDirectory.bytes(of: "\(copy.path)/\(name)")
        damage(&bytes, &dice)
        try FurnishedVault.write(bytes, to: "\(copy.path)/\(name)")
        return await look(copy.path, victims.furnished, isKilled: isKilled)
    }

    /// Opens it and asks for everything.
    private static func look(_ path: String, _ furnished: FurnishedVault, isKilled: Bool) async -> Outcome {
        let vault: Vault
        do { vault = try FurnishedVault.open(in: path) } catch { return .detected }
        defer { vault.close() }
        let who = Trial.Contexts(furnished, at: vault.time.now())
        var hasFound = false
        do {
            try await vault.settle()
            var listing = KeyListing()
            listing.projectID = furnished.project
            let views = try vault.keys(listing, who.app).items
            if views.contains(where: { $0.status == .undecryptable }) { hasFound = true }
            _ = try vault.policy(project: furnished.project, provider: .anthropic, who.admin)
            _ = try vault.auditEntries(AuditFilter(), after: 0, limit: 200, who.admin)
        } catch {
            hasFound = true
        }
        for (number, id) in furnished.keys.enumerated() {
            do {
                let secret = try await vault.secret(of: id, who.app)
                let known = [FurnishedVault.secret(number), FurnishedVault.newSecret(number)]
                if !known.contains(secret) { return .wrong("key \(number) gives another plaintext") }
                // Where the log is cut short, what was done last may not have been done.
                if !isKilled, secret != known[number == FurnishedVault.Part.rolledBack.rawValue ? 1 : 0] {
                    return .wrong("key \(number) gives an older plaintext")
                }
                if !isKilled, number == FurnishedVault.Part.released.rawValue {
                    return .wrong("a quarantined key gives its plaintext")
                }
            } catch VaultError.wrongState(_, _) where number == FurnishedVault.Part.released.rawValue {
                continue
            } catch is VaultError {
                hasFound = true
            } catch {
                return .wrong("key \(number): \(error)")
            }
        }
        do {
            try await vault.store(FurnishedVault.secret(77), user: "after", who.app)
            _ = try await vault.revoke(furnished.key(.revoked), reason: "", who.app)
        } catch is VaultError {
            hasFound = true
        } catch {
            return .wrong("\(error)")
        }
        if !hasFound { hasFound = (try? Aftermath.faults(in: Intruder(path: path + "/data/vault.db"))) != [] }
        return hasFound ? .detected : .harmless
    }

    @Test func `S10 with random bytes of its files changed, a vault gives no wrong plaintext and does not end`()
        async throws
    {
        let seeds = Self.first..<Self.first + UInt64(max(Self.asked, 1000))
        let (detected, harmless, wrong) = try await withThrowingTaskGroup(of: (UInt64, Outcome).self) { group in
            var (detected, harmless, wrong, next) = (0, 0, [String](), seeds.lowerBound)
            func begin() {
                guard next < seeds.upperBound else { return }
                let seed = next
                group.addTask { (seed, try await FurnishedVault.turnstile.pass { try await Self.attempt(seed) }) }
                next += 1
            }
            for _ in 0..<3 { begin() }
            while let (seed, outcome) = try await group.next() {
                switch outcome {
                case .detected: detected += 1
                case .harmless: harmless += 1
                case .wrong(let what): wrong.append("seed \(seed): \(what)")
                }
                begin()
            }
            return (detected, harmless, wrong)
        }
        #expect(wrong == [])
        // Both happen, or the bytes were not where anything is.
        #expect(detected > seeds.count / 20 && harmless > seeds.count / 20, "\(detected), \(harmless)")
        if Self.asked > 0 { print("corruption: \(seeds.count) files, \(detected) detected, \(harmless) harmless") }
    }
}
