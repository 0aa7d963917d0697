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
        row("GET /docs", .nothing), row("GET /.well-known/security.txt", .nothing),
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
        row("GET /v1/keyring", .instance("keyring:write")), row("GET /v1/keyring/rekey", .instance("keyring:write")),
        // The configured source still gives the master key that is in use.
        row("POST /v1/keyring/rotate", .instance("keyring:write"), .none, #"{"target":"master"}"#, 409),
        row("GET /v1/audit/entries", .scope("audit:read")), row("GET /v1/audit/head", .scope("audit:read")),
        row("GET /metrics", .instance("metrics:read")), row("POST /v1/backup", .instance("keyring:write")),
        row("GET /connect/session", .link), row("POST /connect/inspect", .link, .none, #"{"key":"NEW"}"#),
        // A link to manage keys saves no new ones.
        row("POST /connect/keys", .link, .none, #"{"key":"NEW"}"#, 409),
        row("POST /connect/keys/{id}/check", .link, .key, "{}"),
        row("POST /connect/keys/{id}/rotate", .link, .key, #"{"key":"NEW"}"#),
        row("POST /connect/keys/{id}/revoke", .link, .key, "{}"),
        // The last: nothing is answered after it.
        row("POST /v1/keyring/seal", .instance("keyring:write"), .none, nil, 204),
    ]

    /// Those that answer the same when they are made again: a rekey is begun once, and nothing is answered after a seal.
    static let repeatable = rows.filter { !$0.call.hasPrefix("POST /v1/keyring/") }

    @Test func `B01 every route has its row, and one without is found`() {
        let routes = Routes.all.map { "\($0.method) \($0.path)" }
        #expect(Set(routes).count == routes.count)
        #expect(Self.rowless(Routes.all) == [])
        #expect(Set(Self.rows.map(\.call)).subtracting(routes) == [])
        let new = Route(
            "GET", "/v1/keys/{id}/new", .anyToken, "A call that nobody has thought about.", successes: [.done]
        ) { _ in
            .noContent
        }
        #expect(Self.rowless(Routes.all + [new]) == ["GET /v1/keys/{id}/new"])
    }

    private static func rowless(_ routes: [Route]) -> [String] {
        let known = Set(rows.map(\.call))
        return routes.map { "\($0.method) \($0.path)" }.filter { !known.contains($0) }
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
    func `B01, B02 every caller gets from every call what the table says, about whatever it asks`(_ role: Role)
        async throws
    {
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
                    if status == 404 { absences.insert(withoutInstance(answer) + headersWithoutInstance(answer)) }
                }
                #expect(absences.count <= 1, "\(row.call): not yours and not there are one answer")
            }
        }
    }
}
