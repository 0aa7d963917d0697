import Synchronization

/// Whether a backup is being made: a second one at the same time would need the same room again.
final class BackupTurn: Sendable {
    private let isTaken = Atomic(false)

    /// - Returns: `false` while another is made.
    func begin() -> Bool { !isTaken.exchange(true, ordering: .acquiring) }

    func end() { isTaken.store(false, ordering: .releasing) }
}
