import VaultCrypto
package import VaultModel
import VaultStore

/// A secret on its way to the app that may have it.
package struct RevealedKey: ~Copyable, Sendable {
    package let id: KeyID
    package let provider: ProviderID
    package let version: Int
    package let secret: SecretBytes
}

extension Vault {
    /// Hands out a key's current secret.
    ///
    /// Its audit entry is durable before the secret is opened, and is written on the condition that the record is
    /// still as it was when this was decided; otherwise it is decided again.
    ///
    /// - Throws: `invalidField` for a reason that holds a credential, `notFound`, `wrongState`, `keyRevoked`; `auditUnavailable` when the entry could not be written in
    ///   time. In every case nothing is released.
    package func reveal(
        _ id: KeyID, reason: String, _ context: RequestContext
    ) async throws(VaultError) -> RevealedKey {
        try context.require(.keysReveal)
        try requireNoCredential(in: reason, of: "reason")
        for _ in 0..<8 {
            let decided: (view: KeyView, sealed: SealedSecret?) = try reading { transaction in
                let view = try find(id, for: context.caller, in: transaction)
                try KeyStates.require(.reveal, of: view.record)
                return (view, try transaction.version(view.record.currentVersion, of: id)?.sealed)
            }
            guard try await commit(revealOf: decided.view, reason: reason, context) else { continue }
            let key = decided.view.record
            guard let secret = try openStored(decided.sealed, of: key) else {
                try await markUndecryptable(id, revision: key.revision)
                throw .wrongState(
                    detail: "The stored ciphertext does not open; nothing was released.",
                    hint: "Rotate the key with a fresh secret. Other keys are not affected.")
            }
            return RevealedKey(id: id, provider: key.provider, version: key.currentVersion, secret: secret)
        }
        throw .versionConflict(detail: "The key kept changing while it was being revealed.")
    }

    /// Writes the entry of a release, if the record is still the one that was decided on.
    private func commit(
        revealOf decided: KeyView, reason: String, _ context: RequestContext
    ) async throws(VaultError) -> Bool {
        try await write { [self] transaction in
            guard let stored = try transaction.key(decided.record.id) else { return false }
            let policy = try policy(for: stored.record, in: transaction)
            let current = try believe(stored, under: policy)
            guard current.record.revision == decided.record.revision, current.status == decided.status else {
                return false
            }
            let now = time.now()
            var record = stored.record
            if record.staleReasons.contains(.unused) {
                StaleFlags.set(.unused, false, on: &record, at: now)
                record.lastUsedAt = now
                record.revision = record.revision.next
                record.dueAt = RotationPlan.nextLook(at: record, under: policy, from: now)
                try transaction.update(record, mac: mac(of: record))
            } else if record.lastUsedAt.map({ now >= $0 + 60 }) ?? true {
                try transaction.touch(key: record.id, usedAt: now)
            }
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: context.caller, action: .keyRevealed, object: "\(record.id)", keyID: record.id,
                    projectID: record.projectID, requestID: context.requestID,
                    keyRef: keyring.auditReference(of: record.blindIndex), reason: reason, revision: record.revision))
            try raiseAlarm(ifBy: context, about: record, at: now, in: transaction)
            return true
        }
    }

    /// Says so when the token that reveals this key has revealed too many.
    private func raiseAlarm(
        ifBy context: RequestContext, about key: KeyRecord, at now: Timestamp, in transaction: WriteTransaction
    ) throws {
        guard let token = context.caller.tokenID, reveals.note(key.id, by: token, at: now) else { return }
        tallies.revealAlarms.add()
        tell(.revealSpike(token))
        _ = try transaction.append(
            AuditEntry(
                at: now, actor: context.caller, action: .tokenRevealSpike, object: "\(token)",
                projectID: key.projectID, outcome: "alarm", requestID: context.requestID,
                reason: "\(configuration.revealAlarm) keys in \(RevealWatch.span) seconds"))
    }

    /// The secret of `version`, else of the current one; `nil` when the box does not open in its place.
    func open(
        _ sealed: SealedSecret, of key: KeyRecord, version: Int? = nil
    ) throws(VaultError) -> SecretBytes? {
        try open(sealed, under: key.binding(of: version ?? key.currentVersion))
    }

    /// The secret, or `nil` when the box was not sealed for `binding`.
    func open(_ sealed: SealedSecret, under binding: SecretBinding) throws(VaultError) -> SecretBytes? {
        let keyring = try keyring
        do {
            do throws(CryptoError) {
                return try keyring.open(sealed, for: binding)
            } catch .cannotOpen {
                // What is found not to open is written down as such. A library that failed says the same, once.
                return try keyring.open(sealed, for: binding)
            }
        } catch .cannotOpen {
            return nil
        } catch {
            throw VaultError(error)
        }
    }

    /// Records that the ciphertext does not open, so that everyone sees it.
    func markUndecryptable(_ id: KeyID, revision: Int) async throws(VaultError) {
        _ = try await write { [self] transaction in
            let view = try find(id, for: .vault, in: transaction)
            guard view.integrity == .sound, view.record.revision == revision else { return }
            var edit = KeyEdit(view, in: transaction, at: time.now())
            edit.record.status = .undecryptable
            edit.actions = [.keyUndecryptable]
            _ = try finish(edit, RequestContext(caller: .vault), reason: "ciphertext")
        }
    }
}
