import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import VaultAPI

/// Every call that changes or releases something leaves the entries that it is declared to leave.
@Suite struct AuditDeclarationTests {
    @Test func `U01 no route that may change something is without a row, and no row without its route`() {
        let changing = Set(Routes.all.filter { $0.method != "GET" }.map { "\($0.method) \($0.path)" })
        let declared = Set(AuditDeclaration.actions.keys)
        #expect(changing.subtracting(declared).sorted() == [])
        #expect(declared.subtracting(changing).sorted() == [])
    }

    @Test func `U01 each call of the API leaves exactly the declared entries once`() async throws {
        try await RunningVault.run(configuration: Stage.quiet()) { vault in
            var last = try await Self.entries(vault, after: 0).last?["seq"].int ?? 0
            func expect(
                _ route: String, _ target: String, _ body: String? = nil, admin: Bool = false, also: [String] = [],
                at location: SourceLocation = #_sourceLocation
            ) async throws -> JSONTree {
                let method = String(route.prefix { $0 != " " })
                let answer = try await vault.call(method, target, body, token: admin ? vault.adminToken : nil)
                #expect((200..<300).contains(answer.status), "\(route): \(answer.text)", sourceLocation: location)
                let new = try await Self.entries(vault, after: last)
                last = new.last?["seq"].int ?? last
                let declared = try #require(AuditDeclaration.actions[route]).map(\.rawValue)
                #expect(
                    new.compactMap { $0["action"].string } == also + declared, "\(route)", sourceLocation: location)
                return method == "DELETE" ? .null : answer.json
            }
            let keys = "/v1/keys"
            func create(_ number: Int, user: String = "ada") async throws -> String {
                let key = FakeKeys.anthropic("audit", number)
                let body = #"{"user_id":"\#(user)","key":"\#(key)","validation":"skip"}"#
                return try await expect("POST /v1/keys", keys, body)["id"].string ?? ""
            }
            let id = try await create(1)
            _ = try await expect("PATCH /v1/keys/{id}", "\(keys)/\(id)", #"{"label":"work"}"#)
            _ = try await expect("POST /v1/keys/{id}/reveal", "\(keys)/\(id)/reveal")
            let key = FakeKeys.anthropic("audit", 2)
            _ = try await expect(
                "POST /v1/keys/{id}/rotate", "\(keys)/\(id)/rotate", #"{"key":"\#(key)","validation":"skip"}"#)
            _ = try await expect("POST /v1/keys/{id}/rollback", "\(keys)/\(id)/rollback")
            _ = try await expect("POST /v1/keys/{id}/quarantine", "\(keys)/\(id)/quarantine")
            _ = try await expect("POST /v1/keys/{id}/release", "\(keys)/\(id)/release")
            _ = try await expect("POST /v1/keys/{id}/revoke", "\(keys)/\(id)/revoke")
            _ = try await expect("DELETE /v1/keys/{id}", "\(keys)/\(id)")
            _ = try await create(3, user: "bob")
            _ = try await expect("DELETE /v1/users/{user_id}", "/v1/users/bob")
            _ = try await expect("POST /v1/inspect", "/v1/inspect", #"{"key":"\#(key)"}"#)
            let made = try await expect("POST /v1/projects", "/v1/projects", #"{"name":"one"}"#, admin: true)
            let project = made["id"].string ?? ""
            let path = "/v1/projects/\(project)"
            _ = try await expect("PATCH /v1/projects/{id}", path, #"{"name":"two"}"#, admin: true)
            let policy = #"{"max_age_seconds":100}"#
            _ = try await expect(
                "PUT /v1/projects/{id}/policy/{provider}", "\(path)/policy/anthropic", policy, admin: true)
            _ = try await expect(
                "DELETE /v1/projects/{id}/policy/{provider}", "\(path)/policy/anthropic", admin: true)
            _ = try await expect("PUT /v1/projects/{id}/policy", "\(path)/policy", policy, admin: true)
            let minted = try await expect(
                "POST /v1/tokens", "/v1/tokens",
                #"{"kind":"app","project_id":"\#(project)","name":"t","scopes":["keys:read"]}"#, admin: true)
            let token = minted["id"].string ?? ""
            _ = try await expect("DELETE /v1/tokens/{id}", "/v1/tokens/\(token)", admin: true)
            _ = try await expect("DELETE /v1/projects/{id}", path, admin: true)
            _ = try await expect("POST /v1/keyring/rotate", "/v1/keyring/rotate", admin: true)
            _ = try await expect("POST /v1/backup", "/v1/backup", admin: true)
            let opened = try await expect(
                "POST /v1/connect/sessions", "/v1/connect/sessions", #"{"user_id":"ada"}"#)
            let link = opened["id"].string ?? ""
            _ = try await expect("DELETE /v1/connect/sessions/{id}", "/v1/connect/sessions/\(link)")
        }
    }

    private static func entries(_ vault: RunningVault, after: Int) async throws -> [JSONTree] {
        try await vault.call("GET", "/v1/audit/entries?limit=200&after=\(after)", token: vault.adminToken)
            .json["data"].items
    }
}
