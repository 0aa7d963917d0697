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

    /// The newest entry's number and chain hash.
    package func auditHead(_ context: RequestContext) throws(VaultError) -> (sequence: Int, hash: [UInt8]) {
        try context.require(.auditRead)
        let (sequence, hash) = try read { transaction throws(StoreError) in try transaction.auditHead() }
        return (sequence, hash)
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

extension KeyStatistics {
    /// The ages in days between the buckets of the histogram.
    package static let ageEdges = [1, 7, 30, 60, 90, 180, 365]
}
