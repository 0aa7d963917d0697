import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

/// What a link may do with keys: to the user's own, and to nobody else's.
@Suite struct ConnectKeysTests {
    @Test func `a replacement keeps the id, needs a verdict, and uses its link up`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic(), user: "ada")
            let link = try await vault.link(#""purpose":"replace","key_id":"\#(id)""#)
            let page = try await vault.page(link).json
            #expect(page["purpose"].string == "replace")
            #expect(page["key"]["id"].string == id)
            #expect(page["providers"].items.compactMap { $0["id"].string } == ["anthropic"])
            let same = try await vault.save(FakeKeys.anthropic(), link)
            expectProblem(same, 409, "duplicate_key", ["key_id"])
            provider.answers(.overloaded)
            let outage = try await vault.save(FakeKeys.anthropic("valid", 2), link)
            #expect(outage.status == 503)
            #expect(outage.json["code"].string == "provider_unavailable")
            #expect(try await vault.state(of: link)["state"].string == "pending")
            provider.answers(.accepting)
            let replaced = try await vault.save(FakeKeys.anthropic("valid", 2), link)
            #expect(replaced.status == 200)
            #expect(replaced.json["id"].string == id)
            #expect(replaced.json["version"].int == 2)
            #expect(replaced.json["already_saved"].bool == false)
            #expect(try await vault.state(of: link)["state"].string == "completed")
            expectProblem(try await vault.save(FakeKeys.anthropic("valid", 3), link), 410, "session_used")
        }
    }

    @Test func `a link to replace names a key of its own user that can be replaced`() async throws {
        try await Stage.run { vault in
            let id = try await vault.store(FakeKeys.anthropic(), user: "bob")
            let request = #"{"user_id":"ada","purpose":"replace","key_id":"\#(id)"}"#
            expectProblem(try await vault.post("/v1/connect/sessions", request), 404, "not_found")
            let mine = try await vault.store(FakeKeys.anthropic("valid", 2), user: "ada")
            let link = try await vault.link(#""purpose":"replace","key_id":"\#(mine)""#)
            #expect(try await vault.post("/v1/keys/\(mine)/revoke").status == 200)
            let page = try await vault.page(link)
            expectProblem(page, 410, "session_expired")
            #expect(page.json["detail"].string?.contains("is gone") == true)
            expectProblem(try await vault.save(FakeKeys.anthropic("valid", 3), link), 410, "session_expired")
            expectProblem(
                try await vault.call("POST", "/connect/inspect", #"{"key":"x"}"#, token: link.token), 410,
                "session_expired")
        }
    }

    @Test func `a link to manage shows its user's keys, masked, with when each was last revealed`() async throws {
        try await Stage.run { vault in
            let mine = try await vault.store(FakeKeys.anthropic("valid", 1), user: "ada")
            let gone = try await vault.store(FakeKeys.anthropic("valid", 2), user: "ada")
            _ = try await vault.store(FakeKeys.anthropic("valid", 3), user: "bob")
            #expect(try await vault.post("/v1/keys/\(gone)/revoke").status == 200)
            let link = try await vault.link(#""purpose":"manage""#)
            let before = try await vault.page(link)
            #expect(before.json["keys"].items.compactMap { $0["id"].string } == [mine])
            #expect(before.json["keys"].items[0]["last_used_at"] == .null)
            #expect(!before.text.contains(FakeKeys.anthropic("valid", 1)))
            #expect(try await vault.post("/v1/keys/\(mine)/reveal").status == 200)
            try await eventually("the reveal is noted") {
                try await vault.page(link).json["keys"].items[0]["last_used_at"].string != nil
            }
            let saved = try await vault.save(FakeKeys.anthropic("valid", 4), link)
            expectProblem(saved, 409, "wrong_state")
        }
    }

    @Test func `a link to manage replaces and removes its user's keys, and nobody else's`() async throws {
        try await Stage.run { vault in
            let mine = try await vault.proven(FakeKeys.anthropic("valid", 1), user: "ada")
            let foreign = try await vault.proven(FakeKeys.anthropic("valid", 2), user: "bob")
            let link = try await vault.link(#""purpose":"manage""#)
            let new = #"{"key":"\#(FakeKeys.anthropic("valid", 3))"}"#
            for call in ["rotate", "revoke", "check"] {
                let body = call == "rotate" ? new : "{}"
                let refused = try await vault.post("/connect/keys/\(foreign)/\(call)", body, token: link.token)
                let absent = try await vault.post(
                    "/connect/keys/key_00000000000000000000000000/\(call)", body, token: link.token)
                expectProblem(refused, 404, "not_found")
                #expect(withoutInstance(refused) == withoutInstance(absent))
            }
            let rotated = try await vault.post("/connect/keys/\(mine)/rotate", new, token: link.token)
            #expect(rotated.status == 200)
            #expect(rotated.json["version"].int == 2)
            #expect(try await vault.post("/connect/keys/\(mine)/check", token: link.token).status == 200)
            let removed = try await vault.post("/connect/keys/\(mine)/revoke", token: link.token)
            #expect(removed.json["status"].string == "revoked")
            #expect(try await vault.post("/v1/keys/\(mine)/reveal").status == 410)
            #expect(try await vault.page(link).json["keys"].items.isEmpty)
            #expect(try await vault.key(foreign)["status"].string == "active")
            #expect(try await vault.actions(of: mine).last == "key.revoked")
        }
    }

    @Test func `a link to store or replace manages nothing`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic(), user: "ada")
            let links = [
                try await vault.link(), try await vault.link(#""purpose":"replace","key_id":"\#(id)""#),
            ]
            for link in links {
                for call in ["revoke", "check"] {
                    expectProblem(
                        try await vault.post("/connect/keys/\(id)/\(call)", token: link.token), 404, "not_found")
                }
                let new = #"{"key":"\#(FakeKeys.anthropic("valid", 3))"}"#
                expectProblem(
                    try await vault.post("/connect/keys/\(id)/rotate", new, token: link.token), 404, "not_found")
            }
            #expect(try await vault.key(id)["status"].string == "active")
        }
    }

    @Test func `the key that a link has saved can be checked with it five times`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let link = try await vault.link()
            let id = try #require(try await vault.save(FakeKeys.anthropic(), link).json["id"].string)
            for _ in 0..<5 {
                let checked = try await vault.post(
                    "/connect/keys/\(id)/check", #"{"funding_check":true}"#, token: link.token)
                #expect(checked.status == 200, "\(checked.text)")
            }
            let calls = provider.calls
            let refused = try await vault.post("/connect/keys/\(id)/check", token: link.token)
            expectProblem(refused, 409, "wrong_state")
            #expect(provider.calls == calls)
        }
    }

    @Test func `a key that its user has replaced is there already, but another is in use`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic("valid", 1), user: "ada")
            let rotate = #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#
            #expect(try await vault.post("/v1/keys/\(id)/rotate", rotate).status == 200)
            let old = try await vault.save(FakeKeys.anthropic("valid", 1), try await vault.link())
            #expect(old.status == 200)
            #expect(old.json["already_saved"].bool == true && old.json["already_replaced"].bool == true)
            let current = try await vault.save(FakeKeys.anthropic("valid", 2), try await vault.link())
            #expect(current.json["already_saved"].bool == true && current.json["already_replaced"] == .null)
        }
    }

    @Test func `a key whose ciphertext is lost is healed by saving it again`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic(), user: "ada")
            try vault.tamper("UPDATE versions SET box = zeroblob(length(box))")
            #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 409)
            let link = try await vault.link()
            let saved = try await vault.save(FakeKeys.anthropic(), link)
            #expect(saved.status == 200, "\(saved.text)")
            #expect(saved.json["id"].string == id)
            #expect(saved.json["already_saved"].bool == false)
            #expect(saved.json["status"].string == "active")
            #expect(try await vault.post("/v1/keys/\(id)/reveal").json["key"].string == FakeKeys.anthropic())
            #expect(try await vault.state(of: link)["key_id"].string == id)
        }
    }

    @Test func `a key that an order to revoke names is not there already, and uses no link up`() async throws {
        try await Stage.run { vault in
            // More than the first batch shreds, so that the order is not done when it is answered.
            for number in 0..<3 { _ = try await vault.store(FakeKeys.anthropic("valid", number), user: "ada") }
            let link = try await vault.link()
            // The vault's own work does not run while the database is held by somebody else.
            let order = #"{"user_id":"ada","reason":"leak"}"#
            #expect(try await vault.post("/v1/revoke", order).json["revoked"].int == 3)
            let saved = try await vault.save(FakeKeys.anthropic("valid", 0), link)
            // Shredded already, it is a new key; not yet, it is refused. It is never called saved.
            #expect(saved.json["already_saved"].bool != true, "\(saved.text)")
            #expect(saved.status == 201 || saved.json["code"].string == "wrong_state")
        }
    }

    @Test func `a link for keys that its project takes no more has ended`() async throws {
        try await Stage.run { vault in
            let id = try await vault.store(FakeKeys.anthropic("valid", 1), user: "ada")
            let link = try await vault.link(#""providers":["anthropic"]"#)
            let path = "/v1/projects/\(vault.projectID)"
            let only = #"{"allowed_providers":["openai"]}"#
            #expect(try await vault.call("PATCH", path, only, token: vault.adminToken).status == 200)
            expectProblem(try await vault.page(link), 410, "session_expired")
            expectProblem(try await vault.save(FakeKeys.anthropic(), link), 410, "session_expired")
            // What is stored can be removed all the same.
            let manage = try await vault.link(#""purpose":"manage","providers":["anthropic"]"#)
            #expect(try await vault.page(manage).status == 200)
            let removed = try await vault.post("/connect/keys/\(id)/revoke", token: manage.token)
            #expect(removed.json["status"].string == "revoked")
        }
    }

    @Test func `a link to manage finds its user's keys behind any number of removed ones`() async throws {
        try await Stage.run { vault in
            let live = try await vault.store(FakeKeys.anthropic("valid", 0), user: "ada")
            for number in 1...201 {
                let id = try await vault.store(FakeKeys.anthropic("valid", number), user: "ada")
                #expect(try await vault.post("/v1/keys/\(id)/revoke").status == 200)
            }
            let page = try await vault.page(try await vault.link(#""purpose":"manage""#)).json
            #expect(page["keys"].items.compactMap { $0["id"].string } == [live])
        }
    }

    @Test func `the page says how many tokens may read keys, whatever other tokens there are`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link()
            #expect(try await vault.page(link).json["readers"].int == 1)
            _ = try await vault.token(scopes: "keys:read", "keys:write")
            _ = try await vault.token(scopes: "keys:reveal")
            let short = try await vault.token(
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"t","scopes":["keys:reveal"],"expires_at":"\#(vault.time.now() + 60)"}"#
            )
            #expect(try await vault.page(link).json["readers"].int == 3)
            vault.time.advance(by: 61)
            expectProblem(try await vault.get("/v1/token", token: short), 401, "expired_token")
            #expect(try await vault.page(link).json["readers"].int == 2)
        }
    }

    @Test func `while a key is being checked the page is told so, and then what came of it`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let link = try await vault.link()
            provider.hold()
            async let saved = vault.save(FakeKeys.anthropic(), link)
            try await eventually("the provider is asked") { provider.calls == 1 }
            #expect(try await vault.page(link).json["checking"].bool == true)
            provider.letGo()
            #expect(try await saved.status == 201)
            let page = try await vault.page(link).json
            #expect(page["checking"].bool == false)
            #expect(page["state"].string == "completed")
        }
    }

    @Test func `a link that ends while its key is checked still saves it`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let (link, other) = (try await vault.link(), try await vault.link(user: "bob"))
            provider.hold()
            async let saved = vault.save(FakeKeys.anthropic(), link)
            try await eventually("the provider is asked") { provider.calls == 1 }
            vault.time.advance(by: 7300)
            try await RotationScheduler(vault.vault).pass()
            #expect(try await vault.state(of: other)["state"].string == "expired", "the control")
            provider.letGo()
            #expect(try await saved.status == 201)
            #expect(try await vault.state(of: link)["state"].string == "completed")
        }
    }

    @Test func `a link that is withdrawn while its key is checked stores nothing`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let link = try await vault.link()
            provider.hold()
            async let saved = vault.save(FakeKeys.anthropic(), link)
            try await eventually("the provider is asked") { provider.calls == 1 }
            #expect(try await vault.call("DELETE", "/v1/connect/sessions/\(link.id)").status == 200)
            provider.letGo()
            expectProblem(try await saved, 410, "session_expired")
            #expect(try await vault.keyCount() == 0)
        }
    }

    @Test func `a paste is judged among the providers that the link takes`() async throws {
        try await Stage.run { vault in
            let several = try await vault.link(#""providers":["openai","mistral"]"#)
            let inspected = try await vault.call(
                "POST", "/connect/inspect", #"{"key":"\#(FakeKeys.anthropic())"}"#, token: several.token)
            #expect(inspected.status == 200)
            #expect(inspected.json["storable"].bool == false)
            #expect(inspected.json["code"].string == "wrong_provider")
            #expect(inspected.json["detected_provider"].string == "anthropic")
            expectProblem(
                try await vault.save(FakeKeys.anthropic(), several), 422, "wrong_provider",
                ["detected_provider", "kind"])
            let chosen = try await vault.save(FakeKeys.anthropic(), several, #""provider":"anthropic""#)
            expectProblem(chosen, 422, "invalid_field", ["field"])
            // Of a shape without a beginning the user says whose it is, among those that the link takes.
            let shape = #"{"key":"\#(String(repeating: "Zq7wB", count: 8).prefix(32))"}"#
            let mistral = try await vault.call("POST", "/connect/inspect", shape, token: several.token)
            #expect(mistral.json["code"].string == "invalid_field")
            #expect(mistral.json["candidates"].items.compactMap(\.string) == ["mistral"])
            let others = try await vault.link(#""providers":["openai","anthropic"]"#)
            let unknown = try await vault.call("POST", "/connect/inspect", shape, token: others.token)
            #expect(unknown.json["code"].string == "malformed_key", "\(unknown.text)")
            #expect(unknown.json["message"].string?.hasSuffix("Anthropic or OpenAI.") == true, "\(unknown.text)")
        }
    }
}
