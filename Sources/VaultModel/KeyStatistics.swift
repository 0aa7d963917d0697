/// How many keys there are of each kind. What is not counted is not listed.
package struct KeyStatistics: Sendable {
    /// All keys, by stored status.
    package var byStatus: [(String, Int)]
    /// Keys that are not revoked, by provider.
    package var byProvider: [(String, Int)]
    /// Keys that are not revoked and stale, by reason; one with two reasons counts twice.
    package var byStaleReason: [(String, Int)]
    /// Keys that are not revoked, by when their current version was stored: at the first edge or later, before the
    /// first but not before the second, …, before the last; one more than there are edges.
    package var byStoredAt: [Int]

    package init(
        byStatus: [(String, Int)], byProvider: [(String, Int)], byStaleReason: [(String, Int)], byStoredAt: [Int]
    ) {
        self.byStatus = byStatus
        self.byProvider = byProvider
        self.byStaleReason = byStaleReason
        self.byStoredAt = byStoredAt
    }
}
