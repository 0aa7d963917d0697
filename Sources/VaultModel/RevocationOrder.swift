/// Which keys are meant by an order to revoke many; `nil` asks for nothing.
package struct RevocationFilter: Sendable, Equatable {
    package var projectID: ProjectID?
    package var provider: ProviderID?
    package var owner: UserID?
    package var createdBefore: Timestamp?

    package init(
        projectID: ProjectID? = nil, provider: ProviderID? = nil, owner: UserID? = nil,
        createdBefore: Timestamp? = nil
    ) {
        self.projectID = projectID
        self.provider = provider
        self.owner = owner
        self.createdBefore = createdBefore
    }

    /// Whether it names every key there is.
    package var isEmpty: Bool { self == RevocationFilter() }
}

/// An order to revoke many keys; it holds from the moment it is stored, and is carried out in batches.
package struct RevocationOrder: Sendable, Equatable {
    package var id: RevocationID
    package var filter: RevocationFilter
    package var reason: String
    package var orderedAt: Timestamp
    /// The last key that was shredded for it.
    package var cursor: KeyID?
    package var completedAt: Timestamp?

    package init(
        id: RevocationID, filter: RevocationFilter, reason: String, orderedAt: Timestamp, cursor: KeyID? = nil,
        completedAt: Timestamp? = nil
    ) {
        self.id = id
        self.filter = filter
        self.reason = reason
        self.orderedAt = orderedAt
        self.cursor = cursor
        self.completedAt = completedAt
    }
}
