package import VaultModel

extension ReadTransaction {
    /// - Parameter edges: the moments between the buckets of ages, the latest first.
    package func statistics(
        project: ProjectID?, edges: [Timestamp] = []
    ) throws(StoreError) -> KeyStatistics {
        var all = Conditions()
        if let project { all.require("project_id =", .id(project)) }
        var live = all
        live.require("status <> 'revoked'")
        let byStatus = try counts("status", all)
        let byProvider = try counts("provider", live)
        var stale = live
        stale.require("stale_reasons <> 0")
        let sets = try connection.rows(
            "SELECT stale_reasons, COUNT(*) FROM keys\(stale.sql) GROUP BY stale_reasons", stale.values
        ) { (StaleReasons(rawValue: $0.int()), $0.int()) }
        let byReason = StaleReason.allCases.map { reason in
            (reason.rawValue, sets.reduce(0) { $0 + ($1.0.contains(StaleReasons(reason)) ? $1.1 : 0) })
        }
        return KeyStatistics(
            byStatus: byStatus, byProvider: byProvider, byStaleReason: byReason.filter { $0.1 > 0 },
            byStoredAt: try storedAt(live, edges: edges.sorted(by: >))
        )
    }

    private func counts(_ column: String, _ conditions: Conditions) throws(StoreError) -> [(String, Int)] {
        // Fixed text: both columns are named in this file.
        try connection.rows(
            "SELECT \(column), COUNT(*) FROM keys\(conditions.sql) GROUP BY \(column) ORDER BY \(column)",
            conditions.values
        ) { ($0.text(), $0.int()) }
    }

    private func storedAt(_ live: Conditions, edges: [Timestamp]) throws(StoreError) -> [Int] {
        var conditions = live
        let bucket = AgeBuckets.expression(edges, &conditions)
        // Fixed text: built above of parameters' names and counted numbers.
        let rows = try connection.rows(
            "SELECT \(bucket) AS bucket, COUNT(*) FROM keys\(conditions.sql) GROUP BY bucket", conditions.values
        ) { ($0.int(), $0.int()) }
        var counts = [Int](repeating: 0, count: edges.count + 1)
        for (bucket, count) in rows where counts.indices.contains(bucket) { counts[bucket] = count }
        return counts
    }
}
