import Dispatch
import Synchronization
import Testing
import VaultModel
import VaultStore
import VaultTestKit

@testable import VaultService

struct MassRevocationTests {
    /// How far the read below has come.
    private final class Progress: Sendable {
        let reads = Atomic(0)
        let goOn = DispatchSemaphore(value: 0)
    }

    @Test func `a read that runs at once with an order shows its keys as revoked`() async throws {
        try await RunningVault.run { running in
            let body = #"{"user_id":"ada","key":"\#(FakeKeys.anthropic())","validation":"skip"}"#
            #expect(try await running.call("POST", "/v1/keys", body).status == 201)
            let vault = running.vault
            let id = try #require(
                try vault.reading { transaction in
                    try transaction.keys(matching: KeyFilter(), before: nil, limit: 1).first?.record.id
                })

            let progress = Progress()
            async let shown = Threads.run {
                try vault.reading { transaction in
                    let isFirst = progress.reads.add(1, ordering: .sequentiallyConsistent).newValue == 1
                    // The first read takes its view of the rows before the order comes, and judges them after it.
                    let stored = try transaction.key(id)
                    if isFirst { progress.goOn.wait() }
                    return try stored.map { try vault.believe($0, under: .standard).status }
                }
            }
            try await eventually("the read has begun") { progress.reads.load(ordering: .sequentiallyConsistent) == 1 }
            let order = #"{"user_id":"ada","reason":"test"}"#
            #expect(try await running.call("POST", "/v1/revoke", order, token: running.adminToken).status == 200)
            try await eventually("the order has been carried out") { vault.finishedOrders == 1 }
            progress.goOn.signal()
            #expect(try await shown == .revoked)
            #expect(progress.reads.load(ordering: .sequentiallyConsistent) == 2)
        }
    }
}
