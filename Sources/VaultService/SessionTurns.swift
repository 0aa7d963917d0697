import Synchronization
import VaultModel

/// Lets what is asked with one connect link run one after another, so that posts at once cost one test call.
///
/// Within this process only: what makes a link work once is its row. Safe to use from any thread.
final class SessionTurns: Sendable {
    /// Those who wait for a turn, by link; a link without an entry is free.
    private let waiting = Mutex<[ConnectSessionID: [CheckedContinuation<Void, Never>]]>([:])
    private let mostWaiting = 64

    func isTaken(_ session: ConnectSessionID) -> Bool {
        waiting.withLock { $0[session] != nil }
    }

    /// Runs `body` when it is this link's turn.
    ///
    /// - Throws: `overloaded` when too many wait already, or when the caller has gone meanwhile.
    func run<T>(
        _ session: ConnectSessionID, _ body: () async throws(VaultError) -> T
    ) async throws(VaultError) -> T {
        guard await take(session) else { throw .overloaded }
        defer { giveBack(session) }
        guard !Task.isCancelled else { throw .overloaded }
        return try await body()
    }

    private func take(_ session: ConnectSessionID) async -> Bool {
        let (isFree, isFull) = waiting.withLock { waiting in
            guard let queue = waiting[session] else {
                waiting[session] = []
                return (true, false)
            }
            return (false, queue.count >= mostWaiting)
        }
        if isFree || isFull { return isFree }
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[session] != nil else {
                    waiting[session] = []
                    return true
                }
                waiting[session]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
        return true
    }

    private func giveBack(_ session: ConnectSessionID) {
        let next: CheckedContinuation<Void, Never>? = waiting.withLock { waiting in
            guard let queue = waiting[session], !queue.isEmpty else {
                waiting[session] = nil
                return nil
            }
            return waiting[session]?.removeFirst()
        }
        next?.resume()
    }
}
