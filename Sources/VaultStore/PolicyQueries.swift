package import VaultModel

/// A policy as it lies in the store; `mac` is empty where the row cannot be read in full.
package struct StoredPolicy: Sendable, Equatable {
    package var record: PolicyRecord
    package var mac: [UInt8]

    package init(record: PolicyRecord, mac: [UInt8]) {
        self.record = record
        self.mac = mac
    }
}

extension ReadTransaction {
    /// The policy set for exactly this: the project (`provider == nil`) or one provider in it.
    package func policy(project: ProjectID, provider: ProviderID?) throws(StoreError) -> StoredPolicy? {
        try connection.first(PolicyRow.one, [.id(project), .providerOrAll(provider)]) { PolicyRow.decode(&$0) }
    }

    /// All policies of a project, its own first, then by provider.
    package func policies(project: ProjectID) throws(StoreError) -> [StoredPolicy] {
        try connection.rows(PolicyRow.ofProject, [.id(project)]) { PolicyRow.decode(&$0) }
    }
}

extension WriteTransaction {
    /// Sets or replaces the policy.
    package func put(_ policy: PolicyRecord, mac: [UInt8]) throws(StoreError) {
        try connection.run(PolicyRow.put, try PolicyRow.values(policy, mac: mac))
    }

    package func deletePolicy(project: ProjectID, provider: ProviderID?) throws(StoreError) {
        try connection.run(
            "DELETE FROM policies WHERE project_id = $1 AND provider = $2", [.id(project), .providerOrAll(provider)]
        )
    }
}

enum PolicyRow {
    static let columns = Columns(
        "policies",
        "project_id", "provider", "max_age_seconds", "warn_before_seconds", "unused_after_seconds",
        "recheck_every_seconds", "confirm_failure_after_seconds", "grace_seconds", "quarantine_after_seconds",
        "revision", "mac"
    )
    static let put = columns.put(keys: 2)
    static let one = "SELECT \(columns.list()) FROM policies WHERE project_id = $1 AND provider = $2"
    static let ofProject = "SELECT \(columns.list()) FROM policies WHERE project_id = $1 ORDER BY provider"

    static func values(_ record: PolicyRecord, mac: [UInt8]) throws(StoreError) -> [Value] {
        let policy = record.policy
        return [
            .id(record.projectID), .providerOrAll(record.provider), .int(policy.maxAgeSeconds),
            try JSONText.value(policy.warnBeforeSeconds), .int(policy.unusedAfterSeconds),
            .int(policy.recheckEverySeconds), .int(policy.confirmFailureAfterSeconds), .int(policy.graceSeconds),
            .int(policy.quarantineAfterSeconds), .int(record.revision), .blob(mac),
        ]
    }

    static func decode(_ row: inout Row) -> StoredPolicy {
        let projectID: ProjectID = row.id()
        let provider = row.optionalProvider()
        let policy = RotationPolicy(
            maxAgeSeconds: row.optionalInt(), warnBeforeSeconds: row.numbers(), unusedAfterSeconds: row.optionalInt(),
            recheckEverySeconds: row.optionalInt(), confirmFailureAfterSeconds: row.optionalInt(),
            graceSeconds: row.int(), quarantineAfterSeconds: row.optionalInt()
        )
        let record = PolicyRecord(projectID: projectID, provider: provider, policy: policy, revision: row.int())
        return StoredPolicy(record: record, mac: row.seal())
    }
}
