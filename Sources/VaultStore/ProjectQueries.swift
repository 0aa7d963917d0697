package import VaultModel

/// A project as it lies in the store; `mac` is empty where the row cannot be read in full.
package struct StoredProject: Sendable, Equatable {
    package var record: ProjectRecord
    package var mac: [UInt8]

    package init(record: ProjectRecord, mac: [UInt8]) {
        self.record = record
        self.mac = mac
    }
}

extension ReadTransaction {
    package func project(_ id: ProjectID) throws(StoreError) -> StoredProject? {
        try connection.first(ProjectRow.select + " WHERE id = $1", [.id(id)]) { ProjectRow.decode(&$0) }
    }

    /// Newest first, those older than `before`.
    package func projects(before: ProjectID? = nil, limit: Int) throws(StoreError) -> [StoredProject] {
        var conditions = Conditions()
        if let before { conditions.require("id <", .id(before)) }
        let limit = conditions.limit(limit)
        return try connection.rows(
            "\(ProjectRow.select)\(conditions.sql) ORDER BY id DESC \(limit)", conditions.values
        ) { ProjectRow.decode(&$0) }
    }

    /// How many keys of the project are not revoked.
    package func liveKeyCount(project: ProjectID) throws(StoreError) -> Int {
        try countKeys(matching: RevocationFilter(projectID: project))
    }
}

extension WriteTransaction {
    package func insert(_ project: ProjectRecord, mac: [UInt8]) throws(StoreError) {
        try connection.run(ProjectRow.columns.insert, try ProjectRow.values(project, mac: mac))
    }

    /// - Throws: ``StoreError/constraint(_:)`` when there is no such project.
    package func update(_ project: ProjectRecord, mac: [UInt8]) throws(StoreError) {
        try runOnOneRow(ProjectRow.columns.update(), try ProjectRow.values(project, mac: mac), table: "projects")
    }

    /// Removes the project with its tokens, connect sessions, policies, rescans and the records of its revoked keys; what the audit log
    /// says of them stays.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` while it has keys that are not revoked.
    package func delete(project id: ProjectID) throws(StoreError) {
        guard try liveKeyCount(project: id) == 0 else { throw .constraint("projects: has live keys") }
        let revoked = try connection.rows("SELECT id FROM keys WHERE project_id = $1", [.id(id)]) { $0.id(KeyID.self) }
        for key in revoked { try delete(key: key) }
        // Fixed text: the tables named here.
        for table in ["tokens", "policies", "rescans", "connect_sessions"] {
            try connection.run("DELETE FROM \(table) WHERE project_id = $1", [.id(id)])
        }
        try connection.run("DELETE FROM projects WHERE id = $1", [.id(id)])
    }
}

enum ProjectRow {
    static let columns = Columns(
        "projects",
        "id", "name", "allowed_origins", "allowed_providers", "logo", "accent_color", "reveal_granted_at", "created_at",
        "revision", "mac"
    )
    static let select = "SELECT \(columns.list()) FROM projects"

    static func values(_ project: ProjectRecord, mac: [UInt8]) throws(StoreError) -> [Value] {
        [
            .id(project.id), .text(project.name), try JSONText.value(project.allowedOrigins),
            try JSONText.value(project.allowedProviders.map(\.description)), .string(project.logo?.description),
            .string(project.accentColor?.description), .time(project.revealGrantedAt),
            .time(project.createdAt), .int(project.revision), .blob(mac),
        ]
    }

    static func decode(_ row: inout Row) -> StoredProject {
        let record = ProjectRecord(
            id: row.id(), name: row.text(), allowedOrigins: row.list(),
            allowedProviders: row.list().map { ProviderID($0) ?? .unreadable },
            logo: row.optionalNoun(Logo.init), accentColor: row.optionalNoun(AccentColor.init),
            revealGrantedAt: row.optionalTime(), createdAt: row.time(), revision: row.int()
        )
        return StoredProject(record: record, mac: row.seal())
    }
}
