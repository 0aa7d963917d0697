import VaultModel
import VaultStore

/// The second door into the vault: looks at the keys that are due, and does what their policy asks for.
///
/// Its cost follows what is due, not what is stored. Stops when its task is cancelled; what it had not done
/// is still due.
package struct RotationScheduler: Sendable {
    private let vault: Vault
    private let batch = 50
    private let checksAtOnce = 8

    package init(_ vault: Vault) {
        self.vault = vault
    }

    /// Passes at the configured interval until cancelled. A pass that fails is tried again at the next one.
    package func run() async {
        var hasFailed = false
        while !Task.isCancelled, !vault.isSealed {
            do {
                try await pass()
                if hasFailed { vault.tell(.schedulerRecovered) }
                hasFailed = false
            } catch {
                vault.tallies.failedPasses.add()
                vault.tell(.schedulerFailed(error))
                hasFailed = true
            }
            try? await vault.time.sleep(for: untilNextPass)
        }
    }

    /// The configured interval, or less while keys that an outage put off are being worked off.
    private var untilNextPass: Duration {
        let usual = vault.configuration.schedulerInterval
        let now = vault.time.now()
        return vault.health.nextMove(at: now).map { min(usual, .seconds(max($0.seconds(since: now), 1))) } ?? usual
    }

    /// Looks once at everything that is due now; returns how many keys that were.
    ///
    /// Everything that needs no network comes first, so that a provider that hangs delays no expiry and no shredding.
    @discardableResult
    package func pass() async throws(VaultError) -> Int {
        try await vault.carryOutOrders()
        vault.rekeyBell.continuation.yield()
        try await rescan()
        var looked = 0
        var toCheck: [DueCheck] = []
        while !Task.isCancelled {
            let due = try vault.reading { transaction in
                try transaction.dueKeys(at: vault.time.now(), limit: batch).map(\.record.id)
            }
            guard !due.isEmpty else { break }
            toCheck += try await carryOut(due)
            looked += due.count
            if due.count < batch { break }
        }
        await check(toCheck)
        try await purge()
        // While the keyring is being changed it is written anyway.
        try? await vault.mendKeyring()
        try await vault.rotateTermIfDue()
        if !Task.isCancelled { vault.tallies.notePass(at: vault.time.now()) }
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

    /// Carries out the plans of a batch in one transaction, all but test calls; returns the keys that need one.
    private func carryOut(_ ids: [KeyID]) async throws(VaultError) -> [DueCheck] {
        let vault = vault
        return try await vault.write { transaction in
            try ids.compactMap { id in
                try vault.carryOutPlan(of: id, in: transaction).map { DueCheck(id: id, provider: $0) }
            }
        }
    }

    /// Tests keys, a few at a time. What goes wrong with one is that one's next attempt.
    ///
    /// Those whose provider is down, or that are beyond the limits on test calls, wait.
    private func check(_ due: [DueCheck]) async {
        let vault = vault
        let postponed = await withTaskGroup(of: PostponedCheck?.self) { group in
            var postponed: [PostponedCheck] = []
            var running = 0
            for check in due {
                if running >= checksAtOnce, let ended = await group.next() {
                    running -= 1
                    if let ended { postponed.append(ended) }
                }
                guard !Task.isCancelled else { break }
                switch vault.health.admit(check.id, of: check.provider, at: vault.time.now()) {
                case .putOff(let slot): postponed.append(PostponedCheck(id: check.id, until: slot))
                case .call:
                    running += 1
                    group.addTask { await vault.checkAsScheduled(check.id) }
                }
            }
            for await ended in group { if let ended { postponed.append(ended) } }
            return postponed
        }
        for start in stride(from: 0, to: postponed.count, by: batch) {
            // Where this fails they are due again in a few minutes.
            try? await vault.postpone(Array(postponed[start..<min(start + batch, postponed.count)]))
        }
    }

    /// Forgets what is only kept for a while.
    private func purge() async throws(VaultError) {
        let now = vault.time.now()
        _ = try await vault.write { transaction in
            try transaction.purgeIdempotency(before: now - Vault.answersAreKept)
            try transaction.purgeAttempts(before: now - 86_400)
        }
        try await vault.sweepConnectSessions()
        try await vault.dropOldEntries()
    }
}

/// A key whose test call is due.
private struct DueCheck: Sendable {
    let id: KeyID
    let provider: ProviderID
}

/// A test call that was due and was not made.
private struct PostponedCheck: Sendable {
    let id: KeyID
    let until: Timestamp
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
    /// Does what the key's policy asks for now; returns its provider where it also needs a test call.
    fileprivate func carryOutPlan(of id: KeyID, in transaction: WriteTransaction) throws -> ProviderID? {
        let now = time.now()
        // Another pass, or a change of the key, may have been here since it was found due.
        guard let stored = try transaction.key(id), let due = stored.record.dueAt, due <= now else { return nil }
        let policy = try policy(for: stored.record, in: transaction)
        let view = try believe(stored, under: policy)
        guard view.integrity == .sound else {
            // Nothing is done with what cannot be believed, and it is not looked at again until it is healed.
            try transaction.setDue(nil, of: id)
            return nil
        }
        let actions = RotationPlan.actions(for: stored.record, under: policy, at: now)
        var edit = KeyEdit(
            KeyView(record: stored.record, integrity: .sound, rotateBy: view.rotateBy), in: transaction, at: now)
        for action in actions { try edit.carryOut(action) }
        // Until the check has been made the key would be due again at once: it waits for its turn.
        let needsCheck = actions.contains(.check)
        if needsCheck { edit.record.nextCheckAt = now + 300 + Int.random(in: 0..<60) }
        if edit.actions.isEmpty {
            try plan(edit.record, under: policy, in: transaction)
        } else {
            _ = try finish(edit, RequestContext(caller: .vault), reason: edit.reason)
        }
        return needsCheck ? stored.record.provider : nil
    }

    /// Writes when the key is to be tested and looked at next, and nothing else of it.
    private func plan(_ record: KeyRecord, under policy: RotationPolicy, in transaction: WriteTransaction) throws {
        try transaction.setNextCheck(record.nextCheckAt, of: record.id)
        try transaction.setDue(RotationPlan.nextLook(at: record, under: policy, from: time.now()), of: record.id)
    }

    /// Tests one key. Beyond the limits on test calls it waits as long as they say; what else goes wrong is the next
    /// attempt's.
    fileprivate func checkAsScheduled(_ id: KeyID) async -> PostponedCheck? {
        do {
            _ = try await checkOnce(id, wantsFunding: false, RequestContext(caller: .vault))
        } catch .validationLimit(let wait, _) {
            return PostponedCheck(id: id, until: time.now() + wait)
        } catch {}
        return nil
    }

    /// Says when keys that were not tested are to be tested; that is no attempt, and nothing else of them changes.
    fileprivate func postpone(_ checks: [PostponedCheck]) async throws(VaultError) {
        _ = try await write { [self] transaction in
            for check in checks {
                guard let stored = try transaction.key(check.id) else { continue }
                var record = stored.record
                record.nextCheckAt = check.until
                try plan(record, under: policy(for: record, in: transaction), in: transaction)
            }
        }
    }

    /// The vault's own work: the scheduler, deferred writes, rekeys and the audit log's heads, until cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await RotationScheduler(self).run() }
            group.addTask { await self.runDeferredWrites() }
            group.addTask { await self.runHeads() }
            group.addTask { await self.runRekeys() }
        }
    }
}
