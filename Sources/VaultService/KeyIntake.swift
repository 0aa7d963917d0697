import HTTPClient
import VaultCrypto
package import VaultModel
import VaultProviders
import VaultStore

/// How much a caller wants proven before a key is stored.
package enum Validation: String, Sendable, CaseIterable {
    /// A test call; an outage stores the key as `unverified`.
    case bestEffort = "best_effort"
    /// A test call; an outage stores nothing.
    case required
    /// No test call; the first check comes after `recheckEverySeconds`.
    case skip
}

/// A key on its way into the vault, as its owner pasted it.
package struct KeyIntake: ~Copyable, Sendable {
    package var projectID: ProjectID?
    package var owner: UserID
    package var provider: ProviderID?
    package var label: String?
    package var tags: [String: String] = [:]
    package var params: [String: String] = [:]
    package var expiresAt: Timestamp?
    package var validation = Validation.bestEffort
    package var wantsFundingCheck = false
    package var paste: WipedBuffer

    package init(owner: UserID, paste: consuming WipedBuffer) {
        self.owner = owner
        self.paste = paste
    }
}

extension Vault {
    /// The doctor alone: no network, nothing stored.
    package func inspect(_ paste: borrowing WipedBuffer, chosen: ProviderID?) throws(VaultError) -> Diagnosis {
        try require(known: chosen)
        return try examine(paste, chosen: chosen).diagnosis
    }

    /// Takes a key in: doctor, duplicate check, test call, seal, store.
    ///
    /// - Throws: `refused` by the doctor (no call, no write), `duplicate`, `validationLimit`, `rejected` by the
    ///   provider, `providerUnavailable` when a verdict was required. In every case nothing is stored.
    package func create(_ intake: consuming KeyIntake, _ context: RequestContext) async throws(VaultError) -> KeyView {
        try await create(intake, context) { _, _ in }
    }

