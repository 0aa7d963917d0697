import VaultCrypto
import VaultModel
import VaultStore

// Believing, finding and changing rows of keys: the only way from the store to a `KeyView` and back.

extension Vault {
    /// What may be believed of a stored row: an edited row, or one that was put back, is `undecryptable`, and
    /// that it was found is written into the audit log, whoever looked.
    func believe(_ stored: StoredKey, under policy: RotationPolicy) throws(VaultError) -> KeyView {
        var record = stored.record
        let integrity = try integrity(of: stored)
        if integrity != .sound {
            record.status = .undecryptable
        } else if let order = order(naming: record) {
            record.status = .revoked
            record.revokedAt = record.revokedAt ?? order.orderedAt
        } else if KeyStates.isWorking(record.status), let end = record.expiresAt, end <= time.now() {
            record.status = .expired
        }
        let view = KeyView(
            record: record, integrity: integrity, rotateBy: RotationPlan.rotateBy(record, under: policy))
        if integrity != .sound { note(unbelievable: view) }
        return view
    }

    private func integrity(of stored: StoredKey) throws(VaultError) -> KeyView.Integrity {
        let expected: [UInt8]
        do { expected = try mac(of: stored.record) } catch { throw VaultError(thrown: error) }
        guard ConstantTime.areEqual(expected, stored.mac) else { return .edited }
        // Every revision has its entry. A row that is ahead of the log is of a time that was given up by a restore.
        return stored.newestRevision == stored.record.revision ? .sound : .rolledBack
    }

    /// The key as this caller may see it.
    ///
    /// - Throws: `notFound` when it is absent or another project's.
    func find(
        _ id: KeyID, for caller: Caller, in transaction: ReadTransaction
    ) throws -> KeyView {
        guard let stored = try transaction.key(id), caller.sees(stored.record.projectID) else {
            throw VaultError.notFound
        }
        return try believe(stored, under: policy(for: stored.record, in: transaction))
    }

    /// Changes a key: `change` edits the record and names what happened; the row, its MAC and the audit entry
    /// are written together.
    ///
    /// - Throws: `notFound`; what the table of states says of `operation`; `versionConflict` when `revision` is
    ///   given and is not the record's.
    func edit(
        _ id: KeyID, _ operation: KeyOperation, _ context: RequestContext, ifRevision revision: Int? = nil,
        reason: String = "", _ change: @escaping @Sendable (inout KeyEdit) throws -> Void
    ) async throws(VaultError) -> KeyView {
        let isEnding = operation == .revoke || operation == .quarantine
        return try await write(context, isEnding: isEnding) { [self] transaction in
            let view = try find(id, for: context.caller, in: transaction)
            if let revision, revision != view.record.revision {
                throw VaultError.versionConflict(detail: "The record has changed since it was read.")
            }
            try KeyStates.require(operation, of: view.record)
            var edit = KeyEdit(view, in: transaction, at: time.now())
            try change(&edit)
            return try finish(edit, context, reason: reason)
        }
    }

    /// Writes an edited record with its MAC, and its audit entries.
    ///
    /// A row that cannot be believed is only made believable again when the edit says that it was healed:
    /// otherwise a label's change would vouch for an attacker's columns, or its entry for a revision.
    func finish(_ edit: KeyEdit, _ context: RequestContext, reason: String) throws -> KeyView {
        guard !edit.actions.isEmpty else { return edit.original }
        var record = edit.record
        let transaction = edit.transaction
        let policy = try policy(for: record, in: transaction)
        let stored = try transaction.key(record.id)
        let isSound = edit.original.integrity == .sound || edit.isHealed
        record.dueAt = RotationPlan.nextLook(at: record, under: policy, from: edit.now)
        if isSound {
            record.revision = max(record.revision, stored?.newestRevision ?? 0).next
            try transaction.update(record, mac: mac(of: record))
        } else {
            try transaction.updateDescription(of: record)
        }
        // An end that was only seen until now gets its event with the row that says so.
        let hasEnded = isSound && record.status == .expired && stored?.record.status != .expired
        let actions = hasEnded && !edit.actions.contains(.keyExpired) ? [.keyExpired] + edit.actions : edit.actions
        let reference = try keyring.auditReference(of: record.blindIndex)
        for action in actions {
            _ = try transaction.append(
                AuditEntry(
                    at: edit.now, actor: context.caller, action: action, object: "\(record.id)", keyID: record.id,
                    projectID: record.projectID, requestID: context.requestID,
                    keyRef: reference, reason: reason,
                    revision: isSound ? record.revision : stored?.newestRevision))
        }
        return KeyView(
            record: record, integrity: isSound ? .sound : edit.original.integrity,
            rotateBy: RotationPlan.rotateBy(record, under: policy))
    }

    /// Has the finding written into the audit log, once per row as it lies there.
    private func note(unbelievable view: KeyView) {
        let (record, now) = (view.record, time.now())
        let reason = view.integrity == .edited ? "row_mac" : "rolled_back"
        deferred.add(once: "\(record.id) \(record.revision) \(reason)") { [self] transaction in
            tell(.keyUndecryptable(record.id))
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: .vault, action: .keyUndecryptable, object: "\(record.id)", keyID: record.id,
                    projectID: record.projectID, outcome: "refused", reason: reason,
                    revision: transaction.key(record.id)?.newestRevision))
        }
    }
}

extension Int {
    /// The number after this one. Whoever writes the database can put the greatest there: that is no reason to stop.
    var next: Int { self < .max ? self + 1 : self }
}

/// A record while it is being changed inside a write transaction.
struct KeyEdit {
    let original: KeyView
    let transaction: WriteTransaction
    let now: Timestamp
    var record: KeyRecord
    /// What happened, for the audit log; nothing is written while this is empty.
    var actions: [AuditAction] = []
    /// Set when the change replaces everything an attacker could have touched.
    var isHealed = false

    init(_ view: KeyView, in transaction: WriteTransaction, at now: Timestamp) {
        original = view
        self.transaction = transaction
        self.now = now
        record = view.record
    }

    /// Overwrites the secret of version `number` and lets its blind index go, so that it may be stored again.
    func shred(version number: Int) throws {
        guard var version = try transaction.version(number, of: record.id), version.shreddedAt == nil else { return }
        version.state = .retired
        version.sealed = nil
        version.blindIndex = nil
        version.retiredAt = version.retiredAt ?? now
        version.shreddedAt = now
        try transaction.update(version)
    }
}
