package import VaultModel

/// A connect session as it lies in the store; `mac` is empty where the row cannot be read in full.
package struct StoredConnectSession: Sendable, Equatable {
    package var record: ConnectSession
    package var mac: [UInt8]

    package init(record: ConnectSession, mac: [UInt8]) {
        self.record = record
        self.mac = mac
    }
}

extension ReadTransaction {
    /// The session whose token has that HMAC.
    package func connectSession(lookup: [UInt8]) throws(StoreError) -> StoredConnectSession? {
        try connection.first(ConnectRow.byLookup, [.blob(lookup)]) { ConnectRow.decode(&$0) }
    }

    package func connectSession(_ id: ConnectSessionID) throws(StoreError) -> StoredConnectSession? {
        try connection.first(ConnectRow.byID, [.id(id)]) { ConnectRow.decode(&$0) }
    }

    /// Those that nobody ended and whose end was at or before `now`, the earliest first.
    package func overdueConnectSessions(at now: Timestamp, limit: Int) throws(StoreError) -> [StoredConnectSession] {
        try connection.rows(
            "\(ConnectRow.select) WHERE state = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT $2",
            [.time(now), .int(limit)]
        ) { ConnectRow.decode(&$0) }
    }

    /// A user's, whatever their state.
    package func connectSessions(project: ProjectID, owner: UserID) throws(StoreError) -> [StoredConnectSession] {
        try connection.rows(
            "\(ConnectRow.select) WHERE project_id = $1 AND owner = $2", [.id(project), .owner(owner)]
        ) { ConnectRow.decode(&$0) }
    }
}

extension WriteTransaction {
    package func insert(_ session: ConnectSession, mac: [UInt8]) throws(StoreError) {
        try connection.run(ConnectRow.columns.insert, try ConnectRow.values(session, mac: mac))
    }

    /// - Throws: ``StoreError/constraint(_:)`` when there is no such session.
    package func update(_ session: ConnectSession, mac: [UInt8]) throws(StoreError) {
        try runOnOneRow(ConnectRow.update, try ConnectRow.values(session, mac: mac), table: "connect_sessions")
    }

    package func delete(connectSession id: ConnectSessionID) throws(StoreError) {
        try connection.run("DELETE FROM connect_sessions WHERE id = $1", [.id(id)])
    }

    /// Forgets those that have ended, in whatever way, and whose time was over before `time`.
    package func purgeConnectSessions(before time: Timestamp) throws(StoreError) {
        try connection.run(
            "DELETE FROM connect_sessions WHERE expires_at < $1 AND state <> 'pending'", [.time(time)])
    }
}

enum ConnectRow {
    static let columns = Columns(
        "connect_sessions",
        "id", "lookup", "project_id", "owner", "user_label", "purpose", "key_id", "providers", "return_url", "origin",
        "locale", "created_at", "given_end", "expires_at", "state", "ended_at", "checks", "mac"
    )
    static let update = columns.update()
    static let select = "SELECT \(columns.list()) FROM connect_sessions"
    static let byID = select + " WHERE id = $1"
    static let byLookup = select + " WHERE lookup = $1"

    static func values(_ session: ConnectSession, mac: [UInt8]) throws(StoreError) -> [Value] {
        [
            .id(session.id), .blob(session.lookup), .id(session.projectID), .owner(session.owner),
            .string(session.userLabel), .text(session.purpose.rawValue), .id(session.keyID),
            try JSONText.value(session.providers.map(\.description)), .string(session.returnURL),
            .string(session.origin), .string(session.locale), .time(session.createdAt), .time(session.givenEnd),
            .time(session.expiresAt), .text(session.state.rawValue), .time(session.endedAt), .int(session.checks),
            .blob(mac),
        ]
    }

    /// An unreadable state is one that admits nothing.
    static func decode(_ row: inout Row) -> StoredConnectSession {
        let (id, lookup, project, owner) = (
            row.id(ConnectSessionID.self), row.blob(), row.id(ProjectID.self), row.owner()
        )
        let userLabel = row.optionalText()
        let purpose = row.name(or: ConnectPurpose.manage)
        let keyID = row.optionalID(KeyID.self)
        let providers = row.list().map { ProviderID($0) ?? .unreadable }
        let (returnURL, origin, locale) = (row.optionalText(), row.optionalText(), row.optionalText())
        let (createdAt, givenEnd, expiresAt) = (row.time(), row.time(), row.time())
        var record = ConnectSession(
            id: id, lookup: lookup, projectID: project, owner: owner, purpose: purpose, createdAt: createdAt,
            givenEnd: givenEnd)
        record.userLabel = userLabel
        record.keyID = keyID
        record.providers = providers
        (record.returnURL, record.origin, record.locale) = (returnURL, origin, locale)
        record.expiresAt = expiresAt
        record.state = row.name(or: .cancelled)
        record.endedAt = row.optionalTime()
        record.checks = row.int()
        return StoredConnectSession(record: record, mac: row.seal())
    }
}
