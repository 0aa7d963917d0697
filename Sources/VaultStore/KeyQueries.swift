package import VaultModel

/// Which keys a list is of; `nil` asks for nothing.
package struct KeyFilter: Sendable, Equatable {
    package var projectID: ProjectID?
    package var owner: UserID?
    package var provider: ProviderID?
    /// The stored one: what a row that cannot be believed says.
    package var status: KeyStatus?
    package var isStale: Bool?

    package init(
        projectID: ProjectID? = nil, owner: UserID? = nil, provider: ProviderID? = nil, status: KeyStatus? = nil,
        isStale: Bool? = nil
    ) {
        self.projectID = projectID
        self.owner = owner
        self.provider = provider
        self.status = status
        self.isStale = isStale
    }
}

extension ReadTransaction {
    /// The keys that are not revoked, or still have a secret.
    package func livingKeys() throws(StoreError) -> Set<KeyID> {
        Set(
            try connection.rows(
                """
                SELECT id FROM keys WHERE status <> 'revoked'
                UNION SELECT key_id FROM versions WHERE box IS NOT NULL AND shredded_at IS NULL
                """
            ) { $0.id() })
    }

    package func key(_ id: KeyID) throws(StoreError) -> StoredKey? {
        try connection.first(KeyQuery.byID, [.id(id)]) { KeyRow.decode(&$0) }
    }

    /// Newest first, those older than `before`.
    package func keys(
        matching filter: KeyFilter, before: KeyID? = nil, limit: Int
    ) throws(StoreError) -> [StoredKey] {
        var conditions = Conditions()
        if let project = filter.projectID { conditions.require("k.project_id =", .id(project)) }
        if let owner = filter.owner { conditions.require("k.owner =", .owner(owner)) }
        if let provider = filter.provider { conditions.require("k.provider =", .provider(provider)) }
        if let status = filter.status { conditions.require("k.status =", .text(status.rawValue)) }
        if let isStale = filter.isStale { conditions.require(isStale ? "k.stale_reasons <> 0" : "k.stale_reasons = 0") }
        if let before { conditions.require("k.id <", .id(before)) }
        let limit = conditions.limit(limit)
        return try connection.rows(
            "\(KeyRow.select)\(conditions.sql) ORDER BY k.id DESC \(limit)", conditions.values
        ) { KeyRow.decode(&$0) }
    }

    /// Keys whose time to be looked at has come, longest due first.
    package func dueKeys(at time: Timestamp, limit: Int) throws(StoreError) -> [StoredKey] {
        try connection.rows(KeyQuery.due, [.time(time), .int(max(limit, 0))]) { KeyRow.decode(&$0) }
    }
}

extension WriteTransaction {
    package func insert(_ key: KeyRecord, mac: [UInt8]) throws(StoreError) {
        try connection.run(KeyRow.insert, try KeyRow.values(key, mac: mac))
    }

    /// - Throws: ``StoreError/constraint(_:)`` when there is no such key.
    package func update(_ key: KeyRecord, mac: [UInt8]) throws(StoreError) {
        try runOnOneRow(KeyRow.update, try KeyRow.values(key, mac: mac), table: "keys")
    }

    /// Changes what describes a key, and nothing that its MAC covers but its expiry: the row is as believable as before.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` when there is no such key.
    package func updateDescription(of key: KeyRecord) throws(StoreError) {
        try runOnOneRow(
            "UPDATE keys SET label = $2, tags = $3, expires_at = $4 WHERE id = $1",
            [.id(key.id), .string(key.label), try JSONText.value(key.tags), .time(key.expiresAt)], table: "keys"
        )
    }

    /// Says when the key is to be tested next; `nil` for never.
    package func setNextCheck(_ time: Timestamp?, of id: KeyID) throws(StoreError) {
        try connection.run("UPDATE keys SET next_check_at = $2 WHERE id = $1", [.id(id), .time(time)])
    }

    /// Says when the scheduler has to look at the key next; `nil` for never.
    package func setDue(_ time: Timestamp?, of id: KeyID) throws(StoreError) {
        try connection.run("UPDATE keys SET due_at = $2 WHERE id = $1", [.id(id), .time(time)])
    }

    /// Shreds and removes all versions of the key, then the key; nothing happens where there is none.
    package func delete(key id: KeyID) throws(StoreError) {
        try shredVersions(of: id)
        try connection.run("DELETE FROM versions WHERE key_id = $1", [.id(id)])
        try connection.run("DELETE FROM keys WHERE id = $1", [.id(id)])
    }

    /// Notes when the key was last used; an earlier time than the noted one changes nothing.
    package func touch(key id: KeyID, usedAt time: Timestamp) throws(StoreError) {
        try connection.run(
            "UPDATE keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)",
            [.id(id), .time(time)]
        )
    }

    /// Makes keys that are not revoked due at `time` unless they are due earlier, in the order of their ids.
    ///
    /// - Returns: the last key looked at, to go on after; `nil` when none was left.
    package func makeDue(
        project: ProjectID, provider: ProviderID?, after: KeyID?, limit: Int, at time: Timestamp
    ) throws(StoreError) -> KeyID? {
        let filter = RevocationFilter(projectID: project, provider: provider)
        let ids = try keyIDs(matching: filter, after: after, limit: limit)
        for id in ids {
            try connection.run(
                "UPDATE keys SET due_at = $2 WHERE id = $1 AND (due_at IS NULL OR due_at > $2)",
                [.id(id), .time(time)]
            )
        }
        return ids.last
    }
}

enum KeyQuery {
    static let byID = KeyRow.select + " WHERE k.id = $1"
    static let due =
        KeyRow.select + " WHERE k.due_at IS NOT NULL AND k.due_at <= $1 ORDER BY k.due_at LIMIT $2"
}
