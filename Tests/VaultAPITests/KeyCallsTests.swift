import Testing
import VaultModel
import VaultService
import VaultProviders
import VaultTestKit

/// The calls on one key that are not about its versions, as `api.md` writes them.
struct KeyCallsTests {
    private static let members: Set<String> = [
        "id", "project_id", "user_id", "provider", "label", "hint", "fingerprint", "status", "version", "revision",
        "verdict", "last_check", "next_check_at", "stale", "account", "params", "tags", "created_at", "rotated_at",
        "last_used_at", "expires_at", "revoked_at",
    ]

    @Test func `a key that is accepted is 201 with exactly the members of a key`() async throws {
        try await Stage.withStandIn { vault in
            let end = vault.time.now() + 86_400 * 90
            let answer = try await vault.create(
                FakeKeys.anthropic(), user: "user-42",
                #""label":"work","tags":{"team":"a"},"params":{},"expires_at":"\#(end)""#)
            #expect(answer.status == 201, "\(answer.text)")
            let key = answer.json
            #expect(key.names == Self.members)
            #expect(key["id"].string?.hasPrefix("key_") == true)
            #expect(key["project_id"].string == vault.projectID)
            #expect(key["user_id"].string == "user-42")
            #expect(key["provider"].string == "anthropic")
            #expect(key["label"].string == "work")
            #expect(key["tags"] == .object(["team": .string("a")]))
            #expect(key["hint"].string == "sk-ant-api03-val…" + String(FakeKeys.anthropic().suffix(4)))
            #expect(key["fingerprint"].string?.hasPrefix("kfp_") == true)
            #expect(key["status"].string == "active")
            #expect(key["version"].int == 1)
            #expect(key["revision"].int == 1)
            #expect(
                key["verdict"].names == [
                    "code", "reason", "message", "tested", "checked_at", "http_status", "provider_request_id",
                ])
            #expect(key["verdict"]["code"].string == "valid")
            #expect(key["verdict"]["reason"].string == "ok")
            #expect(
                key["verdict"]["message"].string == "Key works. Anthropic accepted it. Not tested: credit.")
            #expect(key["verdict"]["tested"] == .array([.string("identity")]))
            #expect(key["verdict"]["http_status"].int == 200)
            #expect(key["verdict"]["provider_request_id"].string?.hasPrefix("req_") == true)
            #expect(key["last_check"].names == ["at", "reason", "http_status", "retry_at"])
            #expect(key["last_check"]["retry_at"] == .null)
            #expect(key["stale"].names == ["is_stale", "reasons", "since", "rotate_by"])
            #expect(key["stale"]["is_stale"].bool == false)
            #expect(key["stale"]["rotate_by"].string == "\(vault.time.now() + 7_776_000)")
            #expect(key["account"].names == ["organization_id", "requests_limit", "workspace_id"])
            #expect(key["account"]["requests_limit"].string == "50")
            #expect(key["account"]["workspace_id"].string == "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ")
            #expect(key["expires_at"].string == "\(end)")
            #expect(key["created_at"].string == "\(vault.time.now())")
            for name in ["rotated_at", "last_used_at", "revoked_at"] { #expect(key[name] == .null) }
            #expect(answer.header("etag") == "\"1\"")
            #expect(!answer.text.contains(FakeKeys.anthropic()))
            #expect(try await vault.key(try #require(key["id"].string)) == key)
        }
    }

    @Test func `an outage stores an unverified key, unless a verdict is required`() async throws {
        let provider = ProviderSwitch(.overloaded)
        try await Stage.run(provider) { vault in
            let stored = try await vault.create(FakeKeys.anthropic())
            #expect(stored.status == 201)
            #expect(stored.json["status"].string == "unverified")
            #expect(stored.json["verdict"]["code"].string == "unverified")
            #expect(stored.json["last_check"]["reason"].string == "overloaded")
            #expect(stored.json["last_check"]["retry_at"].string != nil)

            let refused = try await vault.create(FakeKeys.anthropic("valid", 2), #""validation":"required""#)
            expectProblem(refused, 503, "provider_unavailable", ["provider_error", "docs_url"])
            #expect(refused.json["retryable"].bool == true)
            #expect(try await vault.get("/v1/keys").json["data"].items.count == 1)
        }
    }

    @Test func `skip makes no call, and the first check comes after the usual interval`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let key = try await vault.create(FakeKeys.anthropic(), #""validation":"skip""#).json
            #expect(provider.calls == 0)
            #expect(key["status"].string == "unverified")
            #expect(key["last_check"] == .null)
            #expect(key["verdict"]["code"].string == "unverified")
            #expect(key["next_check_at"].string == "\(vault.time.now() + 86_400)")
        }
    }

