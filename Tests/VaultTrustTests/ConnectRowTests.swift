import Testing
import VaultModel
import VaultTestKit

/// Whoever writes the database cannot make a connect link, turn one to another user or use one again.
@Suite struct ConnectRowTests {
    private struct Link: Sendable {
        let id: String
        let token: String
    }

    private static func link(_ vault: RunningVault, _ user: String, _ more: String = "") async throws -> Link {
        let answer = try await vault.call("POST", "/v1/connect/sessions", #"{"user_id":"\#(user)"\#(more)}"#)
        guard let id = answer.json["id"].string, let token = answer.json["token"].string else {
            throw TestKitFailure("no link: \(answer.text)")
        }
        return Link(id: id, token: token)
    }

    private static func save(_ vault: RunningVault, _ number: Int, _ link: Link) async throws -> HTTPAnswer {
        try await vault.call(
            "POST", "/connect/keys", #"{"key":"\#(FakeKeys.anthropic("trust", number))"}"#, token: link.token)
    }

    /// Changes of a link's row, each of which would give its holder more, or somebody else the key.
    static let edits: [String] = [
        "owner = 'mallory'", "purpose = 'manage'", "expires_at = 9000000000000",
        "given_end = 1, expires_at = 9000000000000", "user_label = 'somebody else'", "user_label = ' '",
        "providers = '[\"openai\"]'",
        "return_url = 'https://evil.example/'", "origin = 'https://evil.example'", "key_id = zeroblob(16)",
        "project_id = (SELECT id FROM projects WHERE name = 'other')", "mac = zeroblob(32)",
        "state = 'completed', ended_at = 1",
    ]

    @Test(arguments: Moment.allCases)
    func `a link whose row was edited is refused, and the edit is in the audit log`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            _ = try await vault.call("POST", "/v1/projects", #"{"name":"other"}"#, token: vault.adminToken)
            var links: [Link] = []
            for _ in Self.edits { links.append(try await Self.link(vault, "ada", #","ttl_seconds":86400"#)) }
            return (links, try await Self.link(vault, "ada", #","ttl_seconds":86400"#))
        } attack: { intruder, scene in
            for (link, edit) in zip(scene.0, Self.edits) {
                try intruder.change("UPDATE connect_sessions SET \(edit) WHERE id = ?1", [.id(link.id)])
            }
        } look: { vault, scene in
            for (link, edit) in zip(scene.0, Self.edits) {
                let shown = try await vault.call("GET", "/connect/session", token: link.token)
                #expect(shown.status == 401, "\(edit)")
                #expect(try await Self.save(vault, 1, link).status == 401, "\(edit)")
                #expect(try await vault.call("GET", "/v1/connect/sessions/\(link.id)").status == 404, "\(edit)")
                try await vault.findsForgery(of: "connect_session", object: link.id)
            }
            let untouched = try await vault.call("GET", "/connect/session", token: scene.1.token)
            #expect(untouched.status == 200, "\(untouched.text)")
        }
    }

    @Test func `a key whose secret does not open is shown as such, and healed by a link to replace it`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let (bad, good) = (
                try await vault.store(FakeKeys.anthropic("trust", 1), user: "ada"),
                try await vault.store(FakeKeys.anthropic("trust", 2), user: "bob")
            )
            try Intruder(vault).change("UPDATE versions SET box = zeroblob(length(box)) WHERE key_id = ?1", [.id(bad)])
            #expect(try await vault.reveal(bad).status == 409)
            #expect(try await vault.call("GET", "/v1/keys/\(bad)").json["status"].string == "undecryptable")
            try await vault.expectUnharmed(good, FakeKeys.anthropic("trust", 2))
            let link = try await Self.link(vault, "ada", #","purpose":"replace","key_id":"\#(bad)""#)
            let saved = try await Self.save(vault, 3, link)
            #expect(saved.status == 200, "\(saved.text)")
            try await vault.expectUnharmed(bad, FakeKeys.anthropic("trust", 3))
        }
    }

    @Test(arguments: Moment.allCases)
    func `a used link and a withdrawn one do not come back with their old rows`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let used = try await Self.link(vault, "ada", #","ttl_seconds":86400"#)
            let withdrawn = try await Self.link(vault, "bob", #","ttl_seconds":86400"#)
            let copy = try Intruder(vault).copy("connect_sessions", where: "1")
            #expect(try await Self.save(vault, 1, used).status == 201)
            #expect(try await vault.call("DELETE", "/v1/connect/sessions/\(withdrawn.id)").status == 200)
            return (used, withdrawn, copy)
        } attack: { intruder, scene in
            try intruder.change("DELETE FROM connect_sessions")
            try intruder.putBack(scene.2)
        } look: { vault, scene in
            for link in [scene.0, scene.1] {
                #expect(try await Self.save(vault, 2, link).status == 401)
                try await vault.findsForgery(of: "connect_session", object: link.id)
            }
        }
    }

    @Test func `a key whose row was given another user is in nobody's list to manage but its own user's`() async throws
    {
        try await tamper(.running) { vault in
            let key = try await vault.store(FakeKeys.anthropic("trust", 1), user: "ada")
            return (
                key, try await Self.link(vault, "mallory", #","purpose":"manage""#),
                try await Self.link(vault, "ada", #","purpose":"manage""#)
            )
        } attack: { intruder, scene in
            try intruder.change("UPDATE keys SET owner = 'mallory' WHERE id = ?1", [.id(scene.0)])
        } look: { vault, scene in
            let shown = try await vault.call("GET", "/connect/session", token: scene.1.token)
            #expect(shown.json["keys"].items.isEmpty)
            let new = #"{"key":"\#(FakeKeys.anthropic("trust", 2))"}"#
            for call in ["rotate", "revoke", "check"] {
                let answer = try await vault.call(
                    "POST", "/connect/keys/\(scene.0)/\(call)", call == "rotate" ? new : "{}", token: scene.1.token)
                #expect(answer.status == 404, "\(call): \(answer.text)")
            }
        }
    }
}
