package import VaultModel

/// How many keys are alike in all that is counted.
package struct KeyCensusRow: Sendable, Equatable {
    /// What the row says, which may be nothing that the catalogue knows.
    package let provider: String
    package let status: String
    package let staleReasons: StaleReasons
    /// As in ``KeyStatistics/byStoredAt``.
    package let ageBucket: Int
    package let count: Int
}

extension ReadTransaction {
    /// Every key, counted in one pass over the table.
    ///
    /// - Parameter edges: the moments between the buckets of ages, the latest first.
    package func keyCensus(edges: [Timestamp]) throws(StoreError) -> [KeyCensusRow] {
        var conditions = Conditions()
        let bucket = AgeBuckets.expression(edges, &conditions)
        // Fixed text: parameters' names and counted numbers.
        return try connection.rows(
            "SELECT provider, status, stale_reasons, \(bucket) AS bucket, COUNT(*) FROM keys GROUP BY 1, 2, 3, 4",
            conditions.values
        ) {
            KeyCensusRow(
                provider: $0.text(), status: $0.text(), staleReasons: StaleReasons(rawValue: $0.int()),
                ageBucket: $0.int(), count: $0.int())
        }
    }

    /// How many keys the scheduler should have looked at by `time`, and since when the first of them waits.
    package func overdue(at time: Timestamp) throws(StoreError) -> (count: Int, since: Timestamp?) {
        try connection.first(
            "SELECT COUNT(*), MIN(due_at) FROM keys WHERE due_at IS NOT NULL AND due_at <= $1", [.time(time)]
        ) { ($0.int(), $0.optionalTime()) } ?? (0, nil)
    }
}

/// When a key's current version was stored, as the number of a bucket.
enum AgeBuckets {
    /// SQL for the number: 0 at the first edge or later, 1 before it but not before the second, and so on.
    static func expression(_ edges: [Timestamp], _ conditions: inout Conditions) -> String {
        let cases = edges.enumerated().map { index, edge in
            "WHEN version_stored_at >= \(conditions.parameter(.time(edge))) THEN \(index)"
        }
        return cases.isEmpty ? "0" : "CASE \(cases.joined(separator: " ")) ELSE \(edges.count) END"
    }
}
