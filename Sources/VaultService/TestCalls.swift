import Synchronization
import VaultCrypto
import VaultModel
import VaultProviders
import VaultStore

/// How many test calls run at once. Safe to use from any thread.
final class TestCallSlots: Sendable {
    private let free: Mutex<Int>

    init(limit: Int) {
        free = Mutex(limit)
    }

    func take() -> Bool {
        free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
    }

    func giveBack() {
        free.withLock { $0 += 1 }
    }
}

/// A key that is about to be tested: whose it is, and where.
struct TestCall: Sendable {
    let project: ProjectID
    let owner: UserID
    let provider: ProviderID
    let params: [String: String]
    let endpoint: Endpoint
    let wantsFunding: Bool
    /// A key that was proven before counts against no limit.
    let isProven: Bool
}

extension Vault {
    /// Proves a key with the provider, within the limits on test calls.
    ///
    /// This must not be a tool for testing stolen keys: calls are counted per user and project across restarts,
    /// and stop after too many distinct refused keys.
    ///
    /// - Throws: `validationLimit`, with how long to wait; then no call was made.
    func test(
        _ secret: borrowing SecretBytes, _ call: TestCall, _ context: RequestContext
    ) async throws(VaultError) -> Verdict {
        guard testCalls.take() else {
            throw .validationLimit(retryAfter: 1, detail: "Too many test calls are running at once.")
        }
        defer { testCalls.giveBack() }
        let attempt = try await admit(secret, call, context)
        let verdict = await probe.check(
            secret, of: call.provider, at: call.endpoint.baseURL, fundingCheck: call.wantsFunding, params: call.params)
        // A call that was given up on our side says nothing of the provider: it must not be taken for an outage.
        guard !Task.isCancelled else { throw .overloaded }
        tallies.note(verdict.code, by: call.provider)
        if canTest(call.provider) { health.note(verdict, by: call.provider) }
        if let attempt, verdict.code != .unverified {
            // A refusal that is doubted tells whoever tries stolen keys nothing, and must not stop a whole project.
            let isRefused = verdict.code.isRefusal && !health.isSuspect(call.provider, at: verdict.checkedAt)
            try await settle(attempt, refused: isRefused, call, context)
        }
        return verdict
    }

    /// What names a secret within its project and provider, without being it.
    func blindIndex(
        of secret: borrowing SecretBytes, project: ProjectID, provider: ProviderID
    ) throws(VaultError) -> [UInt8] {
        do {
            return try keyring.blindIndex(of: secret, project: project, provider: provider)
        } catch {
            throw VaultError(thrown: error)
        }
    }

    /// Whether there is a call by which keys of `provider` can be proven.
    func canTest(_ provider: ProviderID) -> Bool { catalogue[provider]?.canBeTested ?? false }

    /// Counts the call, or refuses it.
    private func admit(
        _ secret: borrowing SecretBytes, _ call: TestCall, _ context: RequestContext
    ) async throws(VaultError) -> Int? {
        guard let limits = configuration.validationLimits, !call.isProven, canTest(call.provider) else { return nil }
        let keyRef = try blindIndex(of: secret, project: call.project, provider: call.provider)
        let now = time.now()
        let attempt = ValidationAttempt(
            at: now, projectID: call.project, owner: call.owner, keyRef: keyRef, refused: nil)
        let refusal: VaultError?
        let id: Int?
        (id, refusal) = try await write { [self] transaction in
            let gate = ValidationGate(limits: limits, transaction: transaction, now: now, doctor: doctor)
            if let (refusal, stop) = try gate.refusal(of: attempt, share: context.caller.kind == .vault ? 2 : 1) {
                if let stop, try gate.note(stop, context) { tell(.checksStopped(stop.projectID)) }
                // Nobody asked for it; the key waits as long as the limit says.
                if context.caller.kind == .vault { return (nil, refusal) }
                _ = try transaction.append(
                    AuditEntry(
                        at: now, actor: context.caller, action: .requestRefused,
                        object: doctor.auditName(of: call.owner),
                        projectID: call.project, outcome: "validation_limit", requestID: context.requestID))
                return (nil, refusal)
            }
            return (try transaction.insert(attempt), nil)
        }
        if let refusal { throw refusal }
        return id
    }

