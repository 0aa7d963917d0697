package import VaultModel

extension RevocationFilter {
    fileprivate var conditions: Conditions {
        var conditions = Conditions()
        conditions.require("status <> 'revoked'")
        if let projectID { conditions.require("project_id =", .id(projectID)) }
        if let owner { conditions.require("owner =", .owner(owner)) }
        if let provider { conditions.require("provider =", .provider(provider)) }
        if let createdBefore { conditions.require("created_at <", .time(createdBefore)) }
        return conditions
    }
}

/// An order as it lies in the store; `mac` is empty where the row cannot be read in full.
package struct StoredOrder: Sendable, Equatable {
    package var record: RevocationOrder
    package var mac: [UInt8]

    package init(record: RevocationOrder, mac: [UInt8]) {
        self.record = record
        self.mac = mac
    }
}

extension ReadTransaction {
    /// Keys that match and are not revoked, in the order of their ids.
    package func keyIDs(
        matching filter: RevocationFilter, after: KeyID? = nil, limit: Int
    ) throws(StoreError) -> [KeyID] {
        var conditions = filter.conditions
        if let after { conditions.require("id >", .id(after)) }
        let limit = conditions.limit(limit)
        return try connection.rows("SELECT id FROM keys\(conditions.sql) ORDER BY id \(limit)", conditions.values) {
            $0.id()
        }
    }

    /// How many keys match and are not revoked.
    package func countKeys(matching filter: RevocationFilter) throws(StoreError) -> Int {
        let conditions = filter.conditions
        return try connection.first("SELECT COUNT(*) FROM keys\(conditions.sql)", conditions.values) { $0.int() } ?? 0
    }

    /// Orders that are not carried out in full yet, oldest first.
    package func pendingOrders() throws(StoreError) -> [StoredOrder] {
        try connection.rows(OrderRow.pending) { OrderRow.decode(&$0) }
    }

    /// Every order, carried out or not, oldest first.
    package func orders() throws(StoreError) -> [StoredOrder] {
        try connection.rows(OrderRow.all) { OrderRow.decode(&$0) }
    }

    package func order(_ id: RevocationID) throws(StoreError) -> StoredOrder? {
        try connection.first(OrderRow.byID, [.id(id)]) { OrderRow.decode(&$0) }
    }
}

extension WriteTransaction {
    /// Adds the order, or replaces the one with its id.
    package func put(_ order: RevocationOrder, mac: [UInt8]) throws(StoreError) {
        let filter = order.filter
        try connection.run(
            OrderRow.columns.put(),
            [
                .id(order.id), .id(filter.projectID), .string(filter.provider?.description),
                .string(filter.owner?.description), .time(filter.createdBefore), .text(order.reason),
                .time(order.orderedAt), .id(order.cursor), .time(order.completedAt), .blob(mac),
            ]
        )
    }
}

enum OrderRow {
    static let columns = Columns(
        "revocations",
        "id", "project_id", "provider", "owner", "created_before", "reason", "ordered_at", "after_id", "completed_at",
        "mac"
    )
    static let byID = "SELECT \(columns.list()) FROM revocations WHERE id = $1"
    static let all = "SELECT \(columns.list()) FROM revocations ORDER BY id"
    static let pending = "SELECT \(columns.list()) FROM revocations WHERE completed_at IS NULL ORDER BY id"

    static func decode(_ row: inout Row) -> StoredOrder {
        let id: RevocationID = row.id()
        let filter = RevocationFilter(
            projectID: row.optionalID(), provider: row.optionalProvider(), owner: row.optionalOwner(),
            createdBefore: row.optionalTime()
        )
        let order = RevocationOrder(
            id: id, filter: filter, reason: row.text(), orderedAt: row.time(), cursor: row.optionalID(),
            completedAt: row.optionalTime()
        )
        return StoredOrder(record: order, mac: row.seal())
    }
}
