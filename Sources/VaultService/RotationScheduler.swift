import VaultModel
import VaultStore

/// The second door into the vault: looks at the keys that are due, and does what their policy asks for.
///
/// Its cost follows what is due, not what is stored. Stops when its task is cancelled; what it had not done
/// is still due.
package struct RotationScheduler: Sendable {
    private let vault: Vault
    private let batch = 200
    private let checksAtOnce = 8

    package init(_ vault: Vault) {
        self.vault = vault
    }

    /// Passes at the configured interval until cancelled. A pass that fails is tried again at the next one.
    package func run() async {
        while !Task.isCancelled {
            _ = try? await pass()
            try? await vault.time.sleep(for: vault.configuration.schedulerInterval)
        }
    }

    /// Looks once at everything that is due now; returns how many keys that were.
    @discardableResult
    package func pass() async throws(VaultError) -> Int {
        try await vault.carryOutOrders()
        try await rescan()
        var looked = 0
        while !Task.isCancelled {
            let ids = try vault.reading { transaction in
                try transaction.dueKeys(at: vault.time.now(), limit: batch).map(\.record.id)
            }
            guard !ids.isEmpty else { break }
            let toCheck = try await plan(ids)
            await check(toCheck)
            looked += ids.count
            if ids.count < batch { break }
        }
        try await purge()
        return looked
    }

    /// Marks the keys that a changed policy concerns as due, in batches.
    private func rescan() async throws(VaultError) {
        while let rescan = try vault.reading({ transaction in try transaction.pendingRescans().first }) {
            _ = try await vault.write { transaction in
                let last = try transaction.makeDue(
                    project: rescan.projectID, provider: rescan.provider, after: rescan.after, limit: 1000,
                    at: vault.time.now())
                if let last {
                    try transaction.put(Rescan(projectID: rescan.projectID, provider: rescan.provider, after: last))
                } else {
                    try transaction.delete(rescan)
                }
            }
        }
    }

    /// Carries out the plan of each key but for test calls; returns the keys that need one.
    private func plan(_ ids: [KeyID]) async throws(VaultError) -> [KeyID] {
        var toCheck: [KeyID] = []
        for id in ids where try await carryOut(id) { toCheck.append(id) }
        return toCheck
    }

    private func carryOut(_ id: KeyID) async throws(VaultError) -> Bool {
        let vault = vault
        return try await vault.write { transaction in
            guard let stored = try transaction.key(id) else { return false }
            let policy = try vault.policy(for: stored.record, in: transaction)
            let view = try vault.believe(stored, under: policy)
            guard view.integrity == .sound else {
                // Nothing is done with what cannot be believed, and it is not looked at again until it is healed.
                try transaction.setDue(nil, of: id)
                return false
            }
            let now = vault.time.now()
            var edit = KeyEdit(
                KeyView(record: stored.record, integrity: .sound, rotateBy: view.rotateBy), in: transaction, at: now)
            let actions = RotationPlan.actions(for: stored.record, under: policy, at: now)
            for action in actions { try edit.carryOut(action) }
            let needsCheck = actions.contains(.check)
            // Until the check has been made the key would be due again at once: it waits for its turn.
            if needsCheck { edit.record.nextCheckAt = now + 300 + Int.random(in: 0..<60) }
            if edit.actions.isEmpty {
                try transaction.setDue(RotationPlan.nextLook(at: edit.record, under: policy, from: now), of: id)
            } else {
                _ = try vault.finish(edit, RequestContext(caller: .vault), reason: edit.reason)
            }
            return needsCheck
        }
    }

    /// Tests keys, a few at a time. What goes wrong with one is that one's next attempt.
    private func check(_ ids: [KeyID]) async {
        let vault = vault
        await withTaskGroup(of: Void.self) { group in
            for (index, id) in ids.enumerated() {
                if index >= checksAtOnce { await group.next() }
                guard !Task.isCancelled else { break }
                group.addTask {
                    _ = try? await vault.checkOnce(id, wantsFunding: false, RequestContext(caller: .vault))
                }
            }
        }
    }

    /// Forgets what is only kept for a while.
    private func purge() async throws(VaultError) {
        let now = vault.time.now()
        _ = try await vault.write { transaction in
            try transaction.purgeIdempotency(before: now - Vault.answersAreKept)
            try transaction.purgeAttempts(before: now - 86_400)
        }
    }
}

extension KeyEdit {
    /// Why the scheduler changed the key, for the audit log.
    var reason: String {
        let new = record.staleReasons.subtracting(original.record.staleReasons).names
        return actions.contains(.keyStale) ? new.joined(separator: " ") : "due"
    }

    /// Applies one action of a plan, all but the test call.
    mutating func carryOut(_ action: RotationAction) throws {
        switch action {
        case .flag(let reason):
            if StaleFlags.set(reason, true, on: &record, at: now), !actions.contains(.keyStale) {
                actions.append(.keyStale)
            }
        case .unflag(let reason):
            StaleFlags.set(reason, false, on: &record, at: now)
            if !actions.contains(.keyUpdated) { actions.append(.keyUpdated) }
        case .expire:
            record.status = .expired
            actions.append(.keyExpired)
        case .shredPrevious:
            if let previous = record.previousVersion { try shred(version: previous) }
            record.previousVersion = nil
            record.previousUntil = nil
            actions.append(.keyVersionShredded)
        case .quarantine:
            record.status = .quarantined
            record.quarantineReason = .age
            actions.append(.keyQuarantined)
        case .check:
            break
        }
    }
}

extension Vault {
    /// The vault's own work: the scheduler and deferred writes, until cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await RotationScheduler(self).run() }
            group.addTask { await self.runDeferredWrites() }
        }
    }
}
