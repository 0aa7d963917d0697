import VaultCrypto
package import VaultModel
import VaultStore

/// A change of what describes a key; `nil` leaves a member as it is, `.some(nil)` clears it.
package struct KeyPatch: Sendable {
    package var label: String??
    package var tags: [String: String]?
    package var expiresAt: Timestamp??

    package init() {}
}

extension Vault {
    package func update(
        _ id: KeyID, _ patch: KeyPatch, ifRevision revision: Int?, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        return try await edit(id, .update, context, ifRevision: revision) { edit in
            if let label = patch.label { edit.record.label = label }
            if let tags = patch.tags { edit.record.tags = tags }
            if let end = patch.expiresAt {
                if let end, end <= edit.now {
                    throw VaultError.invalidField("expires_at", detail: "The time must lie in the future.")
                }
                edit.record.expiresAt = end
            }
            if edit.record.label != edit.original.record.label || edit.record.tags != edit.original.record.tags
                || edit.record.expiresAt != edit.original.record.expiresAt
            {
                edit.actions = [.keyUpdated]
            }
        }
    }

    /// Stops a key until it is released.
    package func quarantine(
        _ id: KeyID, because reason: QuarantineReason = .admin, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        return try await edit(id, .quarantine, context, reason: reason.rawValue) { edit in
            guard edit.record.status != .quarantined else { return }
            edit.record.status = .quarantined
            edit.record.quarantineReason = reason
            edit.actions = [.keyQuarantined]
        }
    }

    /// Lets a quarantined key work again, as its last verdict says.
    package func release(_ id: KeyID, _ context: RequestContext) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        return try await edit(id, .release, context) { [self] edit in
            edit.record.status = Self.status(
                afterReleaseOf: edit.record, under: try policy(for: edit.record, in: edit.transaction))
            edit.record.quarantineReason = nil
            edit.actions = [.keyReleased]
        }
    }

    private static func status(afterReleaseOf record: KeyRecord, under policy: RotationPolicy) -> KeyStatus {
        guard let verdict = record.verdict else { return .unverified }
        if verdict.code.isAcceptance { return .active }
        guard let first = record.refusedSince, let confirm = policy.confirmFailureAfterSeconds,
            verdict.checkedAt >= first + confirm
        else { return .unverified }
        return .failing
    }

    /// Ends a key for ever: its secrets are overwritten in the same transaction, the record stays as a tombstone.
    ///
    /// Revoking again gives the same tombstone.
    package func revoke(
        _ id: KeyID, reason: String, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        try requireNoCredential(in: reason, of: "reason")
        return try await edit(id, .revoke, context, reason: reason) { edit in
            try edit.revoke(orderedAt: nil)
        }
    }

    /// Overwrites the secrets and forgets the record; the audit trail stays.
    package func delete(_ id: KeyID, _ context: RequestContext) async throws(VaultError) -> Deleted {
        try context.require(.keysWrite)
        return try await write(context, isEnding: true) { [self] transaction in
            try delete(try find(id, for: context.caller, in: transaction), in: transaction, context)
            return Deleted()
        }
    }

    /// Shreds and deletes all keys of a user in a project, and ends the user's connect links; returns how many keys there
    /// were.
    package func deleteKeys(
        of owner: UserID, project: ProjectID?, _ context: RequestContext
    ) async throws(VaultError) -> Int {
        try context.require(.keysWrite)
        let project = try context.project(named: project)
        var filter = KeyFilter()
        filter.projectID = project
        filter.owner = owner
        var total = 0
        var isDone = false
        while !isDone {
            // The last batch keeps the answer, so it has to know the total.
            let (before, size) = (total, 100)
            let batch = try await write { [self, filter] transaction in
                // Or a link that is still open would bring the user back.
                try deleteConnectSessions(of: owner, project: project, in: transaction, context)
                let page = try transaction.keys(matching: filter, before: nil, limit: size)
                for stored in page {
                    try delete(
                        try believe(stored, under: policy(for: stored.record, in: transaction)), in: transaction,
                        context)
                }
                return page.count
            }
            total = before + batch
            isDone = batch < size
        }
        let count = total
        return try await write(context) { _ in count }
    }

    private func delete(_ view: KeyView, in transaction: WriteTransaction, _ context: RequestContext) throws {
        var edit = KeyEdit(view, in: transaction, at: time.now())
        try edit.shredAll()
        let record = view.record
        let newest = max(record.revision, try transaction.key(record.id)?.newestRevision ?? 0)
        try transaction.delete(key: record.id)
        _ = try transaction.append(
            AuditEntry(
                at: edit.now, actor: context.caller, action: .keyDeleted, object: "\(record.id)", keyID: record.id,
                projectID: record.projectID, requestID: context.requestID,
                keyRef: keyring.auditReference(of: record.blindIndex), revision: newest.next))
    }
}

/// What a deletion returns: that it is done.
package struct Deleted: Sendable {}

extension KeyEdit {
    /// Overwrites every secret that is left.
    mutating func shredAll() throws {
        for version in try transaction.versions(of: record.id) where version.shreddedAt == nil {
            try shred(version: version.number)
        }
    }

    /// Makes the record a tombstone; once it is one, nothing changes.
    mutating func revoke(orderedAt: Timestamp?) throws {
        let isStored = try transaction.key(record.id)?.record.status == .revoked
        guard !(isStored && original.integrity == .sound) else { return }
        try shredAll()
        record.status = .revoked
        record.revokedAt = orderedAt ?? record.revokedAt ?? now
        record.previousVersion = nil
        record.previousUntil = nil
        record.quarantineReason = nil
        record.nextCheckAt = nil
        record.staleReasons = []
        record.staleSince = nil
        actions = [.keyRevoked]
        isHealed = true
    }
}
