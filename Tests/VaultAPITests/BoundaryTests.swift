import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import VaultAPI

/// What one project can learn of another, and what a text can do besides being stored.
@Suite struct BoundaryTests {
    @Test func `B02 what is another's and what is nowhere are one answer, wherever an id may stand`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            let key = try await vault.store(FakeKeys.anthropic("mine"), user: "mine")
            let head = try await vault.get("/v1/audit/head", token: vault.adminToken).json
            let session = try await vault.link(user: "mine")
            let tokenID = try #require(try await vault.get("/v1/token").json["id"].string)
            let stranger = cast.tokens[.stranger]
            let none = { (prefix: String) in "\(prefix)_00000000000000000000000000" }
            let pairs: [(String, String, (String) -> String, String?)] = [
                (vault.projectID, none("prj"), { "GET /v1/keys?project_id=\($0)" }, nil),
                (vault.projectID, none("prj"), { "GET /v1/tokens?project_id=\($0)" }, nil),
                (vault.projectID, none("prj"), { "GET /v1/stats?project_id=\($0)" }, nil),
                (vault.projectID, none("prj"), { "DELETE /v1/users/mine?project_id=\($0)" }, nil),
                ("mine", "nobody", { "GET /v1/keys?user_id=\($0)" }, nil),
                ("mine", "nobody", { "DELETE /v1/users/\($0)" }, nil),
                (key, none("key"), { "GET /v1/audit/entries?key_id=\($0)" }, nil),
                (tokenID, none("tok"), { "GET /v1/audit/entries?token_id=\($0)" }, nil),
                (key, none("key"), { "GET /v1/keys/\($0)" }, nil), (key, none("key"), { "DELETE /v1/keys/\($0)" }, nil),
                (session.id, none("cns"), { "DELETE /v1/connect/sessions/\($0)" }, nil),
                (
                    vault.projectID, none("prj"), { "PUT /v1/projects/\($0)/policy/anthropic" },
                    #"{"max_age_seconds":60}"#
                ),
                (
                    vault.projectID, none("prj"), { _ in "POST /v1/keys" },
                    #"{"user_id":"u","key":"x","project_id":"ID"}"#
                ),
                (
                    vault.projectID, none("prj"), { _ in "POST /v1/tokens" },
                    #"{"kind":"app","name":"t","project_id":"ID"}"#
                ),
                (vault.projectID, none("prj"), { _ in "POST /v1/revoke" }, #"{"project_id":"ID","reason":"r"}"#),
                (
                    vault.projectID, none("prj"), { _ in "POST /v1/connect/sessions" },
                    #"{"user_id":"u","project_id":"ID"}"#
                ),
                (
                    key, none("key"), { _ in "POST /v1/connect/sessions" },
                    #"{"user_id":"mine","purpose":"replace","key_id":"ID"}"#
                ),
            ]
            for (foreign, absent, call, body) in pairs {
                let answers = try await [foreign, absent].map { id in
                    let parts = call(id).split(separator: " ")
                    return Attempt(
                        method: String(parts[0]), target: String(parts[1]), json: body?.replacing("ID", with: id),
                        token: stranger)
                }.send(to: vault)
                let looks = answers.map { withoutInstance($0) + headersWithoutInstance($0) }
                #expect(looks[0] == looks[1], "\(call(foreign)) \(body ?? "")")
                #expect(!answers[0].text.contains(foreign) || foreign == "mine", "\(call(foreign))")
            }
            // And nothing was done to what is not theirs.
            #expect(try await vault.key(key)["status"].string == "unverified")
            #expect(try await vault.get("/v1/connect/sessions/\(session.id)").json["state"].string == "pending")
            #expect(head["seq"].int != nil)
        }
    }

    /// Texts that would be something else where they are not a parameter.
    private static let payloads = [
        "'; DROP TABLE keys; --", "' OR '1'='1", "\" OR \"\"=\"", "x' UNION SELECT * FROM tokens --", "%", "_", "%' --",
        "/* */",
        "$1", "?1", ":owner", "@p", "NULL", "\\'", "'' OR 1=1", "); DELETE FROM keys; --", "🔑' --", "${7*7}", "{{7*7}}",
        "<script>alert(1)</script>", "../../etc/passwd",
    ]

    @Test func `B04 a text is a text: what would be SQL elsewhere is kept and found as it was sent`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let quoted = { (text: String) in
                "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
            }
            let escaped = { (text: String) in
                text.utf8.map { "%" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
            let bystander = try await vault.store(FakeKeys.anthropic("bystander"), user: "bystander")
            for (number, payload) in Self.payloads.enumerated() {
                let text = quoted(payload)
                let made = try await vault.post(
                    "/v1/keys",
                    #"{"user_id":\#(text),"key":"\#(FakeKeys.anthropic("b", number))","label":\#(text),"tags":{\#(text):\#(text)},"validation":"skip"}"#
                )
                #expect(made.status == 201, "\(payload): \(made.text)")
                let id = try #require(made.json["id"].string)
                let found = try await vault.get("/v1/keys?user_id=\(escaped(payload))").json["data"]
                #expect(found.items.compactMap { $0["id"].string } == [id], "\(payload)")
                #expect(found[0]["user_id"].string == payload && found[0]["label"].string == payload)
                #expect(found[0]["tags"].names == [payload])
                let reason = try await vault.post("/v1/keys/\(id)/reveal", #"{"reason":\#(text)}"#)
                #expect(reason.status == 200, "\(reason.text)")
                let named = try await vault.call("POST", "/v1/projects", #"{"name":\#(text)}"#, token: vault.adminToken)
                #expect(named.json["name"].string == payload, "\(named.text)")
                // What cannot be such a thing is refused, or finds nothing.
                for target in [
                    "/v1/keys?provider=", "/v1/keys?status=", "/v1/keys?cursor=", "/v1/keys?project_id=",
                    "/v1/audit/entries?action=",
                    "/v1/audit/entries?key_id=", "/v1/audit/entries?token_id=", "/v1/audit/entries?since=",
                    "/v1/tokens?project_id=",
                ] {
                    let answer = try await vault.get(target + escaped(payload), token: vault.adminToken)
                    #expect([400, 404].contains(answer.status), "\(target)\(payload): \(answer.text)")
                }
                for target in ["/v1/keys/\(escaped(payload))", "/v1/connect/sessions/\(escaped(payload))"] {
                    #expect(try await vault.get(target).status == 404, "\(target)")
                }
                // Only this user's key goes with this user.
                let gone = try await vault.call("DELETE", "/v1/users/\(escaped(payload))")
                #expect(gone.json["deleted"].int == 1, "\(payload): \(gone.text)")
            }
            #expect(try await vault.get("/v1/keys").json["data"].items.compactMap { $0["id"].string } == [bystander])
        }
    }

    @Test func `B08 a token makes none that can do more than itself, or for longer`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let other = try await vault.otherProject()
            let end = vault.time.now() + 3600
            let minter = try await vault.token(
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"m","scopes":["keys:read","tokens:write"],"expires_at":"\#(end)"}"#
            )
            let make = { (more: String) in try await vault.post("/v1/tokens", #"{"name":"x",\#(more)}"#, token: minter)
            }
            for more in [
                #""kind":"app","scopes":["keys:write"]"#, #""kind":"app","scopes":["keys:read","keys:reveal"]"#,
                #""kind":"app","scopes":["audit:read"]"#, #""kind":"adm""#, #""kind":"adm","scopes":["keys:read"]"#,
            ] {
                expectProblem(try await make(more), 403, "insufficient_scope")
            }
            for kind in ["con", "use", "root", "ADM", "adm "] {
                expectProblem(try await make(#""kind":"\#(kind)""#), 422, "invalid_field", ["field"])
            }
            expectProblem(
                try await make(#""kind":"app","scopes":["keys:read"],"project_id":"\#(other.id)""#), 404, "not_found")
            for scopes in [#"["KEYS:WRITE"]"#, #"["keys:*"]"#, #"["*"]"#, #"["keys:write "]"#, #"[]"#] {
                expectProblem(try await make(#""kind":"app","scopes":\#(scopes)"#), 422, "invalid_field", ["field"])
            }
            // No longer than itself: an end after its own is refused, and without one it is its own.
            expectProblem(
                try await make(#""kind":"app","scopes":["keys:read"],"expires_at":"\#(end + 1)""#), 422,
                "invalid_field", ["field"])
            let usual = try await make(#""kind":"app""#)
            #expect(usual.status == 201, "\(usual.text)")
            #expect(usual.json["expires_at"].string == "\(end)")
            #expect(usual.json["scopes"].items.compactMap(\.string) == ["keys:read"])
            let shorter = try await make(#""kind":"app","scopes":["keys:read"],"expires_at":"\#(end - 60)""#)
            #expect(shorter.json["expires_at"].string == "\(end - 60)")
            // Who tries is in the audit log, with how often.
            await vault.vault.finish()
            let refused = try await vault.call(
                "GET", "/v1/audit/entries?action=request.refused&limit=200", token: vault.adminToken
            ).json["data"].items.filter { $0["outcome"].string == "insufficient_scope" }
            #expect(refused.map { $0["object"].string } == ["POST /v1/tokens"])
            #expect(refused.first?["reason"].string == "count=5")
            #expect(refused.first?["actor"]["name"].string == "m")
            // What was made is still less than its maker when it makes one itself.
            let child = try #require(usual.json["token"].string)
            expectProblem(
                try await vault.post("/v1/tokens", #"{"kind":"app","name":"y"}"#, token: child), 403,
                "insufficient_scope")
            vault.time.advance(by: 3600)
            for token in [minter, child] {
                expectProblem(try await vault.get("/v1/keys", token: token), 401, "expired_token")
            }
        }
    }
}
