import Synchronization

/// Lets so many tests at once do what is dear, and the others wait their turn. Safe to use from any task.
///
/// Every test is begun at once, and a few hundred vaults with their threads would leave none of them enough time.
package final class Turnstile: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    package init(width: Int) {
        state = Mutex(State(free: width))
    }

    /// Runs `body` when it is its turn; one that goes through twice, once within the other, may wait for itself.
    package func pass<T>(_ body: () async throws -> T) async rethrows -> T {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
        defer { letNextIn() }
        return try await body()
    }

    private func letNextIn() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
