package import VaultModel
import VaultStore

extension Vault {
    /// Tests a stored key with its provider now, and keeps the verdict.
    ///
    /// An outage changes nothing but `last_check`.
    package func check(
        _ id: KeyID, wantsFunding: Bool, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        try context.require(.keysWrite)
        for _ in 0..<8 {
            if let view = try await checkOnce(id, wantsFunding: wantsFunding, context) { return view }
        }
        throw .versionConflict(detail: "The key kept changing while it was being checked.")
    }

    /// - Returns: `nil` when the key got another secret meanwhile, so that the verdict is about none it has.
    func checkOnce(
        _ id: KeyID, wantsFunding: Bool, _ context: RequestContext
    ) async throws(VaultError) -> KeyView? {
        let decided: (key: KeyRecord, sealed: SealedSecret?) = try reading { transaction in
            let key = try find(id, for: context.caller, in: transaction).record
            try KeyStates.require(.check, of: key)
            return (key, try transaction.version(key.currentVersion, of: id)?.sealed)
        }
        let key = decided.key
        guard let endpoint = endpoint(of: key) else {
            return try await record(endpointChanged: id, context)
        }
        guard let secret = try openStored(decided.sealed, of: key) else {
            try await markUndecryptable(id, revision: key.revision)
            throw .wrongState(
                detail: "The stored ciphertext does not open, so the key cannot be tested.",
                hint: "Rotate the key with a fresh secret. Other keys are not affected.")
        }
        let call = TestCall(
            project: key.projectID, owner: key.owner, provider: key.provider, params: key.params,
            endpoint: endpoint, wantsFunding: wantsFunding, isProven: Self.isProven(key, for: context.caller))
        let tested = try blindIndex(of: secret, project: key.projectID, provider: key.provider)
        let answer = try await test(secret, call, context)
        return try await write { [self] transaction in
            let view = try find(id, for: context.caller, in: transaction)
            try KeyStates.require(.check, of: view.record)
            // The number of a version alone would not tell: who writes the database can have it given out again.
            guard view.record.blindIndex == tested else { return nil }
            let verdict = try weigh(answer, of: view.record, in: transaction, context)
            let policy = try policy(for: view.record, in: transaction)
            var edit = KeyEdit(view, in: transaction, at: verdict.checkedAt)
            edit.actions = CheckOutcome.apply(verdict, to: &edit.record, under: policy)
            return try finish(edit, context, reason: verdict.reason)
        }
    }

    /// Whether a check is a re-check, which counts against no limit: the secret was accepted once, or the vault's own
    /// first check has been made.
    private static func isProven(_ key: KeyRecord, for caller: Caller) -> Bool {
        key.isProven || (key.verdict != nil && caller.kind == .vault)
    }

    /// The operator points the provider elsewhere than where the key was proven: no call is made with it.
    private func record(endpointChanged id: KeyID, _ context: RequestContext) async throws(VaultError) -> KeyView {
        try await edit(id, .check, context, reason: "endpoint_changed") { [self] edit in
            edit.record.lastCheck = CheckAttempt(
                at: edit.now, reason: "endpoint_changed",
                message: "The key was proven at another base URL than the one that is configured now, so it was not"
                    + " sent there. A rotation binds it anew, or the operator's `keystow rebind`.")
            let policy = try policy(for: edit.record, in: edit.transaction)
            edit.record.nextCheckAt = policy.recheckEverySeconds.map { edit.now + $0 }
            edit.actions = [.keyChecked]
        }
    }
}
