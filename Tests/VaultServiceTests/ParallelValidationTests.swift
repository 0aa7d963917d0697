import Synchronization
import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import VaultService

/// Many test calls at once.
struct ParallelValidationTests {
    /// A provider that counts who is with it, and lets nobody go until it is told to.
    private final class Counter: Sendable {
        private struct State {
            var inFlight = 0
            var most = 0
            var calls = 0
            var answered = 0
            var isOpen = false
            var held: [CheckedContinuation<Void, Never>] = []
        }

        private let state = Mutex(State())
        var inFlight: Int { state.withLock(\.inFlight) }
        var most: Int { state.withLock(\.most) }
        var calls: Int { state.withLock(\.calls) }
        /// How many of those who asked for a validation have been told what came of it.
        var answered: Int { state.withLock(\.answered) }

        func noteAnswer() { state.withLock { $0.answered += 1 } }

        func letGo() {
            let held = state.withLock { state in
                defer { state.held = [] }
                state.isOpen = true
                return state.held
            }
            for continuation in held { continuation.resume() }
        }

        var provider: RunningVault.Provider {
            .function { _ in
                await withCheckedContinuation { continuation in
                    let goesOn = self.state.withLock { state in
                        state.calls += 1
                        state.inFlight += 1
                        state.most = max(state.most, state.inFlight)
                        if !state.isOpen { state.held.append(continuation) }
                        return state.isOpen
                    }
                    if goesOn { continuation.resume() }
                }
                self.state.withLock { $0.inFlight -= 1 }
                return .accepting
            }
        }
    }

    private enum End: Equatable { case stored, limited, other }

    private static func create(_ number: Int, in vault: Vault, _ context: RequestContext) async -> End {
        guard let owner = UserID("user-\(number)") else { return .other }
        let paste = WipedBuffer(FakeKeys.anthropic("valid", number))
        do {
            _ = try await vault.create(KeyIntake(owner: owner, paste: paste), context)
            return .stored
        } catch .validationLimit(let wait, _) {
            return wait > 0 ? .limited : .other
        } catch {
            return .other
        }
    }

    @Test func `V13 of 1,000 validations in parallel 16 are with the provider, the others are 429, none is lost`()
        async throws
    {
        let counter = Counter()
        try await RunningVault.run(
            provider: counter.provider, configuration: VaultConfiguration(validationLimits: nil)
        ) { running in
            let context = RequestContext(
                caller: Caller(
                    tokenID: nil, name: "test", kind: .token(.app), projectID: ProjectID(running.projectID),
                    scopes: .appDefault))
            let vault = running.vault
            let ends = try await withThrowingTaskGroup(of: End.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let end = await Self.create(number, in: vault, context)
                        counter.noteAnswer()
                        return end
                    }
                }
                // Those that are held must be let go also where this fails, or the group would wait for ever.
                defer { counter.letGo() }
                try await eventually("each has its answer or is with the provider") {
                    counter.answered + counter.inFlight == 1000
                }
                #expect(counter.inFlight == 16)
                counter.letGo()
                return try await group.reduce(into: [End]()) { $0.append($1) }
            }
            #expect(ends.count == 1000)
            #expect(ends.count { $0 == .stored } == 16)
            #expect(ends.count { $0 == .limited } == 984)
            #expect((counter.most, counter.calls) == (16, 16))
            #expect(counter.inFlight == 0)
            let stored = try await running.call("GET", "/v1/keys?limit=200").json["data"].items
            #expect(stored.count == 16)
            // The places were given back.
            #expect(await Self.create(1000, in: vault, context) == .stored)
        }
    }
}
