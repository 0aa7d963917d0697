package import VaultModel

/// What a provider last said of a secret that it had accepted before.
package struct ProviderAnswerRecord: Sendable, Equatable {
    package var provider: ProviderID
    /// A 32-byte MAC of the secret, to tell distinct ones apart.
    package var keyRef: [UInt8]
    package var at: Timestamp
    package var refused: Bool

    package init(provider: ProviderID, keyRef: [UInt8], at: Timestamp, refused: Bool) {
        self.provider = provider
        self.keyRef = keyRef
        self.at = at
        self.refused = refused
    }
}

/// Since when a provider's refusals are doubted.
package struct SuspicionRecord: Sendable, Equatable {
    package var provider: ProviderID
    package var since: Timestamp
    /// `nil` unless acceptances ended it before its time.
    package var endedAt: Timestamp?

    package init(provider: ProviderID, since: Timestamp, endedAt: Timestamp? = nil) {
        self.provider = provider
        self.since = since
        self.endedAt = endedAt
    }
}

extension ReadTransaction {
    /// The newest answers of a provider, one for each secret, newest first.
    package func answers(of provider: ProviderID, limit: Int) throws(StoreError) -> [ProviderAnswerRecord] {
        try connection.rows(
            "SELECT provider, key_ref, at, refused FROM provider_answers WHERE provider = $1 ORDER BY id DESC LIMIT $2",
            [.provider(provider), .int(max(limit, 0))]
        ) {
            ProviderAnswerRecord(provider: $0.provider(), keyRef: $0.blob(), at: $0.time(), refused: $0.int() != 0)
        }
    }

    /// The last suspicion of a provider, ended or not.
    package func suspicion(of provider: ProviderID) throws(StoreError) -> SuspicionRecord? {
        try connection.first(
            "SELECT provider, since, ended_at FROM provider_suspicions WHERE provider = $1", [.provider(provider)]
        ) { SuspicionRecord(provider: $0.provider(), since: $0.time(), endedAt: $0.optionalTime()) }
    }

    /// The last suspicion of every provider that there ever was one of.
    package func suspicions() throws(StoreError) -> [SuspicionRecord] {
        try connection.rows("SELECT provider, since, ended_at FROM provider_suspicions ORDER BY provider") {
            SuspicionRecord(provider: $0.provider(), since: $0.time(), endedAt: $0.optionalTime())
        }
    }
}

extension WriteTransaction {
    /// Makes this the newest answer, in place of an earlier one about the same secret, and forgets all of that provider's
    /// but the newest `kept`.
    package func put(_ answer: ProviderAnswerRecord, keeping kept: Int) throws(StoreError) {
        try connection.run(
            "DELETE FROM provider_answers WHERE provider = $1 AND key_ref = $2",
            [.provider(answer.provider), .blob(answer.keyRef)]
        )
        try connection.run(
            "INSERT INTO provider_answers (provider, key_ref, at, refused) VALUES ($1, $2, $3, $4)",
            [.provider(answer.provider), .blob(answer.keyRef), .time(answer.at), .int(answer.refused ? 1 : 0)]
        )
        try connection.run(
            "DELETE FROM provider_answers WHERE provider = $1 AND id NOT IN"
                + " (SELECT id FROM provider_answers WHERE provider = $1 ORDER BY id DESC LIMIT $2)",
            [.provider(answer.provider), .int(max(kept, 0))]
        )
    }

    /// Adds the suspicion, or puts it in place of that provider's last one.
    package func put(_ suspicion: SuspicionRecord) throws(StoreError) {
        try connection.run(
            Columns("provider_suspicions", "provider", "since", "ended_at").put(),
            [.provider(suspicion.provider), .time(suspicion.since), .time(suspicion.endedAt)]
        )
    }
}
