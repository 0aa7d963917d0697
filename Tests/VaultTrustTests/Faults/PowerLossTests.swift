import Glibc
import Testing
import VaultModel
import VaultTestKit

/// What was acknowledged survives the loss of power. `make power-loss RUNS=…` does the same with other seeds.
@Suite struct PowerLossTests {
    private static let furnished = Task { try await FurnishedVault.make() }

    /// How many runs were asked for besides those of every test run, and from which seed on.
    private static let asked = getenv("KEYSTOW_POWER_LOSS_RUNS").flatMap { Int(String(cString: $0)) } ?? 0
    private static let first = getenv("KEYSTOW_POWER_LOSS_SEED").flatMap { UInt64(String(cString: $0)) } ?? 1

    /// The faults of all runs, and how much was acknowledged in them.
    private static func run(
        _ seeds: Range<UInt64>, syncs: Bool = true
    ) async throws -> (faults: [String], acknowledged: Int) {
        let furnished = try await furnished.value
        return try await withThrowingTaskGroup(of: PowerLoss.Result.self) { group in
            var (faults, acknowledged, next) = ([String](), 0, seeds.lowerBound)
            func begin() {
                guard next < seeds.upperBound else { return }
                let loss = PowerLoss(furnished: furnished, seed: next, syncs: syncs)
                group.addTask { try await FurnishedVault.turnstile.pass { try await loss.run() } }
                next += 1
            }
            for _ in 0..<3 { begin() }
            var done = 0
            while let result = try await group.next() {
                faults += result.faults
                acknowledged += result.acknowledged
                done += 1
                if asked > 0, syncs, done % 500 == 0 { print("power-loss: \(done) runs, faults: \(faults)") }
                begin()
            }
            return (faults, acknowledged)
        }
    }

    @Test func `S05 what was acknowledged is there and whole when the power is back`() async throws {
        let count = max(Self.asked, 60)
        let (faults, acknowledged) = try await Self.run(Self.first..<Self.first + UInt64(count))
        #expect(faults == [])
        #expect(acknowledged > count)
        if Self.asked > 0 {
            print("power-loss: \(count) runs, \(acknowledged) acts acknowledged, \(faults.count) faults")
        }
    }

    @Test func `S06 a vault that does not sync loses what it acknowledged`() async throws {
        let (faults, _) = try await Self.run(1..<41, syncs: false)
        #expect(faults.count > 10)
        if Self.asked > 0 { print("power-loss: without syncs, \(faults.count) faults in 40 runs") }
    }
}
