import Synchronization

/// Lets one piece of work of a kind be done at a time. Safe to use from any thread.
final class Turn: Sendable {
    /// Whose turn it is, for as long as this is kept.
    final class Held: Sendable {
        private let turn: Turn

        fileprivate init(_ turn: Turn) { self.turn = turn }

        deinit { turn.isTaken.store(false, ordering: .releasing) }
    }

    private let isTaken = Atomic(false)
    private let refusal: VaultError

    /// - Parameter refusal: what whoever comes meanwhile is told.
    init(refusing refusal: VaultError) { self.refusal = refusal }

    /// - Throws: the refusal while another has it.
    func take() throws(VaultError) -> Held {
        guard !isTaken.exchange(true, ordering: .acquiring) else { throw refusal }
        return Held(self)
    }

    /// - Throws: the refusal while another is at it; what `body` throws.
    func alone<T: Sendable>(_ body: () async throws(VaultError) -> T) async throws(VaultError) -> T {
        let held = try take()
        defer { withExtendedLifetime(held) {} }
        return try await body()
    }
}