    /// The same, with something else that is done in the transaction that stores the key, or neither is.
    func create(
        _ intake: consuming KeyIntake, _ context: RequestContext,
        alongside act: @escaping @Sendable (WriteTransaction, KeyID) throws -> Void
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        let project = try context.project(named: intake.projectID)
        let now = time.now()
        if let end = intake.expiresAt, end <= now {
            throw .invalidField("expires_at", detail: "The time must lie in the future.")
        }
        try require(known: intake.provider)
        let accepted = try accept(intake.paste, chosen: intake.provider)
        let provider = accepted.provider
        try require(provider, allowedIn: project)
        try require(params: intake.params, takenBy: provider)

        let id = KeyID(at: now)
        var key = try describe(
            accepted.secret, id: id, project: project, owner: intake.owner, provider: provider, params: intake.params,
            at: now)
        try refuseDuplicate(of: key)
        (key.label, key.tags) = (intake.label, intake.tags)
        key.expiresAt = intake.expiresAt

        let verdict = try await prove(
            accepted.secret, for: key, validation: intake.validation, wantsFunding: intake.wantsFundingCheck, context)
        let sealing = try seal(accepted.secret, version: 1, of: key)
        let intakeKey = key
        return try await write(context) { [self] transaction in
            guard try believedProject(project, in: transaction) != nil else { throw VaultError.notFound }
            var key = intakeKey
            // From here on it is there: an order to revoke that was given during the test call does not mean it.
            let now = time.now()
            (key.createdAt, key.versionStoredAt) = (now, now)
            // An order given while the key was being proven names what was there before it; this key was not.
            while let order = order(naming: key) {
                key.createdAt = Timestamp(milliseconds: order.orderedAt.milliseconds + 1)
            }
            let policy = try policy(for: key, in: transaction)
            apply(verdict, toNew: &key, under: policy)
            key.dueAt = RotationPlan.nextLook(at: key, under: policy, from: now)
            try refuseDuplicate(of: key, in: transaction)
            try transaction.insert(key, mac: mac(of: key))
            try insert(sealing, version: 1, of: key, in: transaction, at: now)
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: context.caller, action: .keyCreated, object: "\(id)", keyID: id,
                    projectID: project, outcome: verdict?.code.rawValue ?? "unverified",
                    requestID: context.requestID, keyRef: keyring.auditReference(of: key.blindIndex),
                    reason: verdict?.reason ?? "skipped", revision: 1))
            try act(transaction, id)
            return KeyView(record: key, integrity: .sound, rotateBy: RotationPlan.rotateBy(key, under: policy))
        }
    }

    // MARK: Steps that a rotation takes too

    /// The pasted key, cleaned.
    func accept(
        _ paste: borrowing WipedBuffer, chosen: ProviderID?
    ) throws(VaultError) -> AcceptedKey {
        var examination = try examine(paste, chosen: chosen)
        let diagnosis = examination.diagnosis
        guard let secret = examination.takeSecret(), let provider = diagnosis.provider else {
            throw .refused(diagnosis)
        }
        return AcceptedKey(secret: secret, provider: provider)
    }

    func examine(_ paste: borrowing WipedBuffer, chosen: ProviderID?) throws(VaultError) -> Examination {
        do {
            return try paste.withBytes { bytes throws(SecretMemoryExhausted) in
                try doctor.examine(bytes, chosen: chosen)
            }
        } catch {
            throw .overloaded
        }
    }

    /// The test call, as far as it is wanted.
    ///
    /// - Returns: `nil` when the call was skipped.
    func prove(
        _ secret: borrowing SecretBytes, for key: KeyRecord, validation: Validation, wantsFunding: Bool,
        _ context: RequestContext
    ) async throws(VaultError) -> Verdict? {
        guard validation != .skip else { return nil }
        let call = TestCall(
            project: key.projectID, owner: key.owner, provider: key.provider, params: key.params,
            endpoint: try endpoint(of: key.provider, params: key.params), wantsFunding: wantsFunding, isProven: false)
        var verdict = try await test(secret, call, context)
        // That it is another kind of credential is believed of every provider.
        if verdict.code == .invalid, health.isSuspect(key.provider, at: verdict.checkedAt) {
            verdict = doubted(verdict, by: key.provider)
        }
        if verdict.code.isRefusal { throw .rejected(verdict, summary(of: key.provider)) }
        if verdict.code == .unverified, validation == .required {
            throw .providerUnavailable(verdict, summary(of: key.provider))
        }
        return verdict
    }

    /// A record for a secret that is not stored yet, bound to where its provider is called now.
    ///
    /// - Throws: `invalidField` when `params` lead nowhere.
    func describe(
        _ secret: borrowing SecretBytes, id: KeyID, project: ProjectID, owner: UserID, provider: ProviderID,
        params: [String: String], at now: Timestamp
    ) throws(VaultError) -> KeyRecord {
        let endpoint = try endpoint(of: provider, params: params)
        do {
            var key = KeyRecord(
                id: id, projectID: project, owner: owner, provider: provider, endpoint: endpoint.origin,
                status: .unverified,
                blindIndex: try keyring.blindIndex(of: secret, project: project, provider: provider),
                hint: doctor.maskedHint(of: secret, provider: provider),
                fingerprint: try keyring.fingerprint(of: secret, project: project, provider: provider), createdAt: now)
            key.params = params
            return key
        } catch {
            throw VaultError(thrown: error)
        }
    }

    func insert(
        _ sealing: Sealing, version: Int, of key: KeyRecord, in transaction: WriteTransaction, at now: Timestamp
    ) throws {
        try transaction.insert(
            KeyVersion(
                keyID: key.id, number: version, state: .current, sealed: try settled(sealing, in: transaction),
                blindIndex: key.blindIndex,
                hint: key.hint, fingerprint: key.fingerprint, createdAt: now, endpoint: key.endpoint),
            project: key.projectID, owner: key.owner, provider: key.provider, leakBucket: sealing.leakBucket)
    }

    /// What the first verdict makes of a key, or of its new version.
    func apply(_ verdict: Verdict?, toNew key: inout KeyRecord, under policy: RotationPolicy) {
        key.verdict = nil
        key.isProven = false
        key.refusedSince = nil
        key.lastCheck = nil
        key.nextCheckAt = policy.recheckEverySeconds.map { key.versionStoredAt + $0 }
        guard let verdict else { return }
        _ = CheckOutcome.apply(verdict, to: &key, under: policy)
    }

    /// - Parameter healed: a key whose own secret is lost, so that it may be given again.
    /// - Throws: `duplicate`, which names the owner's own key.
    func refuseDuplicate(of key: KeyRecord, besides healed: KeyID? = nil) throws(VaultError) {
        try reading { transaction in try refuseDuplicate(of: key, besides: healed, in: transaction) }
    }

    func refuseDuplicate(of key: KeyRecord, besides healed: KeyID? = nil, in transaction: ReadTransaction) throws {
        let existing = try transaction.duplicate(
            project: key.projectID, owner: key.owner, provider: key.provider, blindIndex: key.blindIndex)
        if let existing, existing != healed { throw VaultError.duplicate(existing) }
    }

    private func require(known provider: ProviderID?) throws(VaultError) {
        guard let provider, catalogue[provider] == nil else { return }
        throw .invalidField("provider", detail: "The catalogue has no such provider; see GET /v1/providers.")
    }

    private func require(_ provider: ProviderID, allowedIn project: ProjectID) throws(VaultError) {
        let record = try reading { transaction in try believedProject(project, in: transaction) }
        guard let record else { throw .notFound }
        guard record.allowedProviders.isEmpty || record.allowedProviders.contains(provider) else {
            throw .invalidField("provider", detail: "This project does not take keys of that provider.")
        }
    }
}

/// A paste that the doctor has passed: the clean key, and whose it is.
struct AcceptedKey: ~Copyable {
    let secret: SecretBytes
    let provider: ProviderID
}

extension KeyRecord {
    /// What the secret of `version` is bound to.
    func binding(of version: Int) -> SecretBinding {
        SecretBinding(
            keyID: id, version: version, projectID: projectID, owner: owner, provider: provider, endpoint: endpoint)
    }
}
