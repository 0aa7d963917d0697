import Synchronization

/// Lets one change of the keyring happen at a time. Safe to use from any thread.
final class KeyringTurn: Sendable {
    private let isTaken = Mutex(false)

    /// - Throws: `wrongState` while another is at it; what `body` throws.
    func alone<T: Sendable>(_ body: () async throws(VaultError) -> T) async throws(VaultError) -> T {
        let wasTaken = isTaken.withLock { isTaken in
            defer { isTaken = true }
            return isTaken
        }
        guard !wasTaken else {
            throw .wrongState(
                detail: "Another change of the keyring is being made.", hint: "Try again when it has been answered.")
        }
        defer { isTaken.withLock { $0 = false } }
        return try await body()
    }
}
