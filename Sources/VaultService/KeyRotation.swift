import VaultCrypto
package import VaultModel
import VaultStore

/// A new secret for a stored key, as it was pasted.
package struct KeyReplacement: ~Copyable, Sendable {
    package var graceSeconds: Int?
    /// `nil`: required where keys of the provider can be tested.
    package var validation: Validation?
    package var wantsFundingCheck = false
    package var paste: WipedBuffer

    package init(paste: consuming WipedBuffer) {
        self.paste = paste
    }
}

extension Vault {
    /// Gives a key a new secret: doctor and test call first, then the swap in one transaction.
    ///
    /// The id stays, the version grows, the previous secret is kept for the grace time and an older one is shredded
    /// at once. Whatever is refused changes nothing.
    package func rotate(
        _ id: KeyID, to replacement: consuming KeyReplacement, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        try await rotate(id, to: replacement, context) { _ in }
    }

    /// The same, with something else that is done in the transaction that swaps the secret, or neither is.
    func rotate(
        _ id: KeyID, to replacement: consuming KeyReplacement, _ context: RequestContext,
        alongside act: @escaping @Sendable (WriteTransaction) throws -> Void
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        let old = try reading { transaction in
            let view = try find(id, for: context.caller, in: transaction)
            try KeyStates.require(.rotate, of: view.record)
            return try proven(view, for: context.caller, in: transaction)
        }
        let accepted = try accept(replacement.paste, chosen: old.provider)
        let now = time.now()
        let new = try describe(
            accepted.secret, id: id, project: old.projectID, owner: old.owner, provider: old.provider,
            params: old.params, at: now)
        // Of a secret that does not open any more, its owner has only the same again.
        try refuseDuplicate(of: new, besides: old.status == .undecryptable ? id : nil)
        let verdict = try await prove(
            accepted.secret, for: new,
            validation: replacement.validation ?? (canTest(old.provider) ? .required : .bestEffort),
            wantsFunding: replacement.wantsFundingCheck, context)
        let graceSeconds = replacement.graceSeconds
        // The version's number is under the seal, so another rotation in between means sealing again.
        for _ in 0..<8 {
            let (base, number) = try reading { transaction in
                let view = try find(id, for: context.caller, in: transaction)
                return (
                    try proven(view, for: context.caller, in: transaction), try nextVersion(of: view, in: transaction)
                )
            }
            var sealedFor = base
            sealedFor.endpoint = new.endpoint
            let sealing = try seal(accepted.secret, version: number, of: sealedFor)
            let swapped: KeyView? = try await write(context) { [self] transaction in
                let view = try find(id, for: context.caller, in: transaction)
                try KeyStates.require(.rotate, of: view.record)
                guard try nextVersion(of: view, in: transaction) == number else { return nil }
                try refuseDuplicate(of: new, besides: view.status == .undecryptable ? id : nil, in: transaction)
                var edit = KeyEdit(view, in: transaction, at: now)
                edit.record = try proven(view, for: context.caller, in: transaction)
                try swap(&edit, to: new, number: number, sealing, graceSeconds: graceSeconds, verdict)
                let rotated = try finish(edit, context, reason: verdict?.reason ?? "skipped")
                try act(transaction)
                return rotated
            }
            if let swapped { return swapped }
        }
        throw .versionConflict(detail: "The key kept changing while it was being rotated.")
    }

    /// The number of the version after the last one ever; of a row that cannot be believed, after those that lie there.
    private func nextVersion(of view: KeyView, in transaction: ReadTransaction) throws -> Int {
        var last = view.record.lastVersion
        if view.integrity != .sound {
            last = try transaction.versions(of: view.record.id).map(\.number).reduce(0, max)
        }
        guard last < Int(Int32.max) else {
            throw VaultError.wrongState(
                detail: "The record's versions cannot be counted further.", hint: "Delete the key and store it anew.")
        }
        return last + 1
    }

    /// Makes version `number` current inside the transaction of `edit`.
    private func swap(
        _ edit: inout KeyEdit, to new: KeyRecord, number: Int, _ sealing: Sealing,
        graceSeconds: Int?, _ verdict: Verdict?
    ) throws {
        let wasBelievable = edit.original.integrity == .sound && edit.original.status != .undecryptable
        if !wasBelievable { try edit.shredAll() }
        let policy = try policy(for: edit.record, in: edit.transaction)
        let grace = graceSeconds ?? policy.graceSeconds

        if let oldest = edit.record.previousVersion { try edit.shred(version: oldest) }
        let outgoing = edit.record.currentVersion
        if grace > 0, wasBelievable, var version = try edit.transaction.version(outgoing, of: edit.record.id) {
            version.state = .previous
            version.retiredAt = edit.now
            version.verdict = edit.record.verdict
            try edit.transaction.update(version)
            edit.record.previousVersion = outgoing
            edit.record.previousUntil = edit.now + grace
        } else {
            try edit.shred(version: outgoing)
            edit.record.previousVersion = nil
            edit.record.previousUntil = nil
        }

        let status = edit.original.status
        let staysQuarantined = edit.record.quarantineReason == .admin
        edit.record.endpoint = new.endpoint
        edit.record.params = new.params
        edit.record.currentVersion = number
        edit.record.lastVersion = number
        edit.record.blindIndex = new.blindIndex
        edit.record.hint = new.hint
        edit.record.fingerprint = new.fingerprint
        edit.record.versionStoredAt = edit.now
        edit.record.rotatedAt = edit.now
        edit.record.staleReasons = []
        edit.record.staleSince = nil
        edit.record.account = [:]
        if status == .expired { edit.record.expiresAt = nil }
        edit.record.status = .unverified
        apply(verdict, toNew: &edit.record, under: policy)
        if staysQuarantined { edit.record.status = .quarantined } else { edit.record.quarantineReason = nil }
        try insert(sealing, version: number, of: edit.record, in: edit.transaction, at: edit.now)
        edit.actions = [.keyRotated]
        edit.isHealed = true
    }

