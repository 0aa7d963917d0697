import Testing
import VaultProviders
import VaultTestKit

/// What a provider says, and what becomes of the key.
struct VerdictStoryTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let word: String
        let status: Int
        /// The problem's code, or the verdict's.
        let code: String
        var reason = ""
        var testDescription: String { word }
    }

    private static let rows = [
        Row(word: "valid", status: 201, code: "valid", reason: "ok"),
        Row(word: "nocredit", status: 201, code: "valid", reason: "ok"),
        Row(word: "spendlimit", status: 201, code: "valid_unfunded", reason: "own_spend_limit_org"),
        Row(word: "workspacelimit", status: 201, code: "valid_unfunded", reason: "own_spend_limit_workspace"),
        Row(word: "billing", status: 201, code: "valid_unfunded", reason: "billing"),
        Row(word: "spendcap", status: 201, code: "valid_unfunded", reason: "tier_spend_cap"),
        Row(word: "restricted", status: 201, code: "valid_restricted", reason: "no_permission"),
        Row(word: "revoked", status: 422, code: "invalid_key"),
        Row(word: "invalid", status: 422, code: "invalid_key"),
        Row(word: "orgdisabled", status: 422, code: "invalid_key"),
        Row(word: "oauth", status: 422, code: "oauth_token_rejected"),
        Row(word: "claudecode", status: 422, code: "oauth_token_rejected"),
        Row(word: "forbidden", status: 201, code: "unverified", reason: "edge_or_region_block"),
        Row(word: "notfound", status: 201, code: "unverified", reason: "not_found"),
        Row(word: "conflict", status: 201, code: "unverified", reason: "conflict"),
        Row(word: "toolarge", status: 201, code: "unverified", reason: "our_request_was_malformed"),
        Row(word: "ratelimited", status: 201, code: "unverified", reason: "rate_limited"),
        Row(word: "error", status: 201, code: "unverified", reason: "provider_error"),
        Row(word: "timeout504", status: 201, code: "unverified", reason: "provider_timeout"),
        Row(word: "overloaded", status: 201, code: "unverified", reason: "overloaded"),
        Row(word: "redirect", status: 201, code: "unverified", reason: "unexpected_redirect"),
        Row(word: "html", status: 201, code: "unverified", reason: "unexpected_body"),
        Row(word: "empty", status: 201, code: "unverified", reason: "unexpected_body"),
        Row(word: "truncatedjson", status: 201, code: "unverified", reason: "unexpected_body"),
    ]

    @Test func `every answer of the provider becomes the answer of the call`() async throws {
        try await Stage.withStandIn { vault in
            for (number, row) in Self.rows.enumerated() {
                let key = FakeKeys.anthropic(row.word, number)
                let answer = try await vault.create(key)
                #expect(answer.status == row.status, "\(row.word): \(answer.text)")
                if row.status == 201 {
                    let isDefinite = row.code != "unverified"
                    #expect(answer.json["status"].string == (isDefinite ? "active" : "unverified"), "\(row.word)")
                    #expect(answer.json["verdict"]["code"].string == row.code, "\(row.word)")
                    #expect(answer.json["last_check"]["reason"].string == row.reason, "\(row.word)")
                    let message: String = answer.json["verdict"]["message"].string ?? ""
                    let saysWhy = message.contains("not judged") || message.contains("again") || row.word == "redirect"
                    #expect(isDefinite || saysWhy, "\(row.word): \(message)")
                } else {
                    #expect(answer.json["code"].string == row.code, "\(row.word)")
                    #expect(answer.json["provider_error"] != .null, "\(row.word)")
                    // What the provider called a sign-in token is one, as far as it can tell by a call.
                    let kind: String? = row.code == "oauth_token_rejected" ? "oauth_access_token" : nil
                    #expect(answer.json["kind"].string == kind, "\(row.word)")
                    #expect(answer.json["quoted"] == .null, "\(row.word)")
                }
                // Required, what is no verdict is an outage, and what is one is taken.
                let required = try await vault.create(key, user: "user-2", #""validation":"required""#)
                let expected = row.status == 201 && row.code == "unverified" ? 503 : row.status
                #expect(required.status == expected, "\(row.word): \(required.text)")
                if row.word == "ratelimited" {
                    #expect(required.header("retry-after") == "17")
                    #expect(required.json["retry_after"].int == 17)
                }
            }
        }
    }

    @Test func `a call that nobody answers is an outage`() async throws {
        try await RunningVault.run(provider: .unreachable, configuration: Stage.quiet()) { vault in
            let key = try await vault.create(FakeKeys.anthropic()).json
            #expect(key["status"].string == "unverified")
            #expect(key["last_check"]["reason"].string == "unreachable")
            #expect(key["verdict"]["message"].string?.hasPrefix("We could not reach Anthropic.") == true)
            let skipped = try await vault.create(FakeKeys.anthropic("skip"), #""validation":"skip""#).json
            #expect(skipped["verdict"]["message"].string == "Not checked yet.")
            #expect(key["last_check"]["http_status"] == .null)
            let required = try await vault.create(FakeKeys.anthropic("valid", 2), #""validation":"required""#)
            expectProblem(required, 503, "provider_unavailable", ["docs_url"])
        }
    }

    @Test(arguments: [
        ProbeAnswer.overloaded, .answer(404, "{}"), .answer(500, ""), .failure(.timeout), .answer(429, "{}"),
        .answer(404, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#),
    ])
    func `an outage never takes anything from a stored key`(_ outage: ProbeAnswer) async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let before = try await vault.key(id)
            provider.answers(outage)
            vault.time.advance(by: 3600)
            let after = try await vault.post("/v1/keys/\(id)/check").json
            #expect(after["status"].string == "active")
            #expect(after["verdict"] == before["verdict"])
            #expect(after["stale"]["is_stale"].bool == false)
            #expect(after["last_check"]["at"].string == "\(vault.time.now())")
            #expect(after["last_check"]["retry_at"].string != nil)
        }
    }

    @Test func `a first refusal is a flag, a second one later is failing, an acceptance ends both`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            let check = "/v1/keys/\(id)/check"
            provider.answers(.refusing)
            let first = try await vault.post(check).json
            #expect(first["status"].string == "active")
            #expect(first["verdict"]["code"].string == "invalid")
            #expect(first["stale"]["reasons"] == .array([.string("check_failed")]))
            #expect(first["stale"]["since"].string == "\(vault.time.now())")
            vault.time.advance(by: 599)
            #expect(try await vault.post(check).json["status"].string == "active")
            vault.time.advance(by: 1)
            #expect(try await vault.post(check).json["status"].string == "failing")
            #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
            provider.answers(.overloaded)
            #expect(try await vault.post(check).json["status"].string == "failing")
            provider.answers(.accepting)
            let last = try await vault.post(check).json
            #expect(last["status"].string == "active")
            #expect(last["stale"]["is_stale"].bool == false)
            #expect(last["stale"]["since"] == .null)
            let actions = try await vault.actions(of: id)
            #expect(actions.count { $0 == "key.failing" } == 1)
            #expect(actions.count { $0 == "key.stale" } == 1)
            #expect(actions.count { $0 == "key.recovered" } == 1)
        }
    }

    @Test func `an acceptance between two refusals makes the next one the first again`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            for answer in [ProbeAnswer.refusing, .accepting, .refusing] {
                provider.answers(answer)
                vault.time.advance(by: 600)
                #expect(try await vault.post("/v1/keys/\(id)/check").json["status"].string == "active")
            }
        }
    }

    @Test func `with a policy of never, no number of refusals makes a key failing`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let policy = try await vault.call(
                "PUT", "/v1/projects/\(vault.projectID)/policy", #"{"confirm_failure_after_seconds":null}"#,
                token: vault.adminToken)
            #expect(policy.status == 200, "\(policy.text)")
            let id = try await vault.proven(FakeKeys.anthropic())
            provider.answers(.refusing)
            for _ in 1...3 {
                vault.time.advance(by: 86_400)
                #expect(try await vault.post("/v1/keys/\(id)/check").json["status"].string == "active")
            }
        }
    }
}
