import VaultModel

/// Whether the scheduler may call one provider now. Pure.
///
/// After five outages in a row it is open: no call for 30 s, then one trial, and after each trial that fails twice as
/// long, up to ten minutes. Meanwhile keys that come due are put off, each to a second of its own, and that is how they
/// are worked off when it has closed. People's own calls are not asked about here, but what comes of them counts.
struct ProviderCircuit: Sendable, Equatable {
    /// What a call tells of the provider.
    enum Sign: Sendable, Equatable {
        /// It answers, and is believed.
        case answer
        /// Nobody is there, or nobody who could judge.
        case outage
        /// Nothing: the answer was about something else.
        case neither
    }

    enum Admission: Sendable, Equatable {
        case call
        case putOff(until: Timestamp)
    }

    static let outagesToOpen = 5
    static let firstWait = 30
    /// With a quarter of jitter on top this is ten minutes.
    static let longestWait = 480
    /// How long a key that was put off is waited for beyond its second; it may have been revoked.
    private static let patience = 600

    private var outages = 0
    private var wait = 0
    /// When the next trial may be made; `nil` while the circuit is closed.
    private(set) var trialAt: Timestamp?
    /// The keys that were put off and not tested since.
    private var waiting: Set<KeyID> = []
    /// The first second that no key was put off to.
    private var freeSlot = Timestamp(milliseconds: .min)
    private var lastCall = Timestamp(milliseconds: .min)

    var isOpen: Bool { trialAt != nil }

    /// When what was put off should have been worked off, as it was when the circuit closed. It does not move on with
    /// what comes due meanwhile: where that is more than one a second, the end would never come.
    private var pacedUntil = Timestamp(milliseconds: .min)

    /// Whether keys that were put off are still being worked off.
    private func isPaced(at now: Timestamp) -> Bool { !waiting.isEmpty && now < pacedUntil }

    /// When the scheduler has something to do here before its usual time; `nil` for never.
    func nextMove(at now: Timestamp) -> Timestamp? {
        if let trialAt { return waiting.isEmpty ? nil : max(trialAt, now + 1) }
        return isPaced(at: now) ? now + 1 : nil
    }

    /// Whether the scheduler may test `key` now.
    ///
    /// - Parameter seed: spreads the trials of several vaults.
    mutating func admit(_ key: KeyID, at now: Timestamp, seed: String) -> Admission {
        if let trialAt {
            guard now >= trialAt else { return putOff(key, noEarlierThan: trialAt) }
            // A trial that succeeds closes the circuit; until then it counts as failed, and may get lost.
            pause(wait * 2, at: now, seed)
        } else if isPaced(at: now) {
            guard now >= lastCall + 1 else { return putOff(key, noEarlierThan: now + 1) }
        } else {
            waiting = []
        }
        waiting.remove(key)
        lastCall = now
        return .call
    }

    private mutating func putOff(_ key: KeyID, noEarlierThan time: Timestamp) -> Admission {
        let slot = max(freeSlot, time)
        freeSlot = slot + 1
        waiting.insert(key)
        return .putOff(until: slot)
    }

    mutating func note(_ sign: Sign, at now: Timestamp, seed: String) {
        switch sign {
        case .neither: break
        case .answer:
            outages = 0
            wait = 0
            guard isOpen else { return }
            trialAt = nil
            pacedUntil = max(freeSlot, now) + Self.patience
        case .outage:
            outages += 1
            if outages >= Self.outagesToOpen, !isOpen { open(at: now, seed: seed) }
        }
    }

    /// Opens it without waiting for outages.
    mutating func open(at now: Timestamp, seed: String) {
        guard !isOpen else { return }
        pause(Self.firstWait, at: now, seed)
    }

    private mutating func pause(_ seconds: Int, at now: Timestamp, _ seed: String) {
        wait = min(max(seconds, Self.firstWait), Self.longestWait)
        trialAt = now + wait + Jitter.seconds(upTo: wait / 4, for: seed, at: now)
    }
}
