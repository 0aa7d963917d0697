import Synchronization

/// Lets one piece of work of a kind be done at a time. Safe to use from any thread.
final class Turn: Sendable {
    private let isTaken = Atomic(false)
    private let refusal: VaultError

    /// - Parameter refusal: what whoever comes meanwhile is told.
    init(refusing refusal: VaultError) { self.refusal = refusal }

    /// - Throws: the refusal while another is at it; what `body` throws.
    func alone<T: Sendable>(_ body: () async throws(VaultError) -> T) async throws(VaultError) -> T {
        guard !isTaken.exchange(true, ordering: .acquiring) else { throw refusal }
        defer { isTaken.store(false, ordering: .releasing) }
        return try await body()
    }
}
