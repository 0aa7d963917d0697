import Synchronization
package import VaultModel

/// Time that moves only when it is told to, and knows who sleeps.
package final class ManualTime: TimeSource {
    private struct Sleeper {
        let id: Int
        let end: Int64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: Int64
        var next = 0
        var sleepers: [Sleeper] = []
    }

    private let state: Mutex<State>

    package init(_ start: Timestamp = Timestamp(milliseconds: 1_800_000_000_000)) {
        state = Mutex(State(now: start.milliseconds))
    }

    package func now() -> Timestamp { Timestamp(milliseconds: state.withLock(\.now)) }

    /// How many sleep now.
    package var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    package func advance(by seconds: Int) {
        let woken = state.withLock { state in
            state.now += Int64(seconds) * 1000
            let woken = state.sleepers.filter { $0.end <= state.now }
            state.sleepers.removeAll { $0.end <= state.now }
            return woken
        }
        for sleeper in woken { sleeper.continuation.resume() }
    }

    package func sleep(for duration: Duration) async throws {
        let id = state.withLock { state in
            state.next += 1
            return state.next
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isCancelled = Task.isCancelled
                let isOver = state.withLock { state in
                    let end = state.now + Int64(duration / .milliseconds(1))
                    guard !isCancelled, end > state.now else { return true }
                    state.sleepers.append(Sleeper(id: id, end: end, continuation: continuation))
                    return false
                }
                if isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else if isOver {
                    continuation.resume()
                }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                defer { state.sleepers.removeAll { $0.id == id } }
                return state.sleepers.first { $0.id == id }
            }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }
}
