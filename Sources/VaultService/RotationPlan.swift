package import VaultModel

/// One thing that the scheduler has to do with a key.
package enum RotationAction: Sendable, Equatable {
    case flag(StaleReasons)
    case unflag(StaleReasons)
    case expire
    case shredPrevious
    case quarantine
    case check
}

/// What is to be done with a key now, and when to look again. Pure: no clock, no network, no store.
package enum RotationPlan {
    /// What `policy` asks for at `now`, in the order in which it is to be done.
    package static func actions(
        for key: KeyRecord, under policy: RotationPolicy, at now: Timestamp
    ) -> [RotationAction] {
        guard key.status != .revoked else { return [] }
        var actions: [RotationAction] = []
        let reached = { (moment: Timestamp?) in moment.map { $0 <= now } ?? false }
        if reached(key.previousUntil) { actions.append(.shredPrevious) }
        if key.status == .undecryptable { return actions }
        if key.status != .expired, reached(key.expiresAt) { return actions + [.expire] }

        for (reason, moment) in staleMoments(of: key, under: policy) {
            let holds = reached(moment)
            guard holds != key.staleReasons.contains(reason) else { continue }
            actions.append(holds ? .flag(reason) : .unflag(reason))
        }
        if KeyStates.isWorking(key.status), reached(quarantineMoment(of: key, under: policy)) {
            actions.append(.quarantine)
        } else if KeyStates.isWorking(key.status), reached(key.nextCheckAt) {
            actions.append(.check)
        }
        return actions
    }

    /// The next moment at which ``actions(for:under:at:)`` has something to say; `nil` for never.
    package static func nextLook(
        at key: KeyRecord, under policy: RotationPolicy, from now: Timestamp
    ) -> Timestamp? {
        guard key.status != .revoked else { return nil }
        guard actions(for: key, under: policy, at: now).isEmpty else { return now }
        var moments = [key.previousUntil]
        if key.status != .undecryptable && key.status != .expired {
            moments.append(key.expiresAt)
            for (reason, moment) in staleMoments(of: key, under: policy) where !key.staleReasons.contains(reason) {
                moments.append(moment)
            }
        }
        if KeyStates.isWorking(key.status) {
            moments.append(key.nextCheckAt)
            moments.append(quarantineMoment(of: key, under: policy))
        }
        return moments.compactMap(\.self).min()
    }

    /// When the current version is too old; `nil` for never.
    package static func rotateBy(_ key: KeyRecord, under policy: RotationPolicy) -> Timestamp? {
        key.status == .revoked ? nil : policy.maxAgeSeconds.map { key.versionStoredAt + $0 }
    }

    /// From when on each reason of the calendar holds.
    private static func staleMoments(
        of key: KeyRecord, under policy: RotationPolicy
    ) -> [(StaleReasons, Timestamp?)] {
        let warning = policy.warnBeforeSeconds.max()
        let lastUse = max(key.lastUsedAt ?? key.versionStoredAt, key.versionStoredAt)
        return [
            (.age, rotateBy(key, under: policy)),
            (.expiring, key.expiresAt.flatMap { end in warning.map { end - $0 } }),
            (.unused, policy.unusedAfterSeconds.map { lastUse + $0 }),
        ]
    }

    private static func quarantineMoment(of key: KeyRecord, under policy: RotationPolicy) -> Timestamp? {
        policy.quarantineAfterSeconds.flatMap { span in rotateBy(key, under: policy).map { $0 + span } }
    }
}
