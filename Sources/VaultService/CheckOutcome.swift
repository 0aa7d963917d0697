import VaultModel

/// What one verdict does to a stored key. Pure.
///
/// One refusal changes no status, for providers err; the second one, at least `confirmFailureAfterSeconds`
/// later, does. Any acceptance ends both. An outage writes only that there was an attempt.
enum CheckOutcome {
    /// Applies `verdict` to `record` and says what happened; `key.checked` comes first.
    static func apply(_ verdict: Verdict, to record: inout KeyRecord, under policy: RotationPolicy) -> [AuditAction] {
        let now = verdict.checkedAt
        var actions: [AuditAction] = [.keyChecked]
        let earlier = record.lastCheck
        record.lastCheck = CheckAttempt(
            at: now, reason: verdict.reason, message: verdict.message, httpStatus: verdict.httpStatus)
        if verdict.code.isAcceptance {
            accept(verdict, in: &record, &actions)
            record.nextCheckAt = nextRecheck(of: record, after: now, under: policy)
        } else if verdict.code.isRefusal {
            refuse(verdict, in: &record, under: policy, &actions)
        } else {
            let retry = retryTime(of: record.id, after: earlier, verdict, under: policy)
            record.lastCheck?.retryAt = retry
            record.nextCheckAt = retry
        }
        return actions
    }

    private static func accept(_ verdict: Verdict, in record: inout KeyRecord, _ actions: inout [AuditAction]) {
        if record.status == .failing || record.refusedSince != nil { actions.append(.keyRecovered) }
        record.verdict = verdict
        record.isProven = true
        if !verdict.account.isEmpty { record.account = verdict.account }
        record.refusedSince = nil
        StaleFlags.set(.checkFailed, false, on: &record, at: verdict.checkedAt)
        if KeyStates.isWorking(record.status) { record.status = KeyStates.status(after: verdict.code) }
    }

    private static func refuse(
        _ verdict: Verdict, in record: inout KeyRecord, under policy: RotationPolicy, _ actions: inout [AuditAction]
    ) {
        let now = verdict.checkedAt
        record.verdict = verdict
        if StaleFlags.set(.checkFailed, true, on: &record, at: now) { actions.append(.keyStale) }
        guard let confirm = policy.confirmFailureAfterSeconds else {
            record.refusedSince = record.refusedSince ?? now
            record.nextCheckAt = nextRecheck(of: record, after: now, under: policy)
            return
        }
        let first = record.refusedSince ?? now
        if record.refusedSince != nil, now >= first + confirm, record.status == .active || record.status == .unverified
        {
            record.status = .failing
            actions.append(.keyFailing)
        }
        record.refusedSince = first
        record.nextCheckAt =
            now < first + confirm ? first + confirm : nextRecheck(of: record, after: now, under: policy)
    }

    /// The usual interval and up to a twentieth more, by the key's id: keys stored together drift apart.
    private static func nextRecheck(
        of record: KeyRecord, after now: Timestamp, under policy: RotationPolicy
    ) -> Timestamp? {
        policy.recheckEverySeconds.map { usual in
            now + usual + Int(truncatingIfNeeded: record.id.uuid.low % UInt64(usual / 20 + 1))
        }
    }

    /// When to try again after an outage: after a minute, then twice as long each time, up to a quarter more by chance of
    /// key and moment, and at most the usual interval; but never before the provider asked for.
    private static func retryTime(
        of id: KeyID, after earlier: CheckAttempt?, _ verdict: Verdict, under policy: RotationPolicy
    ) -> Timestamp? {
        guard let usual = policy.recheckEverySeconds else { return nil }
        var wait = 60
        if let last = earlier.flatMap({ attempt in attempt.retryAt?.seconds(since: attempt.at) }) {
            // The last wait had its jitter on top, less than would have doubled it.
            while wait <= last, wait < usual { wait *= 2 }
        }
        // With a quarter on top this is the usual interval.
        wait = min(wait, max(usual / 5 * 4, 1))
        let jitter = Jitter.seconds(upTo: wait / 4, for: id.uuid.low, at: verdict.checkedAt)
        return verdict.checkedAt + (max(wait, verdict.retryAfter ?? 0) + jitter)
    }
}

/// The stale flags of a record and since when there is any.
enum StaleFlags {
    /// Sets or clears one; returns whether it was newly set.
    @discardableResult
    static func set(_ reason: StaleReasons, _ isSet: Bool, on record: inout KeyRecord, at now: Timestamp) -> Bool {
        let had = record.staleReasons.contains(reason)
        if isSet { record.staleReasons.insert(reason) } else { record.staleReasons.remove(reason) }
        if record.staleReasons.isEmpty {
            record.staleSince = nil
        } else if record.staleSince == nil {
            record.staleSince = now
        }
        return isSet && !had
    }
}
