import Testing
import VaultProviders
import VaultTestKit

/// `Idempotency-Key`: one request, however often it is sent, has one effect.
struct IdempotencyTests {
    private func post(
        _ vault: RunningVault, _ target: String, _ body: String, key: String = "k-1", method: String = "POST",
        token: String? = nil
    ) async throws -> HTTPAnswer {
        try await vault.call(method, target, body, token: token, headers: [("Idempotency-Key", key)])
    }

    private func body(_ number: Int = 1, user: String = "u") -> String {
        #"{"user_id":"\#(user)","key":"\#(FakeKeys.anthropic("valid", number))"}"#
    }

    @Test func `the same request gets the same status and the object as it was`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let first = try await post(vault, "/v1/keys", body())
            #expect(first.status == 201)
            #expect(first.header("idempotent-replayed") == nil)
            let id = try #require(first.json["id"].string)
            _ = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"later"}"#)
            let second = try await post(vault, "/v1/keys", body())
            #expect(second.status == 201)
            #expect(second.body == first.body)
            #expect(second.header("idempotent-replayed") == "true")
            #expect(provider.calls == 1)
        }
    }

    @Test func `another body or object under the same key is a conflict that no retry ends`() async throws {
        try await Stage.run { vault in
            let id = try #require(try await post(vault, "/v1/keys", body()).json["id"].string)
            let other = try await post(vault, "/v1/keys", body(2))
            expectProblem(other, 409, "idempotency_conflict")
            #expect(other.json["retryable"].bool == false)
            // It belongs to the route and to the token.
            #expect(try await post(vault, "/v1/keys/\(id)/quarantine", "{}").status == 200)
            let another = try await vault.store(FakeKeys.anthropic("valid", 3))
            expectProblem(try await post(vault, "/v1/keys/\(another)/quarantine", "{}"), 409, "idempotency_conflict")
            let token = try await vault.token(scopes: "keys:write")
            #expect(try await post(vault, "/v1/keys", body(2), token: token).status == 201)
        }
    }

    @Test func `A17 a hundred of the same request at once have one effect`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            provider.hold()
            try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for _ in 1...100 { group.addTask { try await post(vault, "/v1/keys", body()) } }
                var (stored, running) = (0, 0)
                for try await answer in group {
                    if answer.status == 201 {
                        stored += 1
                    } else {
                        expectProblem(answer, 409, "idempotency_conflict")
                        #expect(answer.json["retryable"].bool == true)
                        running += 1
                    }
                    // All but the one that waits for the provider have been told so.
                    if running == 99 { provider.letGo() }
                }
                #expect(stored == 1)
            }
            #expect(provider.calls == 1)
            #expect(try await vault.get("/v1/keys").json["data"].items.count == 1)
            let replay = try await post(vault, "/v1/keys", body())
            #expect(replay.status == 201)
            #expect(replay.header("idempotent-replayed") == "true")
        }
    }

    @Test func `only what succeeded is kept`() async throws {
        let provider = ProviderSwitch(.refusing)
        try await Stage.run(provider) { vault in
            #expect(try await post(vault, "/v1/keys", body()).status == 422)
            provider.answers(.accepting)
            let answer = try await post(vault, "/v1/keys", body())
            #expect(answer.status == 201)
            #expect(answer.header("idempotent-replayed") == nil)
        }
    }

    @Test func `it is kept a day and survives a restart`() async throws {
        try await Stage.run { vault in
            let first = try await post(vault, "/v1/keys", body())
            vault.time.advance(by: 86_399)
            #expect(try await post(vault, "/v1/keys", body()).body == first.body)
            vault.time.advance(by: 1)
            expectProblem(try await post(vault, "/v1/keys", body()), 409, "duplicate_key", ["key_id"])
        }
        let first = Holder()
        let vault = try await RunningVault.run(configuration: Stage.quiet()) { vault in
            first.body = try await post(vault, "/v1/keys", body()).body
            return vault
        }
        try await vault.restarted(configuration: Stage.quiet()) { vault in
            let again = try await post(vault, "/v1/keys", body())
            #expect(again.body == first.body)
            #expect(again.header("idempotent-replayed") == "true")
        }
    }

    private final class Holder { var body: [UInt8] = [] }

    @Test func `the replay of a new token has null in the place of its text`() async throws {
        try await Stage.run { vault in
            let body = #"{"kind":"app","project_id":"\#(vault.projectID)","name":"t"}"#
            let first = try await post(vault, "/v1/tokens", body, token: vault.adminToken)
            #expect(first.status == 201)
            #expect(first.json["token"].string?.hasPrefix("kst_app_") == true)
            let second = try await post(vault, "/v1/tokens", body, token: vault.adminToken)
            #expect(second.status == 201)
            #expect(second.json["token"] == .null)
            #expect(second.json["id"] == first.json["id"])
            #expect(second.json.names == first.json.names)
        }
    }

    @Test func `every kind of change can be repeated`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            for (number, (method, target, body)) in [
                ("PATCH", "/v1/keys/\(id)", #"{"label":"x"}"#), ("PATCH", "/v1/keys/\(id)", #"{"label":"x"}"#),
                ("POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#),
                ("POST", "/v1/keys/\(id)/rollback", "{}"), ("POST", "/v1/keys/\(id)/quarantine", "{}"),
                ("POST", "/v1/keys/\(id)/release", "{}"), ("POST", "/v1/keys/\(id)/revoke", "{}"),
                ("DELETE", "/v1/keys/\(id)", nil), ("DELETE", "/v1/users/nobody", nil),
                ("POST", "/v1/revoke", #"{"all":true,"reason":"x","dry_run":true}"#),
                ("POST", "/v1/revoke", #"{"all":true,"reason":"x"}"#),
            ].enumerated() as EnumeratedSequence<[(String, String, String?)]> {
                var answers: [HTTPAnswer] = []
                for _ in 1...2 {
                    answers.append(
                        try await vault.call(method, target, body, headers: [("Idempotency-Key", "n-\(number)")]))
                }
                #expect((200...204).contains(answers[0].status), "\(target): \(answers[0].text)")
                #expect(answers[1].status == answers[0].status, "\(target)")
                #expect(answers[1].body == answers[0].body, "\(target)")
                #expect(answers[1].header("idempotent-replayed") == "true", "\(target)")
            }
        }
    }

    @Test func `reveal, inspect and check take no notice of it`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            for (target, body) in [
                ("/v1/keys/\(id)/reveal", "{}"), ("/v1/keys/\(id)/check", "{}"),
                ("/v1/inspect", #"{"key":"hello"}"#),
            ] {
                for _ in 1...2 {
                    let answer = try await post(vault, target, body)
                    #expect(answer.status == 200)
                    #expect(answer.header("idempotent-replayed") == nil)
                }
            }
            #expect(try await vault.actions(of: id).count { $0 == "key.revealed" } == 2)
        }
    }

    @Test(arguments: ["", String(repeating: "k", count: 129), "kü"])
    func `a key of another form is 400`(_ key: String) async throws {
        try await Stage.run { vault in
            let answer = try await post(vault, "/v1/keys", body(), key: key)
            expectProblem(answer, 400, "invalid_parameter", ["field"])
        }
    }
}
