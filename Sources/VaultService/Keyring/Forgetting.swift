import Synchronization
import VaultModel
import VaultStore

extension Vault {
    /// Whether the keys have been forgotten, so that nothing can be opened until the next start.
    package var isSealed: Bool { openKeyring.withLock { $0 == nil } }

    /// Forgets the master, the terms, the index root and what is derived from it, and the signer of the audit log.
    ///
    /// The entry that says so and a head over it are written first, also where the disk is full. Requests that are being
    /// answered may still end well, a change of the keyring among them; every later one is refused.
    package func seal(_ context: RequestContext) async throws(VaultError) {
        try context.require(.keyringWrite)
        _ = try await write(context, isEnding: true) { [self] transaction in
            try transaction.append(
                AuditEntry(
                    at: time.now(), actor: context.caller, action: .keyringSealed, object: "\(instance)",
                    requestID: context.requestID))
        }
        try? await signHead()
        forgetKeys()
    }

    /// The same at once and without an entry, as when the random generator has failed: nothing is to be signed any more.
    func forgetKeys() {
        openKeyring.withLock { $0 = nil }
        masterKeys.forget()
        signing.signer = nil
        tokenCache.forget()
        tell(.keyringSealed)
    }
}
