package import VaultModel

/// A changed policy whose keys are still to be made due, batch by batch.
package struct Rescan: Sendable, Equatable {
    package var projectID: ProjectID
    /// `nil` for the keys of every provider.
    package var provider: ProviderID?
    /// The last key that was made due.
    package var after: KeyID?

    package init(projectID: ProjectID, provider: ProviderID?, after: KeyID? = nil) {
        self.projectID = projectID
        self.provider = provider
        self.after = after
    }
}

extension ReadTransaction {
    package func pendingRescans() throws(StoreError) -> [Rescan] {
        try connection.rows("SELECT project_id, provider, after_id FROM rescans ORDER BY project_id, provider") {
            Rescan(projectID: $0.id(), provider: $0.optionalProvider(), after: $0.optionalID())
        }
    }
}

extension WriteTransaction {
    /// Adds the rescan, or notes how far it has come.
    package func put(_ rescan: Rescan) throws(StoreError) {
        try connection.run(
            Columns("rescans", "project_id", "provider", "after_id").put(keys: 2),
            [.id(rescan.projectID), .providerOrAll(rescan.provider), .id(rescan.after)]
        )
    }

    package func delete(_ rescan: Rescan) throws(StoreError) {
        try connection.run(
            "DELETE FROM rescans WHERE project_id = $1 AND provider = $2",
            [.id(rescan.projectID), .providerOrAll(rescan.provider)]
        )
    }
}
