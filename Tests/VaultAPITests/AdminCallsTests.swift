import Testing
import VaultCrypto
import VaultModel
import VaultService
import VaultStore
import VaultTestKit

/// Projects, tokens, policies, counts, mass revocation and the audit log, as `api.md` writes them.
struct AdminCallsTests {
    private func admin(_ vault: RunningVault, _ method: String, _ target: String, _ body: String? = nil) async throws
        -> HTTPAnswer
    {
        try await vault.call(method, target, body, token: vault.adminToken)
    }

    // MARK: Tokens

    @Test func `a token says who it is, with the scopes that its kind has unasked`() async throws {
        try await Stage.run { vault in
            let app = try await vault.get("/v1/token").json
            #expect(app.names == ["id", "kind", "name", "project_id", "scopes", "expires_at"])
            #expect(app["kind"].string == "app")
            #expect(app["project_id"].string == vault.projectID)
            let usual = ["keys:read", "keys:write", "keys:reveal", "connect:write"]
            #expect(app["scopes"].items.compactMap(\.string) == usual)
            let adm = try await vault.get("/v1/token", token: vault.adminToken).json
            #expect(adm["kind"].string == "adm")
            #expect(adm["project_id"] == .null)
            #expect(
                Set(adm["scopes"].items.compactMap(\.string))
                    == Set(Scope.allCases.map(\.rawValue)).subtracting(["keys:reveal"]))
        }
    }

    @Test func `a token mints only what it has itself`() async throws {
        try await Stage.run { vault in
            let minter = try await vault.token(scopes: "keys:read", "tokens:write")
            let make = { (body: String) in try await vault.post("/v1/tokens", body, token: minter) }
            let good = try await make(#"{"kind":"app","name":"r","scopes":["keys:read"]}"#)
            #expect(good.status == 201, "\(good.text)")
            #expect(good.json["project_id"].string == vault.projectID)
            expectProblem(
                try await make(#"{"kind":"app","name":"w","scopes":["keys:write"]}"#), 403, "insufficient_scope")
            expectProblem(
                try await make(#"{"kind":"app","name":"v","scopes":["keys:reveal"]}"#), 403, "insufficient_scope")
            expectProblem(try await make(#"{"kind":"adm","name":"a"}"#), 403, "insufficient_scope")
            // Unasked it gets what of the usual its maker has.
            let usual = try await make(#"{"kind":"app","name":"u"}"#)
            #expect(usual.json["scopes"] == .array([.string("keys:read")]))
            let other = try await vault.otherProject()
            expectProblem(
                try await make(#"{"kind":"app","name":"o","project_id":"\#(other.id)","scopes":["keys:read"]}"#), 404,
                "not_found")
        }
    }

    @Test func `an admin may give reveal to an app, never to an admin, and that stands on the project`() async throws {
        try await Stage.run { vault in
            expectProblem(
                try await admin(vault, "POST", "/v1/tokens", #"{"kind":"adm","name":"a","scopes":["keys:reveal"]}"#),
                422, "invalid_field", ["field"])
            for kind in ["con", "use"] {
                expectProblem(
                    try await admin(vault, "POST", "/v1/tokens", #"{"kind":"\#(kind)","name":"a"}"#), 422,
                    "invalid_field", ["field"])
            }
            let project = try #require(
                try await admin(vault, "POST", "/v1/projects", #"{"name":"p"}"#).json["id"].string)
            #expect(try await admin(vault, "GET", "/v1/projects/\(project)").json["reveal_granted_at"] == .null)
            let made = try await admin(
                vault, "POST", "/v1/tokens",
                #"{"kind":"app","project_id":"\#(project)","name":"a","scopes":["keys:reveal"]}"#)
            #expect(made.status == 201, "\(made.text)")
            #expect(
                try await admin(vault, "GET", "/v1/projects/\(project)").json["reveal_granted_at"].string != nil)
            let log = try await admin(vault, "GET", "/v1/audit/entries?action=project.changed&limit=200")
            let id = try #require(made.json["id"].string)
            #expect(log.json["data"].items.contains { $0["reason"].string == "keys:reveal granted to \(id)" })
        }
    }

    @Test func `lists show no text of a token, but when it was last used`() async throws {
        try await Stage.run { vault in
            let text = try await vault.token(scopes: "keys:read")
            let id = try #require(try await vault.get("/v1/token", token: text).json["id"].string)
            try await eventually("the use is written down") {
                let list = try await admin(vault, "GET", "/v1/tokens?project_id=\(vault.projectID)")
                #expect(!list.text.contains(text))
                let token = list.json["data"].items.first { $0["id"].string == id }
                return token?["last_used_at"].string == "\(vault.time.now())"
            }
            #expect(try await admin(vault, "DELETE", "/v1/tokens/\(id)").status == 204)
            expectProblem(try await admin(vault, "DELETE", "/v1/tokens/\(id)"), 404, "not_found")
        }
    }

    // MARK: Projects and policies

    @Test func `a project is made, shown, changed, and deleted when it has no live key`() async throws {
        try await Stage.run { vault in
            let made = try await admin(
                vault, "POST", "/v1/projects",
                #"{"name":"p","allowed_origins":["https://a.example"],"allowed_providers":["anthropic"]}"#)
            #expect(made.status == 201, "\(made.text)")
            let id = try #require(made.json["id"].string)
            #expect(made.json["allowed_origins"] == .array([.string("https://a.example")]))
            let changed = try await admin(vault, "PATCH", "/v1/projects/\(id)", #"{"name":"q"}"#)
            #expect(changed.json["name"].string == "q")
            #expect(changed.json["allowed_providers"] == .array([.string("anthropic")]))
            expectProblem(
                try await admin(vault, "PATCH", "/v1/projects/\(id)", #"{"allowed_providers":["nope"]}"#), 422,
                "invalid_field", ["field"])
            let token = try await vault.token(#"{"kind":"app","project_id":"\#(id)","name":"t"}"#)
            let groq = "gs" + "k_" + String(repeating: "aB3d", count: 13)
            let refused = try await vault.create(groq, token: token)
            expectProblem(refused, 422, "invalid_field", ["field"])
            let key = try await vault.create(FakeKeys.anthropic(), token: token)
            let keyID = try #require(key.json["id"].string)
            expectProblem(try await admin(vault, "DELETE", "/v1/projects/\(id)"), 409, "wrong_state")
            _ = try await vault.post("/v1/keys/\(keyID)/revoke", token: token)
            #expect(try await admin(vault, "DELETE", "/v1/projects/\(id)").status == 204)
            expectProblem(try await vault.get("/v1/keys", token: token), 401, "invalid_token")
            expectProblem(try await admin(vault, "GET", "/v1/projects/\(id)"), 404, "not_found")
            // Its idempotency and its name are free again; the other project is untouched.
            #expect(try await vault.get("/v1/keys").status == 200)
        }
    }

    @Test func `a project has a logo and an accent colour that null takes away`() async throws {
        try await Stage.run { vault in
            let plain = try await admin(vault, "POST", "/v1/projects", #"{"name":"p"}"#)
            #expect(plain.json["logo"] == .null && plain.json["accent_color"] == .null)
            let made = try await admin(
                vault, "POST", "/v1/projects", ##"{"name":"p","logo":"/logo.svg","accent_color":"#1F4FD8"}"##)
            #expect(made.status == 201, "\(made.text)")
            #expect(made.json["accent_color"].string == "#1f4fd8")
            let id = try #require(made.json["id"].string)
            let renamed = try await admin(vault, "PATCH", "/v1/projects/\(id)", #"{"name":"q"}"#)
            #expect(renamed.json["logo"].string == "/logo.svg" && renamed.json["accent_color"].string == "#1f4fd8")

            // The longest there is, as some JSON writers spell it.
            let head = "data:image/svg+xml;base64,"
            let logo = head + String(repeating: "PHN2", count: (32_768 - head.utf8.count) / 4)
            let spelled = logo.replacing("/", with: #"\/"#)
            let branded = try await admin(
                vault, "PATCH", "/v1/projects/\(id)", #"{"logo":"\#(spelled)","accent_color":null}"#)
            #expect(branded.json["logo"].string == logo && branded.json["accent_color"] == .null)
            #expect(try await admin(vault, "GET", "/v1/projects/\(id)").json["logo"].string == logo)
            let bare = try await admin(vault, "PATCH", "/v1/projects/\(id)", #"{"logo":null}"#)
            #expect(bare.json["logo"] == .null)
            #expect(bare.json["revision"].int == branded.json["revision"].int.map { $0 + 1 })
            let again = try await admin(vault, "PATCH", "/v1/projects/\(id)", #"{"logo":null}"#)
            #expect(again.json["revision"].int == bare.json["revision"].int)
        }
    }

    @Test(arguments: [
        ("logo", #""//cdn.example/l.png""#), ("logo", #""https://cdn.example/l.png""#), ("logo", "\"\""), ("logo", "1"),
        ("logo", #""data:text/html;base64,AAAA""#), ("accent_color", #""crimson""#), ("accent_color", #""red""#),
        ("accent_color", ##""#12345g""##),
        ("accent_color", ##""#777777""##), ("accent_color", ##""#ffff00""##),
    ])
    func `a brand that cannot be shown is refused, and nothing of it is said back`(
        _ field: String, _ value: String
    ) async throws {
        try await Stage.run { vault in
            for (method, path) in [("POST", "/v1/projects"), ("PATCH", "/v1/projects/\(vault.projectID)")] {
                let answer = try await admin(vault, method, path, #"{"name":"p","\#(field)":\#(value)}"#)
                expectProblem(answer, 422, "invalid_field", ["field"])
                #expect(answer.json["field"].string == field)
                let input = value.trimmingPrefix("\"").prefix { $0 != "\"" }
                #expect(input.utf8.count < 2 || !answer.text.contains(input))
            }
            #expect(try await admin(vault, "GET", "/v1/projects").json["data"].items.count == 1)
        }
    }

    @Test func `a colour on which white cannot be read is refused with what was measured and what is needed`()
        async throws
    {
        try await Stage.run { vault in
            let path = "/v1/projects/\(vault.projectID)"
            let refused = try await admin(vault, "PATCH", path, ##"{"accent_color":"#777777"}"##)
            let detail = try #require(refused.json["detail"].string)
            #expect(detail.contains("4.47:1") && detail.contains("4.5:1") && detail.contains("read"), "\(detail)")
            #expect(try await admin(vault, "PATCH", path, ##"{"accent_color":"#767676"}"##).status == 200)
        }
    }

    private static let standard: JSONTree = .object([
        "max_age_seconds": .number(7_776_000),
        "warn_before_seconds": .array([.number(2_592_000), .number(1_728_000), .number(864_000)]),
        "unused_after_seconds": .number(5_184_000), "recheck_every_seconds": .number(86_400),
        "confirm_failure_after_seconds": .number(600), "grace_seconds": .number(604_800),
        "quarantine_after_seconds": .null,
    ])

    @Test func `a provider's policy goes before the project's, and DELETE returns to that`() async throws {
        try await Stage.run { vault in
            let path = "/v1/projects/\(vault.projectID)/policy"
            #expect(try await admin(vault, "GET", path).json == Self.standard)
            #expect(try await admin(vault, "GET", path + "/anthropic").json == Self.standard)
            let put = try await admin(vault, "PUT", path, #"{"max_age_seconds":100,"grace_seconds":0}"#)
            #expect(put.status == 200, "\(put.text)")
            #expect(put.json["max_age_seconds"].int == 100)
            #expect(try await admin(vault, "GET", path + "/anthropic").json["max_age_seconds"].int == 100)
            _ = try await admin(vault, "PUT", path + "/anthropic", #"{"max_age_seconds":null}"#)
            #expect(try await admin(vault, "GET", path + "/anthropic").json["max_age_seconds"] == .null)
            #expect(try await admin(vault, "GET", path).json["max_age_seconds"].int == 100)
            #expect(try await admin(vault, "DELETE", path + "/anthropic").status == 204)
            #expect(try await admin(vault, "GET", path + "/anthropic").json["max_age_seconds"].int == 100)
            for body in [
                #"{"max_age_seconds":0}"#, #"{"max_age_seconds":1.5}"#, #"{"grace_seconds":null}"#,
                #"{"grace_seconds":-1}"#, #"{"warn_before_seconds":[0]}"#, #"{"warn_before_seconds":null}"#,
            ] {
                expectProblem(try await admin(vault, "PUT", path, body), 422, "invalid_field", ["field"])
            }
            expectProblem(try await admin(vault, "GET", path + "/nope"), 404, "not_found")
            let log = try await admin(vault, "GET", "/v1/audit/entries?action=policy.changed")
            #expect(log.json["data"].items.count == 3)
        }
    }

    // MARK: Counts

    @Test func `stats count by provider, status, stale reason and age`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            _ = try await vault.store(FakeKeys.anthropic("valid", 1))
            vault.time.advance(by: 2 * 86_400)
            let stale = try await vault.proven(FakeKeys.anthropic("valid", 2))
            provider.answers(.refusing)
            _ = try await vault.post("/v1/keys/\(stale)/check")
            let stats = try await vault.get("/v1/stats").json
            #expect(stats.names == ["by_provider", "by_status", "by_stale_reason", "age_histogram"])
            #expect(stats["by_provider"]["anthropic"].int == 2)
            #expect(stats["by_status"]["active"].int == 1)
            #expect(stats["by_status"]["unverified"].int == 1)
            #expect(stats["by_stale_reason"]["check_failed"].int == 1)
            #expect(stats["age_histogram"].items.map { $0["keys"].int }.prefix(2) == [1, 1])
            let other = try await vault.otherProject()
            #expect(try await vault.get("/v1/stats", token: other.token).json["by_provider"] == .object([:]))
            #expect(
                try await vault.get("/v1/stats", token: vault.adminToken).json["by_provider"]["anthropic"].int == 2)
        }
    }

    // MARK: Mass revocation

    @Test func `one order revokes all that it names at once, and only that`() async throws {
        try await Stage.run { vault in
            var ids: [String] = []
            for number in 1...5 { ids.append(try await vault.store(FakeKeys.anthropic("valid", number), user: "a")) }
            let kept = try await vault.store(FakeKeys.anthropic("valid", 6), user: "b")
            vault.time.advance(by: 1)
            let order = { (more: String) in
                try await vault.post("/v1/revoke", #"{"reason":"breach"\#(more)}"#, token: vault.adminToken)
            }
            expectProblem(try await order(""), 422, "invalid_field", ["field"])
            expectProblem(
                try await vault.post("/v1/revoke", #"{"all":true}"#, token: vault.adminToken), 422, "invalid_field",
                ["field"])
            let dry = try await order(#","user_id":"a","dry_run":true"#)
            #expect(dry.json == .object(["revoked": .number(5)]))
            #expect(try await vault.key(ids[0])["status"].string == "unverified")
            expectProblem(try await order(#","user_id":"a","expect":4"#), 409, "version_conflict")
            #expect(try await vault.key(ids[0])["status"].string == "unverified")
            let done = try await order(#","user_id":"a","expect":5"#)
            #expect(done.json == .object(["revoked": .number(5)]))
            for id in ids {
                expectProblem(try await vault.post("/v1/keys/\(id)/reveal"), 410, "key_revoked", ["key_id"])
                #expect(try await vault.key(id)["status"].string == "revoked")
            }
            #expect(try await vault.post("/v1/keys/\(kept)/reveal").status == 200)
            try await eventually("every secret is shredded") {
                for id in ids {
                    let versions = try await vault.get("/v1/keys/\(id)/versions").json["data"].items
                    guard versions.allSatisfy({ $0["shredded_at"] != .null }) else { return false }
                }
                return true
            }
            #expect(try await order(#","user_id":"a""#).json["revoked"].int == 0)
            // An app revokes in its own project, whatever it says.
            let other = try await vault.otherProject()
            #expect(
                try await vault.post("/v1/revoke", #"{"all":true,"reason":"x"}"#, token: other.token).json["revoked"]
                    .int == 0)
            expectProblem(
                try await vault.post(
                    "/v1/revoke", #"{"project_id":"\#(vault.projectID)","reason":"x"}"#, token: other.token), 404,
                "not_found")
            #expect(try await vault.post("/v1/keys/\(kept)/reveal").status == 200)
        }
    }

    @Test func `an order goes on after a restart, and holds from the first request`() async throws {
        let ids = Names()
        let vault = try await RunningVault.run(configuration: Stage.quiet()) { vault in
            for number in 1...3 { ids.all.append(try await vault.store(FakeKeys.anthropic("valid", number))) }
            vault.time.advance(by: 1)
            _ = try await vault.post("/v1/revoke", #"{"all":true,"reason":"x"}"#, token: vault.adminToken)
            return vault
        }
        // As if the process had ended between the order and its work.
        try vault.tamper("UPDATE revocations SET completed_at = NULL")
        try await vault.restarted(configuration: Stage.quiet()) { vault in
            for id in ids.all {
                let reveal = try await vault.post("/v1/keys/\(id)/reveal")
                expectProblem(reveal, 410, "key_revoked", ["key_id"])
            }
        }
    }

    private final class Names { var all: [String] = [] }

    // MARK: Audit

    @Test func `entries about one secret name it alike, and another secret otherwise`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic("valid", 1))
            _ = try await vault.post("/v1/keys/\(id)/reveal")
            _ = try await vault.post("/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            _ = try await vault.post("/v1/keys/\(id)/reveal")
            let entries = try await vault.get("/v1/keys/\(id)/events").json["data"].items
            let references = entries.compactMap { $0["key_ref"].string }
            #expect(entries.compactMap { $0["action"].string }.count == 4 && references.count == 4)
            #expect(references[0] == references[1] && references[2] == references[3])
            #expect(references[0] != references[2])
        }
    }

    @Test func `audit entries have the documented members, and filters narrow them`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            vault.time.advance(by: 100)
            let later = vault.time.now()
            _ = try await vault.post("/v1/keys/\(id)/reveal")
            let all = try await admin(vault, "GET", "/v1/audit/entries?limit=200").json["data"].items
            for entry in all {
                #expect(
                    entry.names == [
                        "seq", "at", "actor", "action", "object", "project_id", "outcome", "request_id", "key_ref",
                        "reason", "key_id", "revision", "hash",
                    ])
                #expect(entry["actor"].names == ["token_id", "name", "kind"])
            }
            #expect(all.compactMap { $0["seq"].int } == Array(1...all.count))
            let count = { (query: String) in
                try await admin(vault, "GET", "/v1/audit/entries?limit=200&\(query)").json["data"].items.count
            }
            #expect(try await count("key_id=\(id)") == 2)
            #expect(try await count("action=key.revealed") == 1)
            #expect(try await count("since=\(later)") == 1)
            #expect(try await count("until=\(later)") == all.count - 1)
            #expect(try await count("after=\(all.count - 1)") == 1)
            let token = try #require(try await vault.get("/v1/token").json["id"].string)
            #expect(try await count("token_id=\(token)") == 2)
            for query in ["action=nope", "since=yesterday", "after=-1", "key_id=x"] {
                #expect(try await admin(vault, "GET", "/v1/audit/entries?\(query)").status == 400, "\(query)")
            }
            // An app with that scope sees its own project's.
            let reader = try await vault.token(scopes: "audit:read")
            let own = try await vault.get("/v1/audit/entries?limit=200", token: reader).json["data"].items
            #expect(own.allSatisfy { $0["project_id"].string == vault.projectID })
            #expect(!own.isEmpty)
        }
    }

    @Test func `the head's hash follows from the entries as the API shows them`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            _ = try await vault.post("/v1/keys/\(id)/reveal", #"{"reason":"why not"}"#)
            _ = try await vault.post("/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            _ = try await vault.post("/v1/keys/\(id)/revoke")
            let entries = try await admin(vault, "GET", "/v1/audit/entries?limit=200").json["data"].items
            let head = try await admin(vault, "GET", "/v1/audit/head").json
            #expect(head["seq"].int == entries.count)
            let hashes = try chain(vault, entries.count)
            #expect(head["hash"].string == hashes.last)
        }
    }

    /// Every entry's hash, computed from the entries of the vault itself.
    private func chain(_ vault: RunningVault, _ count: Int) throws -> [String] {
        let records = try vault.vault.auditEntries(
            AuditFilter(), after: 0, limit: count, RequestContext(caller: .terminal))
        var previous = [UInt8](repeating: 0, count: 32)
        return try records.map { record in
            previous = try Digest.sha256(previous, record.entry.canonicalBytes(sequence: record.sequence))
            return previous.map { byte in
                let digits = Array("0123456789abcdef")
                return "\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }.joined()
        }
    }
}
