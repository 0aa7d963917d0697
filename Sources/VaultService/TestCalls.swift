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
        if let attempt, verdict.code != .unverified {
            let isRefused = verdict.code.isRefusal
            _ = try await write { transaction in try transaction.settle(attempt: attempt, refused: isRefused) }
        }
        return verdict
    }

    /// Whether there is a call by which keys of `provider` can be proven.
    func canTest(_ provider: ProviderID) -> Bool { catalogue[provider]?.canBeTested ?? false }

    /// Counts the call, or refuses it.
    private func admit(
        _ secret: borrowing SecretBytes, _ call: TestCall, _ context: RequestContext
    ) async throws(VaultError) -> Int? {
        guard let limits = configuration.validationLimits, !call.isProven, canTest(call.provider) else { return nil }
        let keyRef: [UInt8]
        do {
            keyRef = try keyring.blindIndex(of: secret, project: call.project, provider: call.provider)
        } catch {
            throw VaultError(thrown: error)
        }
        let now = time.now()
        let attempt = ValidationAttempt(
            at: now, projectID: call.project, owner: call.owner, keyRef: keyRef, refused: nil)
        let refusal: VaultError?
        let id: Int?
        (id, refusal) = try await write { transaction in
            if let refusal = try ValidationGate(limits: limits, transaction: transaction, now: now).refusal(of: attempt)
            {
                if context.caller.kind == .vault { return (nil, refusal) }
                _ = try transaction.append(
                    AuditEntry(
                        at: now, actor: context.caller, action: .requestRefused, object: "\(call.owner)",
                        projectID: call.project, outcome: "validation_limit", requestID: context.requestID))
                return (nil, refusal)
            }
            return (try transaction.insert(attempt), nil)
        }
        if let refusal { throw refusal }
        return id
    }
}

/// Compares what was counted with the limits.
private struct ValidationGate {
    let limits: ValidationLimits
    let transaction: WriteTransaction
    let now: Timestamp

    func refusal(of attempt: ValidationAttempt) throws -> VaultError? {
        let minute = now - 60
        let day = now - 86_400
        if try transaction.instanceCalls(since: minute) >= limits.instancePerMinute {
            return .validationLimit(
                retryAfter: 60, detail: "This vault has made too many test calls in the last minute.")
        }
        let places: [(UserID?, Int, Int, Int, String)] = [
            (attempt.owner, limits.userPerMinute, limits.userKeysPerDay, limits.userRefusals, "user"),
            (nil, limits.projectPerMinute, limits.projectKeysPerDay, limits.projectRefusals, "project"),
        ]
        for (owner, perMinute, keysPerDay, refusals, who) in places {
            let recent = try transaction.attemptCounts(project: attempt.projectID, owner: owner, since: minute)
            if recent.calls >= perMinute {
                return .validationLimit(
                    retryAfter: 60, detail: "This \(who) has caused \(recent.calls) test calls in the last minute.")
            }
            let daily = try transaction.attemptCounts(project: attempt.projectID, owner: owner, since: day)
            if daily.distinctRefused >= refusals {
                return .validationLimit(
                    retryAfter: 86_400,
                    detail: "Too many different keys of this \(who) were refused; checks stop for a day.")
            }
            // One of those that were counted is not one more.
            if daily.distinctKeys >= keysPerDay,
                try !transaction.hasAttempt(
                    of: attempt.keyRef, project: attempt.projectID, owner: owner, since: day)
            {
                return .validationLimit(
                    retryAfter: 86_400, detail: "This \(who) has tried \(daily.distinctKeys) different keys in a day.")
            }
        }
        return nil
    }
}
