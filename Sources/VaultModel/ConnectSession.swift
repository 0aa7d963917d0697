/// What a connect link is for; the raw value is the API's `purpose`.
package enum ConnectPurpose: String, Sendable, CaseIterable {
    /// To save one key; then it is used up.
    case store
    /// To put one key in another's place; then it is used up.
    case replace
    /// To look at a user's keys, to replace and to remove them; it is not used up.
    case manage
}

/// What has become of a connect link; the raw value is the API's `state`.
package enum ConnectState: String, Sendable, CaseIterable {
    case pending, completed, expired, cancelled
}

/// A link by which one user gives one app a key: one row. Its token is in none; only an HMAC of that is kept.
package struct ConnectSession: Sendable, Equatable {
    /// The least that is left, in seconds, when the page has just spoken.
    package static let leastLeft = 900
    /// How long an open page can keep a link alive, in seconds from its making, where it was not given longer.
    package static let longestKept = 7200

    // Decides something, so under the row MAC.
    package var id: ConnectSessionID
    package var lookup: [UInt8]
    package var projectID: ProjectID
    /// Whose key it will be.
    package var owner: UserID
    /// What the page calls its user; `nil` for the user's id.
    package var userLabel: String?
    package var purpose: ConnectPurpose
    /// The key to be replaced; of a completed link, the key that was saved by it.
    package var keyID: KeyID?
    /// Whose keys it takes; empty: those that its project takes.
    package var providers: [ProviderID]
    /// Where the page leads back to.
    package var returnURL: String?
    /// The only origin that the page tells what came of it.
    package var origin: String?
    package var createdAt: Timestamp
    /// The end that it was made with.
    package var givenEnd: Timestamp
    /// The end as the open page has moved it.
    package var expiresAt: Timestamp
    package var state: ConnectState
    package var endedAt: Timestamp?

    // Describes.
    /// The language that the app wishes for, as a tag of RFC 5646.
    package var locale: String?
    /// How often its key was checked by it.
    package var checks = 0

    package init(
        id: ConnectSessionID, lookup: [UInt8], projectID: ProjectID, owner: UserID, purpose: ConnectPurpose,
        createdAt: Timestamp, givenEnd: Timestamp
    ) {
        self.id = id
        self.lookup = lookup
        self.projectID = projectID
        self.owner = owner
        self.purpose = purpose
        self.createdAt = createdAt
        self.givenEnd = givenEnd
        expiresAt = givenEnd
        providers = []
        state = .pending
    }

    /// The state that holds: a link past its end has expired, whether that was written down yet or not.
    package func state(at now: Timestamp) -> ConnectState {
        state == .pending && expiresAt <= now ? .expired : state
    }

    /// The end when the page speaks at `now`: never earlier than before, never later than an open page may keep it.
    package func end(whenUsedAt now: Timestamp) -> Timestamp {
        max(expiresAt, min(now + Self.leastLeft, max(createdAt + Self.longestKept, givenEnd)))
    }
}
