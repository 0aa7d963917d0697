import VaultModel
import VaultStore

/// Whether a provider's refusals are believed. Pure.
///
/// Of twenty distinct keys that it had accepted, a provider that newly refuses more than half is more likely to be wrong
/// itself. A refusal that lasts a day is its word.
enum ProviderSuspicion {
    static let window = 20
    static let mostRefused = 10
    /// How long a refusal is new, a suspicion lasts, and refusals are believed after it; in seconds.
    static let span = 86_400

    enum Phase: Sendable, Equatable {
        case trusted, suspect
        /// The suspicion has lasted its time: what is refused now is refused.
        case believed
    }

    static func phase(_ suspicion: SuspicionRecord?, at now: Timestamp) -> Phase {
        guard let suspicion, suspicion.endedAt == nil else { return .trusted }
        if now < suspicion.since + span { return .suspect }
        return now < suspicion.since + 2 * span ? .believed : .trusted
    }

    /// Whether too many of these answers are new refusals.
    static func isTooMuch(_ answers: [ProviderAnswerRecord], since horizon: Timestamp) -> Bool {
        answers.count { $0.refused && $0.at > horizon } > mostRefused
    }
}

extension Vault {
    /// What is made of an answer about a stored key: a refusal that is doubted is no verdict.
    ///
    /// Counts the answer, and begins or ends the suspicion of the provider, in the transaction that keeps the verdict.
    /// What ``ProviderHealth`` knows follows at once; should the commit fail, the next answer puts it right.
    func weigh(
        _ verdict: Verdict, of key: KeyRecord, in transaction: WriteTransaction, _ context: RequestContext
    ) throws -> Verdict {
        let (provider, now) = (key.provider, verdict.checkedAt)
        var suspicion = try transaction.suspicion(of: provider)
        let phase = ProviderSuspicion.phase(suspicion, at: now)
        if let refused = Self.change(verdict, of: key), phase != .believed || !refused {
            try transaction.put(
                ProviderAnswerRecord(provider: provider, keyRef: key.blindIndex, at: now, refused: refused),
                keeping: ProviderSuspicion.window)
            let answers = try transaction.answers(of: provider, limit: ProviderSuspicion.window)
            let reference = phase == .suspect ? suspicion?.since ?? now : now
            let isTooMuch = ProviderSuspicion.isTooMuch(answers, since: reference - ProviderSuspicion.span)
            if phase == .trusted, refused, isTooMuch {
                let begun = SuspicionRecord(provider: provider, since: now)
                suspicion = begun
                try transaction.put(begun)
                _ = try transaction.append(
                    AuditEntry(
                        at: now, actor: .vault, action: .providerSuspect, object: "\(provider)",
                        requestID: context.requestID, reason: "good_keys_refused"))
                tell(.providerSuspect(provider))
            } else if phase == .suspect, !isTooMuch, var ended = suspicion {
                ended.endedAt = now
                suspicion = ended
                try transaction.put(ended)
            }
        }
        let isSuspect = ProviderSuspicion.phase(suspicion, at: now) == .suspect
        health.set(
            provider, suspectUntil: isSuspect ? suspicion.map { $0.since + ProviderSuspicion.span } : nil, at: now)
        return isSuspect && verdict.code.isRefusal ? doubted(verdict, by: provider) : verdict
    }

    /// Whether the provider newly refuses a key that it had accepted, or accepts one that it had judged; `nil` for all
    /// that tells nothing of the provider.
    private static func change(_ verdict: Verdict, of key: KeyRecord) -> Bool? {
        guard let earlier = key.verdict else { return nil }
        if verdict.code.isRefusal { return earlier.code.isAcceptance ? true : nil }
        return verdict.code.isAcceptance ? false : nil
    }

    /// A refusal that is not believed.
    func doubted(_ verdict: Verdict, by provider: ProviderID) -> Verdict {
        var doubted = verdict
        let name = summary(of: provider).name
        doubted.code = .unverified
        doubted.reason = "provider_suspect"
        doubted.message =
            "\(name) refused the key, but refuses most of the keys that it accepted before, so that its refusals are not"
            + " believed now. The key was not judged; we will try again."
        doubted.tested = []
        return doubted
    }

    /// Reads back which providers are suspect.
    func loadSuspicions() throws(VaultError) {
        let now = time.now()
        let stored = try read { transaction throws(StoreError) in try transaction.suspicions() }
        for suspicion in stored where ProviderSuspicion.phase(suspicion, at: now) == .suspect {
            health.set(suspicion.provider, suspectUntil: suspicion.since + ProviderSuspicion.span, at: now)
        }
    }
}
