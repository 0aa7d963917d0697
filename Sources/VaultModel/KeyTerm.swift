/// A KEK term: the key that wraps the DEKs of secrets for some time.
package struct KeyTerm: Sendable, Equatable {
    package let number: Int
    package let createdAt: Timestamp
    /// How many DEKs were ever wrapped under it.
    package let wraps: Int
    /// How many secrets it wraps now.
    package let secrets: Int
    /// `nil` while it can still be opened.
    package let destroyedAt: Timestamp?

    package init(number: Int, createdAt: Timestamp, wraps: Int, secrets: Int, destroyedAt: Timestamp?) {
        self.number = number
        self.createdAt = createdAt
        self.wraps = wraps
        self.secrets = secrets
        self.destroyedAt = destroyedAt
    }
}

/// How far the moving of all secrets to a term has come.
package struct Rekey: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        /// DEKs are being wrapped anew.
        case rewrapping
        /// Every secret is being opened once.
        case verifying
        case finished
    }

    package let fromTerm: Int
    package let toTerm: Int
    package var state: State
    /// Secrets that were moved.
    package var done: Int
    /// Secrets that could not be moved or, afterwards, opened.
    package var failed: Int
    /// Secrets that were opened afterwards.
    package var verified: Int
    package let startedAt: Timestamp
    package var finishedAt: Timestamp?

    package init(
        fromTerm: Int, toTerm: Int, state: State = .rewrapping, done: Int = 0, failed: Int = 0, verified: Int = 0,
        startedAt: Timestamp, finishedAt: Timestamp? = nil
    ) {
        self.fromTerm = fromTerm
        self.toTerm = toTerm
        self.state = state
        self.done = done
        self.failed = failed
        self.verified = verified
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
