package import VaultModel

/// One test call of a key, counted for the limits on them.
package struct ValidationAttempt: Sendable, Equatable {
    package var at: Timestamp
    package var projectID: ProjectID
    package var owner: UserID
    /// A 32-byte MAC of the key, to tell distinct ones apart.
    package var keyRef: [UInt8]
    /// `nil` until the provider has answered.
    package var refused: Bool?

    package init(at: Timestamp, projectID: ProjectID, owner: UserID, keyRef: [UInt8], refused: Bool? = nil) {
        self.at = at
        self.projectID = projectID
        self.owner = owner
        self.keyRef = keyRef
        self.refused = refused
    }
}

/// For whom test calls have stopped, and why.
package struct ValidationStop: Sendable, Equatable {
    package var projectID: ProjectID
    /// `nil` for everyone in the project.
    package var owner: UserID?
    package var cause: Cause

    package enum Cause: String, Sendable, CaseIterable {
        case distinctKeys = "distinct_keys"
        case refusedKeys = "refused_keys"
    }

    package init(projectID: ProjectID, owner: UserID?, cause: Cause) {
        self.projectID = projectID
        self.owner = owner
        self.cause = cause
    }
}

extension ReadTransaction {
    /// The test calls of a project, or of one owner in it, at `since` or later: how many, of how many distinct keys, and
    /// how many distinct keys were refused.
    package func attemptCounts(
        project: ProjectID, owner: UserID?, since: Timestamp
    ) throws(StoreError) -> (calls: Int, distinctKeys: Int, distinctRefused: Int) {
        var conditions = Conditions()
        conditions.require("project_id =", .id(project))
        if let owner { conditions.require("owner =", .owner(owner)) }
        conditions.require("at >=", .time(since))
        return try connection.first(
            "SELECT COUNT(*), COUNT(DISTINCT key_ref), COUNT(DISTINCT CASE WHEN refused = 1 THEN key_ref END)"
                + " FROM validation_attempts\(conditions.sql)",
            conditions.values
        ) { (calls: $0.int(), distinctKeys: $0.int(), distinctRefused: $0.int()) } ?? (0, 0, 0)
    }

    /// Whether this very key was tried for its owner, or for anyone in the project where `owner` is `nil`, at `since` or
    /// later.
    package func hasAttempt(
        of keyRef: [UInt8], project: ProjectID, owner: UserID?, since: Timestamp
    ) throws(StoreError) -> Bool {
        var conditions = Conditions()
        conditions.require("project_id =", .id(project))
        if let owner { conditions.require("owner =", .owner(owner)) }
        conditions.require("key_ref =", .blob(keyRef))
        conditions.require("at >=", .time(since))
        return try connection.first(
            "SELECT COUNT(*) FROM validation_attempts\(conditions.sql)", conditions.values
        ) { $0.int() > 0 } ?? false
    }

    /// When the stop was last noted; `nil` for never, or for longer ago than is kept.
    package func lastNoted(_ stop: ValidationStop) throws(StoreError) -> Timestamp? {
        try connection.first(
            "SELECT at FROM validation_stops WHERE project_id = $1 AND owner = $2 AND cause = $3",
            [.id(stop.projectID), .ownerOrAll(stop.owner), .text(stop.cause.rawValue)]
        ) { $0.time() }
    }

    /// How many test calls there were at `since` or later, whoever asked.
    package func instanceCalls(since: Timestamp) throws(StoreError) -> Int {
        try connection.first("SELECT COUNT(*) FROM validation_attempts WHERE at >= $1", [.time(since)]) { $0.int() }
            ?? 0
    }
}

extension WriteTransaction {
    /// - Returns: what ``settle(attempt:refused:)`` names it by.
    package func insert(_ attempt: ValidationAttempt) throws(StoreError) -> Int {
        let id = try connection.first(
            "INSERT INTO validation_attempts (at, project_id, owner, key_ref, refused) VALUES ($1, $2, $3, $4, $5)"
                + " RETURNING id",
            [
                .time(attempt.at), .id(attempt.projectID), .owner(attempt.owner), .blob(attempt.keyRef),
                .int(attempt.refused.map { $0 ? 1 : 0 }),
            ]
        ) { $0.int() }
        guard let id else { throw .unavailable(code: 0, detail: "an inserted row has no number") }
        return id
    }

    /// Notes what the provider said; nothing happens where the attempt was purged.
    package func settle(attempt id: Int, refused: Bool) throws(StoreError) {
        try connection.run(
            "UPDATE validation_attempts SET refused = $2 WHERE id = $1", [.int(id), .int(refused ? 1 : 0)]
        )
    }

    package func put(_ stop: ValidationStop, at time: Timestamp) throws(StoreError) {
        try connection.run(
            Columns("validation_stops", "project_id", "owner", "cause", "at").put(keys: 3),
            [.id(stop.projectID), .ownerOrAll(stop.owner), .text(stop.cause.rawValue), .time(time)]
        )
    }

    /// Forgets attempts made, and stops noted, before `time`.
    ///
    /// - Returns: how many attempts.
    @discardableResult
    package func purgeAttempts(before time: Timestamp) throws(StoreError) -> Int {
        try connection.run("DELETE FROM validation_stops WHERE at < $1", [.time(time)])
        return try connection.run("DELETE FROM validation_attempts WHERE at < $1", [.time(time)])
    }
}
