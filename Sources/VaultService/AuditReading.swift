import VaultCrypto
package import VaultModel
import VaultStore

extension Vault {
    /// Audit entries in order of their sequence; an app's token sees its own project's.
    package func auditEntries(
        _ filter: AuditFilter, after: Int, limit: Int, _ context: RequestContext
    ) throws(VaultError) -> [AuditRecord] {
        try context.require(.auditRead)
        var filter = filter
        if let own = context.caller.projectID { filter.projectID = own }
        return try read { [filter] transaction throws(StoreError) in
            try transaction.auditEntries(after: after, limit: limit, filter: filter)
        }
    }

    /// Where the audit log is, and what is signed of it.
    package func auditHead(_ context: RequestContext) throws(VaultError) -> AuditHeadView {
        try context.require(.auditRead)
        return try reading { transaction in
            let (sequence, hash) = try transaction.auditHead()
            let keys = try signers(in: transaction.signers()).map(\.key)
            return AuditHeadView(
                position: ChainPosition(sequence: sequence, hash: hash),
                signedHead: try transaction.newestHead()?.note,
                publicKeys: keys.map { "\($0)" },
                isAnchorWritable: anchor.isWritable, dropped: try dropped(in: transaction, keys: keys))
        }
    }

    /// Counts of keys, by provider, status and stale reason, and a histogram of their age.
    package func statistics(
        project: ProjectID?, _ context: RequestContext
    ) throws(VaultError) -> KeyStatistics {
        try context.require(.keysRead)
        if let own = context.caller.projectID, let project, project != own { throw .notFound }
        let scope = context.caller.projectID ?? project
        let now = time.now()
        let edges = KeyStatistics.ageEdges.map { now - $0 * 86_400 }
        return try read { transaction throws(StoreError) in try transaction.statistics(project: scope, edges: edges) }
    }
}

/// Where the audit log is, and what is signed of it.
package struct AuditHeadView: Sendable {
    package let position: ChainPosition
    /// The newest signed note; it also stands in the anchor.
    package let signedHead: String?
    /// The keys that heads are checked with, oldest first.
    package let publicKeys: [String]
    package let isAnchorWritable: Bool
    /// The last entry of those that were dropped but for a few, and the chain there.
    package let dropped: ChainPosition?
}

extension KeyStatistics {
    /// The ages in days between the buckets of the histogram.
    package static let ageEdges = [1, 7, 30, 60, 90, 180, 365]
}