    /// Notes what the provider said; whoever has had too many keys refused with this one is stopped, and that is noted
    /// too.
    private func settle(
        _ attempt: Int, refused: Bool, _ call: TestCall, _ context: RequestContext
    ) async throws(VaultError) {
        let (limits, now) = (configuration.validationLimits, time.now())
        _ = try await write { [self] transaction in
            try transaction.settle(attempt: attempt, refused: refused)
            guard refused, let limits else { return }
            let gate = ValidationGate(limits: limits, transaction: transaction, now: now, doctor: doctor)
            for stop in try gate.stopsAfterRefusals(of: call) where try gate.note(stop, context) {
                tell(.checksStopped(stop.projectID))
            }
        }
    }
}

/// Compares what was counted with the limits.
private struct ValidationGate {
    let limits: ValidationLimits
    let transaction: WriteTransaction
    let now: Timestamp
    let doctor: KeyDoctor

    private var day: Timestamp { start(of: 86_400) }

    /// The first moment that counts: what is `seconds` old does not, so that who waits that long is let in.
    private func start(of seconds: Int) -> Timestamp { Timestamp(milliseconds: (now - seconds).milliseconds + 1) }

    /// Why the call must not be made, and what has stopped if it is more than a minute's limit.
    ///
    /// - Parameter share: the vault's own first checks have only one part of so many of what a project and the whole vault
    ///   may do, so that they leave room for people who wait for an answer.
    func refusal(of attempt: ValidationAttempt, share: Int) throws -> (VaultError, ValidationStop?)? {
        let minute = start(of: 60)
        if try transaction.instanceCalls(since: minute) >= limits.instancePerMinute / share {
            let error = VaultError.validationLimit(
                retryAfter: 60, detail: "This vault has made too many test calls in the last minute.")
            return (error, nil)
        }
        let places: [(UserID?, Int, Int, Int, String)] = [
            (attempt.owner, limits.userPerMinute, limits.userKeysPerDay, limits.userRefusals, "user"),
            (
                nil, max(limits.projectPerMinute / share, 1), max(limits.projectKeysPerDay / share, 1),
                limits.projectRefusals, "project"
            ),
        ]
        for (owner, perMinute, keysPerDay, refusals, who) in places {
            let recent = try transaction.attemptCounts(project: attempt.projectID, owner: owner, since: minute)
            if recent.calls >= perMinute {
                let error = VaultError.validationLimit(
                    retryAfter: 60, detail: "This \(who) has caused \(recent.calls) test calls in the last minute.")
                return (error, nil)
            }
            let stop = { ValidationStop(projectID: attempt.projectID, owner: owner, cause: $0) }
            let daily = try transaction.attemptCounts(project: attempt.projectID, owner: owner, since: day)
            if daily.distinctRefused >= refusals {
                let error = VaultError.validationLimit(
                    retryAfter: 86_400,
                    detail: "Too many different keys of this \(who) were refused; checks stop for a day.")
                return (error, stop(.refusedKeys))
            }
            // One of those that were counted is not one more.
            if daily.distinctKeys >= keysPerDay,
                try !transaction.hasAttempt(
                    of: attempt.keyRef, project: attempt.projectID, owner: owner, since: day)
            {
                let error = VaultError.validationLimit(
                    retryAfter: 86_400, detail: "This \(who) has tried \(daily.distinctKeys) different keys in a day.")
                return (error, owner == nil && share > 1 ? nil : stop(.distinctKeys))
            }
        }
        return nil
    }

    /// What the refusals so far stop, of the owner's and of the project's test calls.
    func stopsAfterRefusals(of call: TestCall) throws -> [ValidationStop] {
        let places: [(UserID?, Int)] = [(call.owner, limits.userRefusals), (nil, limits.projectRefusals)]
        return try places.compactMap { owner, refusals in
            let refused = try transaction.attemptCounts(project: call.project, owner: owner, since: day).distinctRefused
            guard refused >= refusals else { return nil }
            return ValidationStop(projectID: call.project, owner: owner, cause: .refusedKeys)
        }
    }

    /// Has the audit log say that test calls have stopped, once a day for each user or project and each cause.
    ///
    /// - Returns: whether it had not been said today.
    func note(_ stop: ValidationStop, _ context: RequestContext) throws -> Bool {
        if let last = try transaction.lastNoted(stop), last >= day { return false }
        try transaction.put(stop, at: now)
        _ = try transaction.append(
            AuditEntry(
                at: now, actor: context.caller, action: .requestRefused,
                object: stop.owner.map { doctor.auditName(of: $0) } ?? "\(stop.projectID)", projectID: stop.projectID,
                outcome: "checks_stopped", requestID: context.requestID, reason: stop.cause.rawValue))
        return true
    }
}
