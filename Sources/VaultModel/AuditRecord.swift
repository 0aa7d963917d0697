/// Which entries of the audit log are asked for; `nil` asks for nothing.
package struct AuditFilter: Sendable, Equatable {
    package var keyID: KeyID?
    package var tokenID: TokenID?
    package var action: AuditAction?
    package var projectID: ProjectID?
    /// The first moment that counts.
    package var since: Timestamp?
    /// The first moment that does not count any more.
    package var until: Timestamp?

    package init(
        keyID: KeyID? = nil, tokenID: TokenID? = nil, action: AuditAction? = nil, projectID: ProjectID? = nil,
        since: Timestamp? = nil, until: Timestamp? = nil
    ) {
        self.keyID = keyID
        self.tokenID = tokenID
        self.action = action
        self.projectID = projectID
        self.since = since
        self.until = until
    }
}

/// An entry in its place in the chain.
package struct AuditRecord: Sendable, Equatable {
    package var sequence: Int
    /// `request.refused` stands in for an action that cannot be read.
    package var entry: AuditEntry
    /// Empty where the row cannot be read in full, so that it matches nothing.
    package var hash: [UInt8]

    package init(sequence: Int, entry: AuditEntry, hash: [UInt8]) {
        self.sequence = sequence
        self.entry = entry
        self.hash = hash
    }
}
