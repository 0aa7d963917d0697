import Testing
import VaultModel
import VaultTestKit

@testable import VaultService

/// What makes a link work once is its row: turns are of one process, and a second node would have its own.
@Suite struct ConnectCompletionTests {
    private static func end(
        _ vault: Vault, _ session: ConnectSessionID, with key: KeyID
    ) async throws(VaultError) {
        _ = try await vault.write { transaction in
            try vault.complete(
                session, with: key, reason: "stored", in: transaction, RequestContext(caller: .vault))
        }
    }

    private static func code(_ body: () async throws(VaultError) -> Void) async -> String {
        do throws(VaultError) {
            try await body()
            return "done"
        } catch {
            switch error {
            case .sessionUsed: return "used"
            case .sessionExpired: return "expired"
            default: return "\(error)"
            }
        }
    }

    @Test func `a link is used up by the first transaction that says so, without any turns`() async throws {
        try await RunningVault.run { running in
            let (vault, now) = (running.vault, running.time.now())
            let app = RequestContext(caller: try vault.caller(bearing: "Bearer \(running.appToken)"))
            let owner = try #require(UserID("ada"))
            let first = try await vault.createConnectSession(ConnectSessionRequest(owner: owner), app).record.id
            #expect(
                await Self.code { () async throws(VaultError) in try await Self.end(vault, first, with: KeyID(at: now))
                } == "done")
            #expect(
                await Self.code { () async throws(VaultError) in try await Self.end(vault, first, with: KeyID(at: now))
                } == "used")
            let withdrawn = try await vault.createConnectSession(ConnectSessionRequest(owner: owner), app).record.id
            _ = try await vault.cancelConnectSession(withdrawn, app)
            #expect(
                await Self.code { () async throws(VaultError) in
                    try await Self.end(vault, withdrawn, with: KeyID(at: now))
                } == "expired")
        }
    }
}
