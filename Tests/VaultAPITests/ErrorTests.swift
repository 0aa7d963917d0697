import Testing
import VaultAPI
import VaultModel
import VaultTestKit

/// Who is let in, what they are told when not, and that nothing can be learnt from it.
struct ErrorTests {
    @Test func `no token, a wrong one and an expired one are 401, each by its name`() async throws {
        try await Stage.run { vault in
            let missing = try await Threads.run { [port = vault.port] in
                try HTTPExchange.send(port: port, "GET", "/v1/keys")
            }
            expectProblem(missing, 401, "missing_token")
            #expect(missing.header("www-authenticate")?.hasPrefix("Bearer") == true)
            expectProblem(try await vault.get("/v1/keys", token: "hello"), 401, "invalid_token")
            let mistyped = vault.appToken.dropLast() + (vault.appToken.hasSuffix("a") ? "b" : "a")
            expectProblem(try await vault.get("/v1/keys", token: String(mistyped)), 401, "invalid_token")
            let short = try await vault.token(
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"s","expires_at":"\#(vault.time.now() + 10)"}"#
            )
            #expect(try await vault.get("/v1/keys", token: short).status == 200)
            vault.time.advance(by: 10)
            expectProblem(try await vault.get("/v1/keys", token: short), 401, "expired_token")
        }
    }

    @Test func `a Host that is not ours is 400, whoever asks`() async throws {
        try await Stage.run { vault in
            for host in ["evil.example", "evil.example:8420", "127.0.0.1.evil.example", "user@127.0.0.1"] {
                let head = "GET /v1/token HTTP/1.1\r\nHost: \(host)\r\nAuthorization: Bearer \(vault.appToken)\r\n"
                let answer = try await Threads.run { [port = vault.port] in
                    try HTTPExchange.raw(port: port, Array((head + "Connection: close\r\n\r\n").utf8))
                }
                #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 400"), "\(host)")
            }
        }
    }

    @Test func `the scope is checked before anything is looked up`() async throws {
        try await Stage.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let reader = try await vault.token(scopes: "keys:read")
            for target in [id, "key_00000000000000000000000000", "nonsense"] {
                for (method, call) in [("POST", "/reveal"), ("POST", "/revoke"), ("DELETE", ""), ("PATCH", "")] {
                    let answer = try await vault.call(
                        method, "/v1/keys/\(target)\(call)", method == "DELETE" ? nil : "{}", token: reader)
                    expectProblem(answer, 403, "insufficient_scope")
                }
            }
            #expect(try await vault.get("/v1/keys/\(id)", token: reader).status == 200)
            for target in ["/v1/tokens", "/v1/projects", "/v1/audit/entries"] {
                expectProblem(try await vault.get(target), 403, "insufficient_scope")
            }
            // An admin reads no key.
            expectProblem(
                try await vault.post("/v1/keys/\(id)/reveal", token: vault.adminToken), 403, "insufficient_scope")
        }
    }

    @Test func `another project's id, an absent one and a malformed one are the same 404, byte for byte`() async throws
    {
        try await Stage.run { vault in
            let foreign = try await vault.store(FakeKeys.anthropic())
            let other = try await vault.otherProject()
            let absent = "key_" + foreign.dropFirst(4).prefix(20) + "000000"
            for (method, call) in [
                ("GET", ""), ("GET", "/versions"), ("GET", "/events"), ("PATCH", ""), ("DELETE", ""),
                ("POST", "/reveal"),
                ("POST", "/check"), ("POST", "/rollback"), ("POST", "/quarantine"), ("POST", "/release"),
                ("POST", "/revoke"),
            ] {
                var answers: [String] = []
                for id in [foreign, absent, "nonsense", foreign.uppercased(), "key_"] {
                    let body = method == "GET" || method == "DELETE" ? nil : "{}"
                    let answer = try await vault.call(method, "/v1/keys/\(id)\(call)", body, token: other.token)
                    expectProblem(answer, 404, "not_found")
                    answers.append(withoutInstance(answer))
                }
                #expect(Set(answers).count == 1, "\(method) \(call)")
            }
            let body = #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#
            for id in [foreign, absent, "nonsense"] {
                expectProblem(
                    try await vault.post("/v1/keys/\(id)/rotate", body, token: other.token), 404, "not_found")
            }
            #expect(try await vault.key(foreign)["status"].string == "unverified")
        }
    }

    @Test func `a revoked token is refused with the next request`() async throws {
        try await Stage.run { vault in
            let text = try await vault.token(scopes: "keys:read")
            let id = try #require(try await vault.get("/v1/token", token: text).json["id"].string)
            #expect(try await vault.call("DELETE", "/v1/tokens/\(id)", token: vault.adminToken).status == 204)
            expectProblem(try await vault.get("/v1/token", token: text), 401, "invalid_token")
        }
    }

    @Test func `beyond sixty 401s a minute an address gets 429, but whoever has a token is served`() async throws {
        try await Stage.run { vault in
            for _ in 1...60 { #expect(try await vault.get("/v1/keys", token: "wrong").status == 401) }
            let answer = try await vault.get("/v1/keys", token: "wrong")
            expectProblem(answer, 429, "rate_limited", ["retry_after"])
            #expect(answer.header("retry-after") == "60")
            #expect(try await vault.get("/v1/keys").status == 200)
            vault.time.advance(by: 60)
            #expect(try await vault.get("/v1/keys", token: "wrong").status == 401)
        }
    }

    @Test func `a configured rate holds for each token by itself`() async throws {
        try await RunningVault.run(
            configuration: Stage.quiet(), rate: RequestRate(calls: 3, milliseconds: 1000)
        ) { vault in
            for _ in 1...3 { #expect(try await vault.get("/v1/token").status == 200) }
            let answer = try await vault.get("/v1/token")
            expectProblem(answer, 429, "rate_limited", ["retry_after"])
            #expect(answer.header("retry-after") == "1")
            #expect(try await vault.get("/v1/token", token: vault.adminToken).status == 200)
            vault.time.advance(by: 1)
            #expect(try await vault.get("/v1/token").status == 200)
        }
    }

    @Test func `a method that a path does not have is 405 with those it has`() async throws {
        try await Stage.run { vault in
            for (method, target, allow) in [
                ("HEAD", "/v1/keys", "GET, POST"), ("OPTIONS", "/v1/keys", "GET, POST"),
                ("OPTIONS", "/v1/keys/x", "DELETE, GET, PATCH"), ("DELETE", "/v1/inspect", "POST"),
            ] {
                let answer = try await vault.call(method, target)
                #expect(answer.status == 405, "\(method) \(target)")
                #expect(answer.header("allow") == allow)
            }
            expectProblem(try await vault.get("/v1/nothing"), 404, "not_found")
            expectProblem(try await vault.get("/v1/keys/"), 404, "not_found")
        }
    }

    struct BadBody: Sendable, CustomTestStringConvertible {
        let body: String
        let status: Int
        let code: String
        var field: String?
        var testDescription: String { body.prefix(40) + "" }
    }

    private static let secret = FakeKeys.anthropic()

    @Test(arguments: [
        BadBody(body: "{", status: 400, code: "invalid_json"),
        BadBody(body: "", status: 400, code: "invalid_json"),
        BadBody(body: "[]", status: 422, code: "invalid_field"),
        BadBody(body: "{}", status: 422, code: "invalid_field", field: "user_id"),
        BadBody(body: #"{"user_id":"u"}"#, status: 422, code: "invalid_field", field: "key"),
        BadBody(
            body: #"{"user_id":"u","user_id":"u","key":"k"}"#, status: 400, code: "duplicate_member", field: "user_id"),
        BadBody(
            body: #"{"user_id":"u","key":"k","is_admin":true}"#, status: 422, code: "unknown_member", field: "is_admin"),
        BadBody(body: #"{"user_id":"","key":"k"}"#, status: 422, code: "invalid_field", field: "user_id"),
        BadBody(body: #"{"user_id":"a\u0000","key":"k"}"#, status: 422, code: "invalid_field", field: "user_id"),
        BadBody(body: #"{"user_id":"u","key":1}"#, status: 422, code: "invalid_field", field: "key"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","provider":"nope"}"#, status: 422, code: "invalid_field",
            field: "provider"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","validation":"maybe"}"#, status: 422, code: "invalid_field",
            field: "validation"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","expires_at":"2001-01-01T00:00:00Z"}"#, status: 422,
            code: "invalid_field", field: "expires_at"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","label":"\#(String(repeating: "l", count: 101))"}"#, status: 422,
            code: "invalid_field", field: "label"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","tags":{"a":1}}"#, status: 422, code: "invalid_field",
            field: "tags"),
        BadBody(
            body: #"{"user_id":"u","key":"\#(secret)","project_id":"prj_00000000000000000000000000"}"#, status: 422,
            code: "unknown_member", field: "project_id"),
    ])
    func `a body that cannot be is refused by the member at fault, and not said back`(_ row: BadBody) async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let answer = try await vault.call("POST", "/v1/keys", row.body)
            expectProblem(answer, row.status, row.code, row.field == nil ? [] : ["field"])
            #expect(answer.json["field"].string == row.field)
            #expect(!answer.text.contains(Self.secret))
            #expect(provider.calls == 0)
            #expect(try await vault.get("/v1/keys").json["data"].items.isEmpty)
        }
    }

    @Test func `a body of another kind, and an answer that nobody can give, are refused`() async throws {
        try await Stage.run { vault in
            let send = { (headers: [(String, String)], body: String) in
                try await Threads.run { [port = vault.port, token = vault.appToken] in
                    try HTTPExchange.send(
                        port: port, "POST", "/v1/inspect", headers: headers + [("Authorization", "Bearer \(token)")],
                        body: Array(body.utf8))
                }
            }
            expectProblem(try await send([("Content-Type", "text/plain")], "{}"), 415, "unsupported_media_type")
            expectProblem(try await send([], "{}"), 415, "unsupported_media_type")
            expectProblem(
                try await send([("Content-Type", "application/json"), ("Accept", "text/html")], "{}"), 406,
                "not_acceptable")
            expectProblem(
                try await send([("Content-Type", "application/json")], String(repeating: " ", count: 65_537)), 413,
                "body_too_large")
            expectProblem(try await vault.call("GET", "/v1/keys", "{}"), 400, "invalid_parameter")
            expectProblem(
                try await vault.get("/v1/keys?user_id=" + String(repeating: "u", count: 4096)), 414, "uri_too_long")
        }
    }

    @Test func `health, readiness and the document need no token, and the document names every call`() async throws {
        try await Stage.run { vault in
            for target in ["/healthz", "/readyz", "/openapi.json"] {
                let answer = try await Threads.run { [port = vault.port] in
                    try HTTPExchange.send(port: port, "GET", target)
                }
                #expect(answer.status == 200)
                #expect(answer.header("content-type") == "application/json; charset=utf-8")
            }
            let document = try await vault.get("/openapi.json").json
            #expect(document["openapi"].string == "3.1.0")
            for (path, methods) in [
                ("/v1/keys", ["get", "post"]), ("/v1/keys/{id}", ["get", "patch", "delete"]),
                ("/v1/keys/{id}/reveal", ["post"]), ("/v1/keys/{id}/check", ["post"]),
                ("/v1/keys/{id}/rotate", ["post"]), ("/v1/keys/{id}/rollback", ["post"]),
                ("/v1/keys/{id}/quarantine", ["post"]), ("/v1/keys/{id}/release", ["post"]),
                ("/v1/keys/{id}/revoke", ["post"]), ("/v1/keys/{id}/versions", ["get"]),
                ("/v1/keys/{id}/events", ["get"]), ("/v1/users/{user_id}", ["delete"]), ("/v1/inspect", ["post"]),
                ("/v1/providers", ["get"]), ("/v1/projects", ["get", "post"]),
                ("/v1/projects/{id}", ["get", "patch", "delete"]), ("/v1/tokens", ["get", "post"]),
                ("/v1/tokens/{id}", ["delete"]), ("/v1/token", ["get"]), ("/v1/projects/{id}/policy", ["get", "put"]),
                ("/v1/projects/{id}/policy/{provider}", ["get", "put", "delete"]), ("/v1/stats", ["get"]),
                ("/v1/revoke", ["post"]), ("/v1/audit/entries", ["get"]), ("/v1/audit/head", ["get"]),
                ("/healthz", ["get"]), ("/readyz", ["get"]),
            ] {
                #expect(document["paths"][path].names.isSuperset(of: methods), "\(path)")
            }
            let create = document["paths"]["/v1/keys"]["post"]["requestBody"]["content"]["application/json"]["schema"]
            #expect(create["properties"].names.isSuperset(of: ["user_id", "key", "validation", "funding_check"]))
            #expect(create["additionalProperties"].bool == false)
        }
    }
}
