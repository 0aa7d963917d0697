/// A secret as it lies at rest: its own box, and the key to that box in another.
package struct SealedSecret: Sendable, Equatable {
    /// The KEK term that wraps `wrappedDEK`.
    package let term: Int
    /// Sealed box of type 2.
    package let wrappedDEK: [UInt8]
    /// Sealed box of type 1.
    package let box: [UInt8]

    package init(term: Int, wrappedDEK: [UInt8], box: [UInt8]) {
        self.term = term
        self.wrappedDEK = wrappedDEK
        self.box = box
    }
}

/// One version of a key's secret; retired ones keep no secret.
package struct KeyVersion: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable {
        case current, previous, retired
    }

    package var keyID: KeyID
    package var number: Int
    package var state: State
    /// `nil` once shredded.
    package var sealed: SealedSecret?
    /// What the duplicate check compares; `nil` once retired, so that the secret may be stored again.
    package var blindIndex: [UInt8]?
    package var hint: String
    package var fingerprint: String
    package var createdAt: Timestamp
    package var retiredAt: Timestamp?
    package var shreddedAt: Timestamp?
    /// The last definite answer about this secret, kept for the grace time in which it may come back.
    package var verdict: Verdict?
    /// Where this secret was proven: what its box is bound to.
    package var endpoint: String

    package init(
        keyID: KeyID, number: Int, state: State, sealed: SealedSecret?, blindIndex: [UInt8]?, hint: String,
        fingerprint: String, createdAt: Timestamp, retiredAt: Timestamp? = nil, shreddedAt: Timestamp? = nil,
        verdict: Verdict? = nil, endpoint: String = ""
    ) {
        self.keyID = keyID
        self.number = number
        self.state = state
        self.sealed = sealed
        self.blindIndex = blindIndex
        self.hint = hint
        self.fingerprint = fingerprint
        self.createdAt = createdAt
        self.retiredAt = retiredAt
        self.shreddedAt = shreddedAt
        self.verdict = verdict
        self.endpoint = endpoint
    }
}

/// What one sealed secret is bound to: it opens nowhere else. Every field is what the row says.
package struct SecretBinding: Sendable, Equatable {
    package let keyID: KeyID
    package let version: Int
    package let projectID: ProjectID
    package let owner: UserID
    package let provider: ProviderID
    package let endpoint: String

    package init(
        keyID: KeyID, version: Int, projectID: ProjectID, owner: UserID, provider: ProviderID, endpoint: String
    ) {
        self.keyID = keyID
        self.version = version
        self.projectID = projectID
        self.owner = owner
        self.provider = provider
        self.endpoint = endpoint
    }
}
