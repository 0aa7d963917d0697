import Synchronization
import Testing
import VaultModel
import VaultTestKit

@testable import VaultService

@Suite struct SessionTurnsTests {
    /// What those who ask saw.
    private final class Watch: Sendable {
        private let state = Mutex((running: 0, most: 0, served: 0, sentAway: 0))
        let gate = Mutex<CheckedContinuation<Void, Never>?>(nil)

        var most: Int { state.withLock(\.most) }
        var served: Int { state.withLock(\.served) }
        var sentAway: Int { state.withLock(\.sentAway) }

        func enter() {
            state.withLock { state in
                state.running += 1
                state.most = max(state.most, state.running)
            }
        }

        func leave() { state.withLock { $0.running -= 1 } }
        func note(served: Bool) { state.withLock { if served { $0.served += 1 } else { $0.sentAway += 1 } } }

        func hold() async {
            await withCheckedContinuation { continuation in gate.withLock { $0 = continuation } }
        }
    }

    private static func session(_ number: Int64 = 0) -> ConnectSessionID {
        ConnectSessionID(at: Timestamp(milliseconds: 1_800_000_000_000 + number))
    }

    /// Forty that ask at once, for each the link that `link` gives; how many ran at the same time.
    private static func mostAtOnce(_ link: @escaping @Sendable (Int64) -> ConnectSessionID) async -> Int {
        let turns = SessionTurns()
        let watch = Watch()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<40 as Range<Int64> {
                group.addTask {
                    try? await turns.run(link(number)) { () async throws(VaultError) in
                        watch.enter()
                        for _ in 0..<20 { await Task.yield() }
                        watch.leave()
                    }
                }
            }
        }
        return watch.most
    }

    @Test func `what is asked at once with one link runs one after another, and with many links at once`() async {
        let one = Self.session()
        #expect(await Self.mostAtOnce { _ in one } == 1)
        #expect(await Self.mostAtOnce { Self.session($0) } > 1, "the control")
    }

    @Test func `a turn ends with an error too, and too many who wait at once are sent away`() async throws {
        let turns = SessionTurns()
        let session = Self.session()
        await #expect(throws: VaultError.self) {
            try await turns.run(session) { () async throws(VaultError) in throw .sealed }
        }
        #expect(!turns.isTaken(session))
        let watch = Watch()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await turns.run(session) { () async throws(VaultError) in await watch.hold() } }
            try await eventually("the first has its turn") { watch.gate.withLock { $0 != nil } }
            #expect(turns.isTaken(session))
            for _ in 0..<80 {
                group.addTask {
                    do throws(VaultError) {
                        try await turns.run(session) { () async throws(VaultError) in watch.note(served: true) }
                    } catch {
                        watch.note(served: false)
                    }
                }
            }
            try await eventually("those beyond the bound are sent away") { watch.sentAway == 16 }
            watch.gate.withLock { $0?.resume() }
            try await group.waitForAll()
        }
        #expect(watch.served == 64)
        #expect(!turns.isTaken(session), "nothing is kept of a link that nobody asks with")
    }
}
