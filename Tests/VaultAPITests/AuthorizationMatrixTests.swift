import Testing
import VaultTestKit

@testable import VaultAPI

/// Every call, by every caller, about everything that it could be about: who is let in is a table, written down a second
/// time here, so that a route whose row in the first is wrong, or that has none in this, is found.
@Suite struct AuthorizationMatrixTests {
    enum Need: Sendable {
        case nothing, anyToken, link
        case scope(String)
        /// A scope that counts only above all projects.
        case instance(String)
    }

    /// What the `{id}` of a path names.
    enum Subject: Sendable { case none, key, project, token, session }

    enum Place: String, CaseIterable, Sendable {
        case own, otherProject, absent, malformed
    }

    enum Role: String, CaseIterable, Sendable {
        case anonymous
        /// A link to manage keys, of the user whose key is `own`.
        case link
        /// An app with the usual scopes.
        case app
        /// An app with every scope there is.
        case tenant
        /// The same of the other project.
        case stranger
        case admin
    }

    struct Row: Sendable {
        let call: String
        let need: Need
        var subject = Subject.none
        var body: String?
        /// What is answered to who may.
        var status = 200
        /// What an admin has to say besides.
        var isOfOneProject = false
    }

    private static func row(
        _ call: String, _ need: Need, _ subject: Subject = .none, _ body: String? = nil, _ status: Int = 200,
        ofOneProject: Bool = false
    ) -> Row {
        Row(call: call, need: need, subject: subject, body: body, status: status, isOfOneProject: ofOneProject)
    }

