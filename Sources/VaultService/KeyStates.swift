package import VaultModel

/// What can be asked of a key whose answer depends on its state.
package enum KeyOperation: String, Sendable, CaseIterable {
    case read, reveal, check, rotate, rollback, quarantine, release, update, revoke, delete
}

/// The table of states of the API: which operation is possible in which state. Pure.
package enum KeyStates {
    package enum Permission: Sendable, Equatable {
        case allowed, wrongState, gone
    }

    /// Whether `operation` is possible on a key in `status`; the grace time of a rollback is checked apart.
    package static func permission(for operation: KeyOperation, in status: KeyStatus) -> Permission {
        switch operation {
        case .read, .revoke, .delete:
            .allowed
        case _ where status == .revoked:
            .gone
        case .rotate, .update:
            .allowed
        case .check:
            status == .expired || status == .undecryptable ? .wrongState : .allowed
        case .reveal, .rollback:
            isWorking(status) ? .allowed : .wrongState
        case .quarantine:
            isWorking(status) || status == .quarantined ? .allowed : .wrongState
        case .release:
            status == .quarantined ? .allowed : .wrongState
        }
    }

    /// Whether a key in this status may be handed out.
    package static func isWorking(_ status: KeyStatus) -> Bool {
        status == .active || status == .unverified || status == .failing
    }

    /// The status that follows from a provider's answer to a new secret.
    package static func status(after verdict: VerdictCode) -> KeyStatus {
        verdict.isAcceptance ? .active : .unverified
    }

    /// Refuses what the state does not allow, in words that say what to do.
    static func require(_ operation: KeyOperation, of key: KeyRecord) throws(VaultError) {
        switch permission(for: operation, in: key.status) {
        case .allowed: return
        case .gone: throw .keyRevoked(key.id)
        case .wrongState:
            throw .wrongState(
                detail: "The key is \(key.status.rawValue); this call is not possible in that state.",
                hint: hint(for: key.status, operation))
        }
    }

    private static func hint(for status: KeyStatus, _ operation: KeyOperation) -> String {
        switch (status, operation) {
        case (_, .release): "Only a quarantined key can be released."
        case (.quarantined, _): "Release the key first, or rotate it and then release it."
        case (.expired, _): "Rotate the key: a new secret makes it active again."
        case (.undecryptable, _):
            "The stored record or its ciphertext cannot be believed. Rotate the key with a fresh secret; nothing else is affected."
        default: "Look at the key's status and try another call."
        }
    }
}