    /// The record that a new secret is for.
    ///
    /// An edited row might name another owner, to whom the new secret would then go. A box of the key's own that opens
    /// proves whose it is: it was sealed for one project, owner and provider, which then stand in the record again,
    /// whatever was made of the row. Where none opens any more, the row is all there is.
    ///
    /// - Throws: `keyRevoked` for a tombstone that somebody edited; `notFound` when it is another project's.
    func proven(_ view: KeyView, for caller: Caller, in transaction: ReadTransaction) throws -> KeyRecord {
        guard view.integrity != .sound else { return view.record }
        var record = view.record
        try refuseResurrection(of: record.id, in: transaction)
        if view.integrity == .edited {
            var origin: String?
            for version in try transaction.versions(of: record.id) {
                guard let sealed = version.sealed,
                    let binding = try transaction.binding(of: version.number, of: record.id),
                    let _ = try open(sealed, under: binding)
                else { continue }
                record.projectID = binding.projectID
                record.owner = binding.owner
                record.provider = binding.provider
                origin = binding.endpoint
            }
            record.expiresAt = nil
            record.params = try params(of: record.provider, leadingTo: origin)
        }
        guard caller.sees(record.projectID), try project(ofCreated: record.id, in: transaction) == record.projectID
        else { throw VaultError.notFound }
        return record
    }

    /// A row that cannot be believed might be a tombstone that somebody edited: the audit log decides.
    private func refuseResurrection(of id: KeyID, in transaction: ReadTransaction) throws {
        for action in [AuditAction.keyRevoked, .keyDeleted] {
            var filter = AuditFilter()
            filter.keyID = id
            filter.action = action
            guard try transaction.auditEntries(after: 0, limit: 1, filter: filter).isEmpty else {
                throw VaultError.keyRevoked(id)
            }
        }
    }

    /// The project in which the audit log says that the key was made; `nil` for one that never was.
    private func project(ofCreated id: KeyID, in transaction: ReadTransaction) throws -> ProjectID? {
        var filter = AuditFilter()
        filter.keyID = id
        return try transaction.auditEntries(after: 0, limit: 1, filter: filter).first?.entry.projectID
    }

    /// Makes the previous version current again, within its grace time.
    package func rollback(_ id: KeyID, _ context: RequestContext) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        return try await edit(id, .rollback, context) { [self] edit in
            guard let previous = edit.record.previousVersion, let end = edit.record.previousUntil, edit.now < end,
                var version = try edit.transaction.version(previous, of: edit.record.id), let sealed = version.sealed
            else {
                throw VaultError.wrongState(
                    detail: "There is no previous version within its grace time.",
                    hint: "Rotate the key to the secret that is wanted.")
            }
            // A version's row has no MAC: that its secret opens proves where it was proven, and what names the
            // secret is made from it anew.
            var proven = edit.record
            proven.endpoint = version.endpoint
            guard let secret = try open(sealed, of: proven, version: previous) else {
                throw VaultError.wrongState(
                    detail: "The previous version's ciphertext does not open; nothing was changed.",
                    hint: "Rotate the key to the secret that is wanted.")
            }
            let described = try describe(
                secret, id: proven.id, project: proven.projectID, owner: proven.owner, provider: proven.provider,
                params: proven.params, at: edit.now)
            let policy = try policy(for: edit.record, in: edit.transaction)
            try edit.shred(version: edit.record.currentVersion)
            version.blindIndex = described.blindIndex
            version.hint = described.hint
            version.fingerprint = described.fingerprint
            version.state = .current
            version.retiredAt = nil
            try edit.transaction.update(version)
            edit.record.currentVersion = previous
            edit.record.endpoint = version.endpoint
            edit.record.previousVersion = nil
            edit.record.previousUntil = nil
            edit.record.blindIndex = described.blindIndex
            edit.record.hint = described.hint
            edit.record.fingerprint = described.fingerprint
            edit.record.versionStoredAt = version.createdAt
            // What was known of this secret holds again until it is tested, which is at once.
            edit.record.verdict = version.verdict
            edit.record.isProven = version.verdict?.code.isAcceptance ?? false
            edit.record.account = version.verdict?.account ?? [:]
            edit.record.refusedSince = nil
            edit.record.staleReasons = []
            edit.record.staleSince = nil
            edit.record.status = version.verdict.map { KeyStates.status(after: $0.code) } ?? .unverified
            edit.record.nextCheckAt = policy.recheckEverySeconds.map { _ in edit.now }
            edit.actions = [.keyRolledBack]
        }
    }
}
