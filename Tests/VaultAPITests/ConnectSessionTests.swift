import Testing
import VaultModel
import VaultService
import VaultTestKit

/// The app's side of connect links.
@Suite struct ConnectSessionTests {
    @Test func `a link is made, told of and withdrawn`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(
                #""user_label":"ada@example.com","providers":["anthropic","openai"],"origin":"https://Notes.example:443","#
                    + #""return_url":"https://notes.example/settings?tab=keys","locale":"de-AT","ttl_seconds":60"#)
            #expect(link.token.hasPrefix("kst_con_"))
            #expect(link.url == "http://127.0.0.1:\(vault.port)/connect#\(link.token)")
            let told = try await vault.state(of: link)
            #expect(told["state"].string == "pending")
            #expect(told["purpose"].string == "store")
            #expect(told["user_id"].string == "ada")
            #expect(told["user_label"].string == "ada@example.com")
            #expect(told["key_id"] == .null)
            #expect(told["origin"].string == "https://notes.example")
            #expect(told["return_url"].string == "https://notes.example/settings?tab=keys")
            #expect(told["locale"].string == "de-AT")
            #expect(told["expires_at"].string == "\(vault.time.now() + 60)")
            #expect(told["token"] == .null && told["url"] == .null, "a link is shown once")
            let ended = try await vault.call("DELETE", "/v1/connect/sessions/\(link.id)")
            #expect(ended.status == 200)
            #expect(ended.json["state"].string == "cancelled")
            let again = try await vault.call("DELETE", "/v1/connect/sessions/\(link.id)")
            #expect(again.json["state"].string == "cancelled")
            expectProblem(try await vault.page(link), 410, "session_expired")
            expectProblem(try await vault.save(FakeKeys.anthropic(), link), 410, "session_expired")
            #expect(try await vault.keyCount() == 0)
        }
    }

    /// Members of a request and the one that is refused.
    static let unusable: [(String, String)] = [
        (#""user_id":"""#, "user_id"),
        (#""user_id":"a","user_label":"a\u0007b""#, "user_label"),
        (#""user_id":"a","purpose":"lend""#, "purpose"),
        (#""user_id":"a","purpose":"replace""#, "key_id"),
        (#""user_id":"a","key_id":"key_00000000000000000000000000""#, "key_id"),
        (#""user_id":"a","providers":["nobody"]"#, "providers"),
        (#""user_id":"a","providers":["azure_openai"]"#, "providers"),
        (#""user_id":"a","providers":["vertex"]"#, "providers"),
        (#""user_id":"a","providers":[]"#, "providers"),
        (#""user_id":"a","return_url":"javascript:alert(1)""#, "return_url"),
        (#""user_id":"a","return_url":"http://notes.example/""#, "return_url"),
        (#""user_id":"a","return_url":"https://me:pw@notes.example/""#, "return_url"),
        (#""user_id":"a","return_url":"https://notes.example/a b""#, "return_url"),
        (#""user_id":"a","origin":"https://notes.example/path""#, "origin"),
        (#""user_id":"a","origin":"null""#, "origin"),
        (#""user_id":"a","ttl_seconds":0"#, "ttl_seconds"),
        (#""user_id":"a","ttl_seconds":604801"#, "ttl_seconds"),
        (#""user_id":"a","locale":"en\"><x""#, "locale"),
    ]

    @Test func `what cannot be in a link is refused by name`() async throws {
        try await Stage.run { vault in
            for (members, field) in Self.unusable {
                let answer = try await vault.post("/v1/connect/sessions", "{\(members)}")
                expectProblem(answer, 422, "invalid_field", ["field"])
                #expect(answer.json["field"].string == field, "\(members)")
            }
            // The control: without any of those it is a link.
            _ = try await vault.link(user: "a")
        }
    }

    @Test func `a link leads only to origins that its project allows, where it lists any`() async throws {
        try await Stage.run { vault in
            let listed = #"{"allowed_origins":["https://notes.example"],"allowed_providers":["openai"]}"#
            let path = "/v1/projects/\(vault.projectID)"
            #expect(try await vault.call("PATCH", path, listed, token: vault.adminToken).status == 200)
            for member in [#""origin":"https://evil.example""#, #""return_url":"https://notes.example.evil/x""#] {
                let answer = try await vault.post("/v1/connect/sessions", #"{"user_id":"a",\#(member)}"#)
                expectProblem(answer, 422, "invalid_field", ["field"])
            }
            let foreign = try await vault.post("/v1/connect/sessions", #"{"user_id":"a","providers":["anthropic"]}"#)
            expectProblem(foreign, 422, "invalid_field", ["field"])
            let link = try await vault.link(
                #""origin":"https://notes.example","return_url":"https://notes.example/back""#)
            let page = try await vault.page(link).json
            #expect(page["providers"].items.compactMap { $0["id"].string } == ["openai"])
            #expect(page["return_host"].string == "notes.example")
        }
    }

    @Test func `a link is another project's, or nobody's, in one answer`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link()
            let other = try await vault.otherProject()
            for method in ["GET", "DELETE"] {
                let foreign = try await vault.call(method, "/v1/connect/sessions/\(link.id)", token: other.token)
                let absent = try await vault.call(
                    method, "/v1/connect/sessions/cns_00000000000000000000000000", token: other.token)
                expectProblem(foreign, 404, "not_found")
                #expect(withoutInstance(foreign) == withoutInstance(absent))
            }
            let reader = try await vault.token(scopes: "keys:read", "keys:write")
            let refused = try await vault.post("/v1/connect/sessions", #"{"user_id":"a"}"#, token: reader)
            expectProblem(refused, 403, "insufficient_scope")
            #expect(try await vault.state(of: link)["state"].string == "pending")
        }
    }

    @Test func `an admin makes links of a project that it names, an app names none`() async throws {
        try await Stage.run { vault in
            let named = #""project_id":"\#(vault.projectID)""#
            let link = try await vault.link(named, token: vault.adminToken)
            #expect(try await vault.state(of: link)["state"].string == "pending")
            let app = try await vault.post("/v1/connect/sessions", #"{"user_id":"a",\#(named)}"#)
            expectProblem(app, 422, "unknown_member", ["field"])
            let unnamed = try await vault.post(
                "/v1/connect/sessions", #"{"user_id":"a"}"#, token: vault.adminToken)
            expectProblem(unnamed, 422, "invalid_field", ["field"])
        }
    }

    @Test func `the repetition of a request for a link has null where the link was`() async throws {
        try await Stage.run { vault in
            let headers = [("Idempotency-Key", "once")]
            let first = try await vault.call("POST", "/v1/connect/sessions", #"{"user_id":"a"}"#, headers: headers)
            let again = try await vault.call("POST", "/v1/connect/sessions", #"{"user_id":"a"}"#, headers: headers)
            #expect(again.status == 201)
            #expect(again.header("idempotent-replayed") == "true")
            #expect(again.json["id"].string == first.json["id"].string)
            #expect(first.json["token"].string != nil && again.json["token"] == .null && again.json["url"] == .null)
        }
    }

    @Test func `a link that nobody used ends at its time, and the log says so once`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(#""ttl_seconds":60"#)
            vault.time.advance(by: 60)
            #expect(try await vault.state(of: link)["state"].string == "expired")
            expectProblem(try await vault.page(link), 410, "session_expired")
            expectProblem(try await vault.save(FakeKeys.anthropic(), link), 410, "session_expired")
            for _ in 0..<2 { try await RotationScheduler(vault.vault).pass() }
            let log = try await vault.get("/v1/audit/entries?action=connect.expired", token: vault.adminToken)
            #expect(log.json["data"].items.compactMap { $0["object"].string } == [link.id])
            // Kept so that its app can ask, then forgotten.
            vault.time.advance(by: 29 * 86_400)
            try await RotationScheduler(vault.vault).pass()
            #expect(try await vault.state(of: link)["state"].string == "expired")
            vault.time.advance(by: 2 * 86_400)
            try await RotationScheduler(vault.vault).pass()
            #expect(try await vault.get("/v1/connect/sessions/\(link.id)").status == 404)
            expectProblem(try await vault.page(link), 401, "invalid_token")
        }
    }

    @Test func `with a user go the user's links and what the app called the user`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(#""user_label":"Ada Lovelace""#)
            let other = try await vault.link(user: "bob")
            #expect(try await vault.call("DELETE", "/v1/users/ada").status == 200)
            expectProblem(try await vault.save(FakeKeys.anthropic(), link), 401, "invalid_token")
            #expect(try await vault.get("/v1/connect/sessions/\(link.id)").status == 404)
            #expect(try await vault.state(of: other)["state"].string == "pending")
        }
    }
}
