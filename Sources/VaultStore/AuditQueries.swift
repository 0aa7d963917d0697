package import VaultModel

extension ReadTransaction {
    /// Entries behind the one with number `after`, in their order.
    package func auditEntries(
        after: Int = 0, limit: Int, filter: AuditFilter = AuditFilter()
    ) throws(StoreError) -> [AuditRecord] {
        var conditions = Conditions()
        conditions.require("seq >", .int(after))
        if let key = filter.keyID { conditions.require("key_id =", .id(key)) }
        if let token = filter.tokenID { conditions.require("token_id =", .id(token)) }
        if let action = filter.action { conditions.require("action =", .text(action.rawValue)) }
        if let project = filter.projectID { conditions.require("project_id =", .id(project)) }
        if let since = filter.since { conditions.require("at >=", .time(since)) }
        if let until = filter.until { conditions.require("at <", .time(until)) }
        let limit = conditions.limit(limit)
        return try connection.rows(
            "\(AuditQueries.select)\(conditions.sql) ORDER BY seq \(limit)", conditions.values
        ) { AuditQueries.decode(&$0) }
    }

    /// Number and hash of the last entry; 0 and 32 zero bytes before the first.
    package func auditHead() throws(StoreError) -> (sequence: Int, hash: [UInt8]) {
        let head = try AuditQueries.head(connection)
        return (head.sequence, head.hash)
    }

    /// Whether the log says that the token was revoked: a row that says otherwise was put back.
    package func hasEnded(_ token: TokenID) throws(StoreError) -> Bool {
        try connection.first(AuditQueries.endOfToken, [.text("\(token)")]) { $0.int() } != nil
    }

    /// Whether the log says that the project was deleted.
    package func hasEnded(_ project: ProjectID) throws(StoreError) -> Bool {
        try connection.first(AuditQueries.endOfProject, [.text("\(project)")]) { $0.int() } != nil
    }

    /// Whether the log says that the connect session has ended, in whatever way.
    package func hasEnded(_ session: ConnectSessionID) throws(StoreError) -> Bool {
        try connection.first(AuditQueries.endOfSession, [.text("\(session)")]) { $0.int() } != nil
    }

    /// What has ended for ever by entries behind the one with number `after`: keys, orders, tokens and projects.
    package func endings(after: Int) throws(StoreError) -> [String] {
        try connection.rows(AuditQueries.endings, [.int(after)]) { $0.text() }
    }

    package func newestEntry(of key: KeyID) throws(StoreError) -> AuditEntry? {
        try connection.first(AuditQueries.newest, [.id(key)]) { AuditQueries.decode(&$0).entry }
    }
}

extension WriteTransaction {
    /// Adds an entry at the end of the chain.
    ///
    /// - Returns: its number.
    @discardableResult
    package func append(_ entry: AuditEntry) throws(StoreError) -> Int {
        let sequence = head.position.sequence + 1
        let hash: [UInt8]
        do {
            hash = try chain(head.position.hash, entry.canonicalBytes(sequence: sequence))
        } catch {
            throw .unavailable(code: 0, detail: "the hash of an audit entry cannot be computed")
        }
        try connection.run(
            AuditQueries.insert,
            [
                .int(sequence), .time(entry.at), .id(entry.actorTokenID), .text(entry.actorName),
                .text(entry.actorKind), .text(entry.action.rawValue), .text(entry.object), .id(entry.keyID),
                .id(entry.projectID), .text(entry.outcome), .id(entry.requestID), .text(entry.keyRef),
                .text(entry.reason), .int(entry.revision), .blob(hash),
            ]
        )
        head.advance(to: hash)
        lastAppended = sequence
        if entry.isEnding { endings.append(entry.object) }
        return sequence
    }
}

/// How an entry lies in the table `audit`.
enum AuditQueries {
    static let columns = Columns(
        "audit",
        "seq", "at", "token_id", "actor_name", "actor_kind", "action", "object", "key_id", "project_id", "outcome",
        "request_id", "key_ref", "reason", "revision", "hash"
    )
    static let insert = columns.insert
    static let select = "SELECT \(columns.list()) FROM audit"
    static let endOfToken = "SELECT 1 FROM audit WHERE object = $1 AND action = 'token.revoked' LIMIT 1"
    static let endOfProject = """
        SELECT 1 FROM audit WHERE object = $1 AND action = 'project.changed' AND reason = 'deleted' LIMIT 1
        """
    static let endOfSession = """
        SELECT 1 FROM audit
        WHERE object = $1 AND action IN ('connect.completed', 'connect.cancelled', 'connect.expired') LIMIT 1
        """
    static let endings = """
        SELECT object FROM audit
        WHERE seq > $1 AND (action IN ('key.revoked', 'key.deleted', 'token.revoked')
            OR action = 'project.changed' AND reason = 'deleted') ORDER BY seq
        """
    static let newest = select + " WHERE key_id = $1 ORDER BY seq DESC LIMIT 1"

    static func head(_ connection: Connection) throws(StoreError) -> AuditHead.Position {
        try connection.first("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1") {
            AuditHead.Position(sequence: $0.int(), hash: $0.blob())
        } ?? .start
    }

    static func decode(_ row: inout Row) -> AuditRecord {
        let sequence = row.int()
        var entry = AuditEntry(at: row.time(), actor: .anonymous, action: .requestRefused)
        entry.actorTokenID = row.optionalID()
        entry.actorName = row.text()
        entry.actorKind = row.text()
        entry.action = row.name(or: .requestRefused)
        entry.object = row.text()
        entry.keyID = row.optionalID()
        entry.projectID = row.optionalID()
        entry.outcome = row.text()
        entry.requestID = row.optionalID()
        entry.keyRef = row.text()
        entry.reason = row.text()
        entry.revision = row.optionalInt()
        return AuditRecord(sequence: sequence, entry: entry, hash: row.seal())
    }
}
