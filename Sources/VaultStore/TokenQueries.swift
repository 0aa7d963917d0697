package import VaultModel

/// A token as it lies in the store; `mac` is empty where the row cannot be read in full.
package struct StoredToken: Sendable, Equatable {
    package var record: TokenRecord
    package var mac: [UInt8]

    package init(record: TokenRecord, mac: [UInt8]) {
        self.record = record
        self.mac = mac
    }
}

extension ReadTransaction {
    /// The token with that HMAC of its text.
    package func token(lookup: [UInt8]) throws(StoreError) -> StoredToken? {
        try connection.first(TokenRow.byLookup, [.blob(lookup)]) { TokenRow.decode(&$0) }
    }

    package func token(_ id: TokenID) throws(StoreError) -> StoredToken? {
        try connection.first(TokenRow.byID, [.id(id)]) { TokenRow.decode(&$0) }
    }

    /// Newest first, those older than `before`; of every project and of none where `project` is `nil`.
    package func tokens(
        project: ProjectID?, before: TokenID? = nil, limit: Int
    ) throws(StoreError) -> [StoredToken] {
        var conditions = Conditions()
        if let project { conditions.require("project_id =", .id(project)) }
        if let before { conditions.require("id <", .id(before)) }
        let limit = conditions.limit(limit)
        return try connection.rows(
            "\(TokenRow.select)\(conditions.sql) ORDER BY id DESC \(limit)", conditions.values
        ) { TokenRow.decode(&$0) }
    }
}

extension ReadTransaction {
    /// The project's tokens that have `scope` and are good at `now`.
    package func tokens(
        project: ProjectID, having scope: Scope, at now: Timestamp
    ) throws(StoreError) -> [StoredToken] {
        try connection.rows(
            "\(TokenRow.select) WHERE project_id = $1 AND scopes & $2 <> 0 AND revoked_at IS NULL"
                + " AND (expires_at IS NULL OR expires_at > $3)",
            [.id(project), .int(Scopes([scope]).rawValue), .time(now)]
        ) { TokenRow.decode(&$0) }
    }
}

extension WriteTransaction {
    package func insert(_ token: TokenRecord, mac: [UInt8]) throws(StoreError) {
        try connection.run(TokenRow.columns.insert, TokenRow.values(token, mac: mac))
    }

    /// - Throws: ``StoreError/constraint(_:)`` when there is no such token.
    package func update(_ token: TokenRecord, mac: [UInt8]) throws(StoreError) {
        try runOnOneRow(TokenRow.update, TokenRow.values(token, mac: mac), table: "tokens")
    }

    /// Notes when the token was last used; an earlier time than the noted one changes nothing.
    package func touch(token id: TokenID, usedAt time: Timestamp) throws(StoreError) {
        try connection.run(
            "UPDATE tokens SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
            [.id(id), .time(time)]
        )
    }
}

enum TokenRow {
    static let columns = Columns(
        "tokens",
        "id", "lookup", "project_id", "kind", "scopes", "name", "created_at", "expires_at", "revoked_at",
        "last_used_at", "mac"
    )
    static let update = columns.update()
    static let select = "SELECT \(columns.list()) FROM tokens"
    static let byID = select + " WHERE id = $1"
    static let byLookup = select + " WHERE lookup = $1"

    static func values(_ token: TokenRecord, mac: [UInt8]) -> [Value] {
        [
            .id(token.id), .blob(token.lookup), .id(token.projectID), .text(token.kind.rawValue),
            .int(token.scopes.rawValue), .text(token.name), .time(token.createdAt), .time(token.expiresAt),
            .time(token.revokedAt), .time(token.lastUsedAt), .blob(mac),
        ]
    }

    /// An unreadable kind is the one that may least.
    static func decode(_ row: inout Row) -> StoredToken {
        let record = TokenRecord(
            id: row.id(), lookup: row.blob(), projectID: row.optionalID(), kind: row.name(or: .connect),
            scopes: Scopes(rawValue: row.int()), name: row.text(), createdAt: row.time(),
            expiresAt: row.optionalTime(), revokedAt: row.optionalTime(), lastUsedAt: row.optionalTime()
        )
        return StoredToken(record: record, mac: row.seal())
    }
}