    /// A key that is not stored yet, wherever a body says `NEW`.
    static let rows: [Row] = [
        row("GET /healthz", .nothing), row("GET /readyz", .nothing), row("GET /openapi.json", .nothing),
        row("GET /connect", .nothing), row("GET /connect/popup", .nothing), row("GET /connect.js", .nothing),
        row("GET /connect/texts/{locale}", .nothing),
        row("GET /v1/providers", .anyToken), row("GET /v1/token", .anyToken),
        row(
            "POST /v1/keys", .scope("keys:write"), .none, #"{"user_id":"u","key":"NEW","validation":"skip"}"#, 201,
            ofOneProject: true),
        row("GET /v1/keys", .scope("keys:read")), row("GET /v1/stats", .scope("keys:read")),
        row("GET /v1/keys/{id}", .scope("keys:read"), .key),
        row("PATCH /v1/keys/{id}", .scope("keys:write"), .key, #"{"label":"x"}"#),
        row("DELETE /v1/keys/{id}", .scope("keys:write"), .key, nil, 204),
        row("POST /v1/keys/{id}/reveal", .scope("keys:reveal"), .key, "{}"),
        row("POST /v1/keys/{id}/check", .scope("keys:write"), .key, "{}"),
        row("POST /v1/keys/{id}/rotate", .scope("keys:write"), .key, #"{"key":"NEW","validation":"skip"}"#),
        row("POST /v1/keys/{id}/rollback", .scope("keys:write"), .key, "{}", 409),
        row("POST /v1/keys/{id}/quarantine", .scope("keys:write"), .key, "{}"),
        row("POST /v1/keys/{id}/release", .scope("keys:write"), .key, "{}", 409),
        row("POST /v1/keys/{id}/revoke", .scope("keys:write"), .key, "{}"),
        row("GET /v1/keys/{id}/versions", .scope("keys:read"), .key),
        row("GET /v1/keys/{id}/events", .scope("keys:read"), .key),
        row("DELETE /v1/users/{user_id}", .scope("keys:write"), ofOneProject: true),
        row("POST /v1/inspect", .scope("keys:write"), .none, #"{"key":"NEW"}"#),
        row("POST /v1/revoke", .scope("keys:write"), .none, #"{"all":true,"reason":"r","dry_run":true}"#),
        row("POST /v1/connect/sessions", .scope("connect:write"), .none, #"{"user_id":"u"}"#, 201, ofOneProject: true),
        row("GET /v1/connect/sessions/{id}", .scope("connect:write"), .session),
        row("DELETE /v1/connect/sessions/{id}", .scope("connect:write"), .session),
        row("POST /v1/tokens", .scope("tokens:write"), .none, #"{"kind":"app","name":"t"}"#, 201, ofOneProject: true),
        row("GET /v1/tokens", .scope("tokens:write")),
        row("DELETE /v1/tokens/{id}", .scope("tokens:write"), .token, nil, 204),
        row("POST /v1/projects", .instance("projects:write"), .none, #"{"name":"p"}"#, 201),
        row("GET /v1/projects", .scope("projects:write")),
        row("GET /v1/projects/{id}", .scope("projects:write"), .project),
        row("PATCH /v1/projects/{id}", .scope("projects:write"), .project, #"{"name":"p"}"#),
        // It has live keys, which is told to who may know.
        row("DELETE /v1/projects/{id}", .instance("projects:write"), .project, nil, 409),
        row("GET /v1/projects/{id}/policy", .scope("policy:write"), .project),
        row("PUT /v1/projects/{id}/policy", .scope("policy:write"), .project, #"{"max_age_seconds":60}"#),
        row("GET /v1/projects/{id}/policy/{provider}", .scope("policy:write"), .project),
        row("PUT /v1/projects/{id}/policy/{provider}", .scope("policy:write"), .project, #"{"max_age_seconds":60}"#),
        row("DELETE /v1/projects/{id}/policy/{provider}", .scope("policy:write"), .project, nil, 204),
        row("GET /v1/audit/entries", .scope("audit:read")), row("GET /v1/audit/head", .scope("audit:read")),
        row("GET /connect/session", .link), row("POST /connect/inspect", .link, .none, #"{"key":"NEW"}"#),
        // A link to manage keys saves no new ones.
        row("POST /connect/keys", .link, .none, #"{"key":"NEW"}"#, 409),
        row("POST /connect/keys/{id}/check", .link, .key, "{}"),
        row("POST /connect/keys/{id}/rotate", .link, .key, #"{"key":"NEW"}"#),
        row("POST /connect/keys/{id}/revoke", .link, .key, "{}"),
    ]

    @Test func `every route has its row`() {
        let routes = Routes.all.map { "\($0.method) \($0.path)" }
        #expect(Set(routes).count == routes.count)
        #expect(Set(Self.rows.map(\.call)) == Set(routes))
    }

    /// The status and, of a refusal, the code of one cell.
    private static func expected(_ row: Row, _ role: Role, _ place: Place, _ scopes: Set<String>) -> (Int, String?) {
        if case .nothing = row.need { return (200, nil) }
        let isForLinks = if case .link = row.need { true } else { false }
        if role == .anonymous { return (401, "missing_token") }
        guard isForLinks == (role == .link) else { return (401, "invalid_token") }
        switch row.need {
        case .scope(let scope), .instance(let scope):
            guard scopes.contains(scope) else { return (403, "insufficient_scope") }
        case .nothing, .anyToken, .link: break
        }
        if case .instance = row.need, role != .admin { return (403, "insufficient_scope") }
        guard row.subject != .none else { return (row.status, nil) }
        let isSeen: Bool =
            switch place {
            case .own: role != .stranger
            case .otherProject: role == .stranger || role == .admin
            case .absent, .malformed: false
            }
        return isSeen ? (row.status, nil) : (404, "not_found")
    }

    @Test(arguments: Role.allCases)
    func `every caller gets from every call what the table says, about whatever it asks`(_ role: Role) async throws {
        // Who is refused this often is told to wait, which is another test's.
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let stage = try await Cast(vault)
            var number = 0
            for row in Self.rows {
                var absences: Set<String> = []
                for place in row.subject == .none ? [Place.own] : Place.allCases {
                    number += 1
                    let answer = try await stage.ask(row, role, place, number)
                    let (status, code) = Self.expected(row, role, place, stage.scopes[role] ?? [])
                    #expect(answer.status == status, "\(row.call) by \(role) about \(place): \(answer.text)")
                    if let code { #expect(answer.json["code"].string == code, "\(row.call) by \(role) about \(place)") }
                    if status == 404 { absences.insert(withoutInstance(answer)) }
                }
                #expect(absences.count <= 1, "\(row.call): not yours and not there are one answer")
            }
        }
    }
}

/// The callers of a matrix, and things of both projects to ask about.
private struct Cast {
    let vault: RunningVault
    let other: (id: String, token: String)
    let tokens: [AuthorizationMatrixTests.Role: String]
    let scopes: [AuthorizationMatrixTests.Role: Set<String>]

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
        let (method, path, json) = (String(parts[0]), target, body)
        guard role == .anonymous else {
            return try await vault.call(method, path, json, token: tokens[role])
        }
        let port = vault.port
        return try await Threads.run {
            try HTTPExchange.send(
                port: port, method, path, headers: json == nil ? [] : [("Content-Type", "application/json")],
                body: json.map { Array($0.utf8) } ?? (method == "GET" ? nil : []))
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
