import Synchronization
import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import VaultAPI

/// What the vault tells whoever runs it.
@Suite struct NoticeTests {
    private final class Notices: Sendable {
        private let words = Mutex<[String]>([])
        var all: [String] { words.withLock(\.self) }

        func add(_ notice: VaultNotice) {
            let word =
                switch notice {
                case .schedulerFailed(let error): "failed: \(ProblemCode(error).rawValue)"
                case .schedulerRecovered: "recovered"
                case .revealSpike: "spike"
                case .providerSuspect(let provider): "suspect: \(provider)"
                case .checksStopped: "stopped"
                case .keyUndecryptable: "undecryptable"
                case .rowForged: "forged"
                case .openedByPreviousMasterKey: "previous master key"
                case .anchorUnwritable: "anchor unwritable"
                case .anchorWritten: "anchor written"
                case .anchorBegun: "anchor begun"
                case .anchorExposed: "anchor exposed"
                case .anchorTampered: "anchor tampered"
                case .auditTampered: "audit tampered"
                case .recoveryKeyDamaged: "recovery key damaged"
                case .rekeyFailed: "rekey failed"
                case .rekeyFinished: "rekey finished"
                case .keyringMended: "keyring mended"
                case .keyringSealed: "sealed"
                }
            words.withLock { $0.append(word) }
        }
    }

    private static func run(
        _ provider: ProviderSwitch = ProviderSwitch(), limits: ValidationLimits? = nil,
        _ body: (RunningVault, Notices) async throws -> Void
    ) async throws {
        let notices = Notices()
        var configuration = Stage.quiet(limits)
        configuration.revealAlarm = 2
        configuration.writePatience = .seconds(3)
        configuration.observe = { notices.add($0) }
        try await RunningVault.run(provider: provider.provider, configuration: configuration) {
            try await body($0, notices)
        }
    }

    @Test func `a pass of the scheduler that fails is told with its code, and so is the first that does not`()
        async throws
    {
        try await Self.run { vault, notices in
            let scheduler = Task { await RotationScheduler(vault.vault).run() }
            defer { scheduler.cancel() }
            try await eventually("the first pass is over") { vault.time.sleeperCount == 1 }
            #expect(notices.all == [])
            try await vault.withoutWrites {
                vault.time.advance(by: 60)
                try await eventually("a failure is told") { notices.all == ["failed: audit_unavailable"] }
                try await eventually("it waits for the next") { vault.time.sleeperCount == 1 }
            }
            #expect(vault.vault.tallies.failedPasses.value == 1)
            vault.time.advance(by: 60)
            try await eventually("the recovery is told") { notices.all.last == "recovered" }
            #expect(notices.all.count == 2)
        }
    }

    @Test func `a spike of reveals, a forged row and a stop of test calls are told`() async throws {
        let provider = ProviderSwitch()
        try await Self.run(provider, limits: .standard) { vault, notices in
            for number in 0..<2 {
                let id = try await vault.store(FakeKeys.anthropic("n", number))
                #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
            }
            #expect(notices.all == ["spike"])
            try vault.tamper("UPDATE keys SET owner = 'somebody else'")
            _ = try await vault.get("/v1/keys")
            try await eventually("two forgeries are told") { notices.all.count { $0 == "undecryptable" } == 2 }
            let token = try await vault.token(scopes: "keys:read")
            try vault.tamper("UPDATE tokens SET scopes = 2047 WHERE name = 't'")
            expectProblem(try await vault.get("/v1/keys", token: token), 401, "invalid_token")
            try await eventually("a forgery is told") { notices.all.contains("forged") }
            provider.answers(.refusing)
            for number in 0..<5 {
                expectProblem(
                    try await vault.create(FakeKeys.anthropic("bad", number), user: "u"), 422, "invalid_key",
                    ["provider_error", "docs_url"])
                vault.time.advance(by: 60)
            }
            #expect(notices.all.last == "stopped")
        }
    }
}
