import Testing
import VaultTestKit

/// The callers of a matrix, and things of both projects to ask about.
struct Cast {
    let vault: RunningVault
    let other: (id: String, token: String)
    let tokens: [AuthorizationMatrixTests.Role: String]
    let scopes: [AuthorizationMatrixTests.Role: Set<String>]
    /// A token that may do next to nothing.
    let scopeless: String

    static let every: Set<String> = [
        "keys:read", "keys:write", "keys:reveal", "connect:write", "policy:write", "webhooks:write", "tokens:write",
        "projects:write", "keyring:write", "audit:read", "metrics:read",
    ]

    init(_ vault: RunningVault) async throws {
        self.vault = vault
        other = try await vault.otherProject()
        let list = Self.every.sorted().map { "\"\($0)\"" }.joined(separator: ",")
        let mint = { (project: String) in
            try await vault.token(#"{"kind":"app","project_id":"\#(project)","name":"t","scopes":[\#(list)]}"#)
        }
        tokens = [
            .app: vault.appToken, .tenant: try await mint(vault.projectID), .stranger: try await mint(other.id),
            .admin: vault.adminToken,
            .link: try await vault.link(user: "u", #""purpose":"manage","ttl_seconds":604800"#).token,
        ]
        scopes = [
            .app: ["keys:read", "keys:write", "keys:reveal", "connect:write"], .tenant: Self.every,
            .stranger: Self.every, .admin: Self.every.subtracting(["keys:reveal"]),
        ]
        scopeless = try await vault.token(scopes: "metrics:read")
        // A project with a live key cannot be deleted.
        for token in [vault.appToken, other.token] {
            _ = try await vault.create(
                FakeKeys.anthropic("lives"), user: "lives", #""validation":"skip""#, token: token)
        }
    }

    func ask(
        _ row: AuthorizationMatrixTests.Row, _ role: AuthorizationMatrixTests.Role,
        _ place: AuthorizationMatrixTests.Place, _ number: Int
    ) async throws -> HTTPAnswer {
        try await attempt(row, role, about: place, number).send(to: vault)
    }

    /// The request of one cell of the matrix; `number` makes what it is about another one each time.
    func attempt(
        _ row: AuthorizationMatrixTests.Row, _ role: AuthorizationMatrixTests.Role,
        about place: AuthorizationMatrixTests.Place = .own, _ number: Int
    ) async throws -> Attempt {
        let parts = row.call.split(separator: " ")
        var target = String(parts[1]).replacing("{id}", with: try await subject(row.subject, place, number))
            .replacing("{locale}", with: "de").replacing("{provider}", with: "anthropic")
            .replacing("{user_id}", with: "nobody")
        var body = row.body?.replacing("NEW", with: FakeKeys.anthropic("new", number))
        if row.isOfOneProject, role == .admin {
            let project = #""project_id":"\#(vault.projectID)""#
            if let given = body {
                body = "{\(project)," + given.dropFirst()
            } else {
                target += "?project_id=\(vault.projectID)"
            }
        }
        return Attempt(method: String(parts[0]), target: target, json: body, token: tokens[role])
    }

    /// One who may make the call.
    func guest(of row: AuthorizationMatrixTests.Row) -> AuthorizationMatrixTests.Role {
        switch row.need {
        case .nothing: .anonymous
        case .link: .link
        case .scope("keys:reveal"): .tenant
        case .anyToken, .scope, .instance: .admin
        }
    }

    /// The id of something that nothing has been done with yet.
    private func subject(
        _ subject: AuthorizationMatrixTests.Subject, _ place: AuthorizationMatrixTests.Place, _ number: Int
    ) async throws -> String {
        let prefix =
            switch subject {
            case .none: ""
            case .key: "key"
            case .project: "prj"
            case .token: "tok"
            case .session: "cns"
            }
        switch place {
        case .absent: return "\(prefix)_00000000000000000000000000"
        case .malformed: return "\(prefix)_0"
        case .own, .otherProject: break
        }
        let (project, token) = place == .own ? (vault.projectID, vault.appToken) : (other.id, other.token)
        switch subject {
        case .none: return ""
        case .project: return project
        case .key:
            let made = try await vault.create(
                FakeKeys.anthropic("made", number), user: "u", #""validation":"skip""#, token: token)
            return try #require(made.json["id"].string, "\(made.text)")
        case .token:
            let body = #"{"kind":"app","project_id":"\#(project)","name":"t"}"#
            let made = try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken)
            return try #require(made.json["id"].string, "\(made.text)")
        case .session: return try await vault.link(user: "u", token: token).id
        }
    }
}