    @Test func `a funding check proves both, or stores the key as unfunded`() async throws {
        try await Stage.withStandIn { vault in
            let rich = try await vault.create(FakeKeys.anthropic("valid"), #""funding_check":true"#).json
            #expect(rich["verdict"]["tested"] == .array([.string("identity"), .string("funding")]))
            let poor = try await vault.create(FakeKeys.anthropic("nocredit"), #""funding_check":true"#)
            #expect(poor.status == 201)
            #expect(poor.json["status"].string == "active")
            #expect(poor.json["verdict"]["code"].string == "valid_unfunded")
            let unasked = try await vault.create(FakeKeys.anthropic("nocredit", 2)).json
            #expect(unasked["verdict"]["code"].string == "valid")
        }
    }

    @Test func `a refused key is 422 with what the provider said, and nothing is stored`() async throws {
        try await Stage.withStandIn { vault in
            let answer = try await vault.create(FakeKeys.anthropic("revoked"))
            expectProblem(answer, 422, "invalid_key", ["provider_error", "docs_url"])
            #expect(answer.json["provider_error"]["error"]["message"].string == "API key is invalid.")
            #expect(try await vault.get("/v1/keys").json["data"].items.isEmpty)
        }
    }

    @Test func `a sign-in token is refused in the documented words, without a call`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let answer = try await vault.create(FakeKeys.oauthAccessToken())
            expectProblem(answer, 422, "oauth_token_rejected", ["kind", "provider_error", "quoted", "docs_url"])
            let problem = answer.json
            #expect(problem["title"].string == "OAuth tokens cannot be used as API keys")
            #expect(
                problem["detail"].string
                    == "OAuth authentication is currently not supported. This credential is only authorized for use "
                    + "with Claude Code and cannot be used for other API requests.")
            #expect(problem["kind"].string == "oauth_access_token")
            #expect(problem["quoted"].bool == true)
            #expect(problem["retryable"].bool == false)
            #expect(
                problem["provider_error"]
                    == .object([
                        "type": .string("error"),
                        "error": .object([
                            "type": .string("authentication_error"),
                            "message": .string("OAuth authentication is currently not supported."),
                        ]),
                    ]))
            #expect(provider.calls == 0)
        }
    }

    @Test(arguments: [
        ("sk-ant-" + "admin01-abcdefghijklmnopqrst", "wrong_key_type", "admin_key"),
        ("sk-ant-" + "api03-R2D…wXAA", "masked_key", "masked"),
        ("YOUR_API_KEY", "placeholder_key", "placeholder"),
        ("", "malformed_key", "empty"),
        ("https://example.com/keys", "malformed_key", "url"),
    ])
    func `what the doctor refuses is 422 with its kind`(_ row: (paste: String, code: String, kind: String))
        async throws
    {
        try await Stage.run { vault in
            let answer = try await vault.create(row.paste)
            #expect(answer.status == 422)
            #expect(answer.json["code"].string == row.code)
            #expect(answer.json["kind"].string == row.kind)
            if !row.paste.isEmpty { #expect(!answer.text.contains(row.paste)) }
        }
    }

    @Test func `inspect answers 200 whatever it finds, and stores nothing`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let good = try await vault.post("/v1/inspect", #"{"key":"ANTHROPIC_API_KEY=\#(FakeKeys.anthropic())"}"#)
            #expect(good.status == 200)
            #expect(good.json.names == ["kind", "provider", "storable", "code", "message", "hint", "cleaned"])
            #expect(good.json["storable"].bool == true)
            #expect(good.json["code"] == .null)
            #expect(good.json["provider"].string == "anthropic")
            #expect(!good.json["cleaned"].items.isEmpty)
            for paste in ["", "hello", FakeKeys.oauthAccessToken(), String(repeating: "k", count: 20_000)] {
                let answer = try await vault.post("/v1/inspect", #"{"key":"\#(paste)"}"#)
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["storable"].bool == false)
                #expect(answer.json["code"].string != nil)
            }
            #expect(provider.calls == 0)
            #expect(try await vault.get("/v1/keys").json["data"].items.isEmpty)
        }
    }

    @Test func `the same key of the same user is a duplicate, of another user it is not`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let again = try await vault.create(FakeKeys.anthropic())
            expectProblem(again, 409, "duplicate_key", ["key_id"])
            #expect(again.json["key_id"].string == id)
            #expect(provider.calls == 1)
            #expect(try await vault.create(FakeKeys.anthropic(), user: "user-2").status == 201)
            // A previous version in its grace time counts too, a revoked key does not.
            _ = try await vault.post("/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            #expect(try await vault.create(FakeKeys.anthropic()).json["key_id"].string == id)
            _ = try await vault.post("/v1/keys/\(id)/revoke")
            #expect(try await vault.create(FakeKeys.anthropic()).status == 201)
        }
    }

    @Test func `PATCH changes what describes a key, and null clears it`() async throws {
        try await Stage.run { vault in
            let end = vault.time.now() + 5_184_000
            let id = try await vault.proven(
                FakeKeys.anthropic(), #""label":"a","tags":{"x":"1"},"expires_at":"\#(end)""#)
            let path = "/v1/keys/\(id)"
            let first = try await vault.call(
                "PATCH", path, #"{"label":"b","tags":{"y":"2"}}"#, headers: [("If-Match", "\"1\"")])
            #expect(first.status == 200, "\(first.text)")
            #expect(first.header("etag") == "\"2\"")
            #expect(first.json["label"].string == "b")
            #expect(first.json["tags"] == .object(["y": .string("2")]))
            #expect(first.json["expires_at"].string == "\(end)")
            let stale = try await vault.call("PATCH", path, #"{"label":"c"}"#, headers: [("If-Match", "\"1\"")])
            expectProblem(stale, 409, "version_conflict")
            let cleared = try await vault.call("PATCH", path, #"{"label":null,"expires_at":null,"tags":null}"#)
            #expect(cleared.json["label"] == .null)
            #expect(cleared.json["expires_at"] == .null)
            #expect(cleared.json["tags"] == .object([:]))
            #expect(cleared.json["revision"].int == 3)
            // Nothing changed: the same record.
            #expect(try await vault.call("PATCH", path, #"{"label":null}"#).json["revision"].int == 3)
            let past = try await vault.call("PATCH", path, #"{"expires_at":"2001-01-01T00:00:00Z"}"#)
            expectProblem(past, 422, "invalid_field", ["field"])
            expectProblem(
                try await vault.call("PATCH", path, "{}", headers: [("If-Match", "W/\"1\"")]), 400,
                "invalid_parameter", ["field"])
        }
    }

    @Test func `reveal hands out the key, uncached, and the audit log knows`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let answer = try await vault.post("/v1/keys/\(id)/reveal", #"{"reason":"deploy"}"#)
            #expect(answer.status == 200)
            #expect(answer.json.names == ["id", "provider", "version", "key"])
            #expect(answer.json["key"].string == FakeKeys.anthropic())
            #expect(answer.header("cache-control") == "no-store")
            let events = try await vault.get("/v1/keys/\(id)/events").json["data"].items
            #expect(events.last?["action"].string == "key.revealed")
            #expect(events.last?["reason"].string == "deploy")
            #expect(try await vault.key(id)["last_used_at"].string == "\(vault.time.now())")
        }
    }

    @Test func `what cannot be audited is not revealed`() async throws {
        var configuration = Stage.quiet()
        configuration.writePatience = .seconds(3)
        try await RunningVault.run(provider: ProviderSwitch().provider, configuration: configuration) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let answer = try await vault.withoutWrites { try await vault.post("/v1/keys/\(id)/reveal") }
            expectProblem(answer, 503, "audit_unavailable")
            #expect(answer.json["retryable"].bool == true)
            #expect(!answer.text.contains(FakeKeys.anthropic()))
            #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
            #expect(try await vault.actions(of: id).count { $0 == "key.revealed" } == 1)
        }
    }

    @Test func `quarantine stops a key and release resumes it`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            #expect(try await vault.post("/v1/keys/\(id)/quarantine").json["status"].string == "quarantined")
            expectProblem(try await vault.post("/v1/keys/\(id)/reveal"), 409, "wrong_state")
            #expect(try await vault.post("/v1/keys/\(id)/release").json["status"].string == "active")
            #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
        }
    }

    @Test func `revoking shreds at once, and again gives the same tombstone`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let first = try await vault.post("/v1/keys/\(id)/revoke", #"{"reason":"left"}"#)
            #expect(first.status == 200)
            #expect(first.json["status"].string == "revoked")
            #expect(first.json["revoked_at"].string == "\(vault.time.now())")
            vault.time.advance(by: 60)
            let second = try await vault.post("/v1/keys/\(id)/revoke")
            #expect(second.body == first.body)
            let gone = try await vault.post("/v1/keys/\(id)/reveal")
            expectProblem(gone, 410, "key_revoked", ["key_id"])
            let versions = try await vault.get("/v1/keys/\(id)/versions").json["data"].items
            #expect(versions.allSatisfy { $0["shredded_at"].string != nil })
        }
    }

    @Test func `DELETE forgets the record and leaves the trail`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let answer = try await vault.call("DELETE", "/v1/keys/\(id)")
            #expect(answer.status == 204)
            #expect(answer.body.isEmpty)
            expectProblem(try await vault.get("/v1/keys/\(id)"), 404, "not_found")
            expectProblem(try await vault.call("DELETE", "/v1/keys/\(id)"), 404, "not_found")
            let trail = try await vault.get("/v1/audit/entries?key_id=\(id)", token: vault.adminToken)
            #expect(
                trail.json["data"].items.compactMap { $0["action"].string } == ["key.created", "key.deleted"])
        }
    }

    @Test(arguments: [("user-1", "user-1"), ("a+b@c.example", "a+b@c.example"), ("müller b", "m%C3%BCller%20b")])
    func `DELETE of a user takes all the keys of that user alone`(_ row: (name: String, segment: String)) async throws {
        try await Stage.run { vault in
            _ = try await vault.proven(FakeKeys.anthropic("valid", 1), user: row.name)
            _ = try await vault.proven(FakeKeys.anthropic("valid", 2), user: row.name)
            let kept = try await vault.proven(FakeKeys.anthropic("valid", 3), user: "somebody")
            let answer = try await vault.call("DELETE", "/v1/users/\(row.segment)")
            let left = try await vault.get("/v1/keys").json["data"].items.compactMap { $0["id"].string }
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json == .object(["deleted": .number(2)]))
            #expect(left == [kept])
        }
    }

    @Test func `versions and providers have no secret in them`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            _ = try await vault.post("/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            let versions = try await vault.get("/v1/keys/\(id)/versions")
            #expect(versions.json["data"].items.map { $0["version"].int } == [2, 1])
            #expect(versions.json["data"].items.map { $0["state"].string } == ["current", "previous"])
            #expect(!versions.text.contains("Zq7wZq7w"))
            let providers = try await vault.get("/v1/providers").json["data"].items
            let anthropic = try #require(providers.first { $0["id"].string == "anthropic" })
            #expect(anthropic["name"].string == "Anthropic")
            #expect(anthropic["console_url"].string == "https://platform.claude.com/settings/keys")
            #expect(!anthropic["steps"].items.isEmpty)
            #expect(anthropic["params"] == .array([]))
            let azure = try #require(providers.first { $0["id"].string == "azure_openai" })
            #expect(!azure["params"].items.isEmpty)
        }
    }

    @Test func `a key of a provider that cannot be tested is taken, and can be rotated`() async throws {
        let file = #"""
            {"id":"acme","name":"Acme","console_url":"https://acme.test/","billing_url":"https://acme.test/",
             "docs_url":"https://acme.test/","base_url":"https://api.acme.test","variables":["ACME_KEY"],"steps":[],
             "keys":[{"kind":"api_key","prefix":"acme_","alphabet":"alphanumeric","body":[32,32]}]}
            """#
        let provider = ProviderSwitch()
        try await RunningVault.run(
            provider: provider.provider, adding: [(name: "acme", bytes: Array(file.utf8))]
        ) { vault in
            let first = "acme_" + String(repeating: "aB3d", count: 8)
            let answer = try await vault.call("POST", "/v1/keys", #"{"user_id":"u","key":"\#(first)"}"#)
            #expect(answer.status == 201, "\(answer.text)")
            #expect(answer.json["status"].string == "unverified")
            let id = try #require(answer.json["id"].string)
            let second = "acme_" + String(repeating: "cD4e", count: 8)
            let rotated = try await vault.call("POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(second)"}"#)
            #expect(rotated.status == 200, "\(rotated.text)")
            #expect(rotated.json["version"].int == 2)
            #expect(provider.calls == 0)
        }
    }
}
