import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// The disk fails at every call in turn, as SQLite's own tests have it: each act is done whole or not at all, says which,
/// and the vault goes on.
@Suite struct StorageFaultTests {
    private static let furnished = Task { try await FurnishedVault.make() }

    /// Every how manyth call fails in a test run; every one of them where all was asked for (`make faults`).
    private static func step(of trial: Trial) -> Int {
        getenv("KEYSTOW_ALL_FAULTS") == nil ? trial.isLong ? 11 : 3 : 1
    }

    /// What comes of an act when one of its calls to the disk fails.
    private struct Attempt {
        var hasFailed = false
        var error: VaultError?
    }

    /// Does the act on a copy, with the disk failing as `arrange` says, and looks at everything afterwards.
    private static func attempt(
        _ trial: Trial, _ arrange: (FaultyDisk) -> Void, _ what: String,
        at location: SourceLocation = #_sourceLocation
    ) async throws -> Attempt {
        let furnished = try await Self.furnished.value
        let copy = try furnished.copied()
        let disk = FaultyDisk(copy.path + "/data")
        let time = FurnishedVault.later()
        let vault = try FurnishedVault.open(in: copy.path, time)
        try await vault.settle()
        arrange(disk)
        let who = Trial.Contexts(furnished, at: time.now())
        var attempt = Attempt()
        do {
            try await trial.act(vault, furnished, who)
        } catch let error as VaultError {
            attempt.error = error
        }
        attempt.hasFailed = disk.failures > 0
        disk.heal()
        disk.limit(to: nil)
        // The same process goes on as soon as the disk does.
        if vault.isSealed {
            #expect(trial.action == .keyringSealed, "\(what)", sourceLocation: location)
        } else {
            let secret = try await vault.secret(of: furnished.key(.bystander), RequestContext(caller: who.app.caller))
            #expect(secret == FurnishedVault.secret(0), "\(what)", sourceLocation: location)
            let isToBeSealed = trial.action == .keyringSealed && attempt.error == nil
            #expect(!isToBeSealed, "\(what)", sourceLocation: location)
        }
        vault.close()
        let aftermath = Aftermath(path: copy.path, furnished: furnished)
        let faults = try await aftermath.faults(after: trial, who.request, wasAcknowledged: attempt.error == nil)
        #expect(faults == [], "\(what)", sourceLocation: location)
        withExtendedLifetime(disk) {}
        return attempt
    }

    private static func isClear(_ error: VaultError?) -> Bool {
        switch error {
        case nil, .storageUnavailable, .storageFull: true
        default: false
        }
    }

    @Test(arguments: Trial.all, [false, true])
    func `S04 whichever call to the disk fails, once or for good, an act is done whole or not at all`(
        trial: Trial, stays: Bool
    ) async throws {
        var refused = 0
        let step = Self.step(of: trial)
        let first = 1 + trial.name.utf8.count % step
        for number in stride(from: first, to: .max, by: step) {
            let what = "\(trial.name), call \(number)\(stays ? " and all after it" : "")"
            let attempt = try await FurnishedVault.turnstile.pass {
                try await Self.attempt(trial, { $0.fail(at: number, stays: stays, with: EIO) }, what)
            }
            guard attempt.hasFailed else { break }
            #expect(Self.isClear(attempt.error), "\(what): \(String(describing: attempt.error))")
            if attempt.error != nil { refused += 1 }
        }
        // To seal is one entry, and no row.
        let least = trial.action == .keyringSealed ? 6 : 15
        #expect(refused > least / step, "\(trial.name): the disk hardly ever failed")
    }
}
