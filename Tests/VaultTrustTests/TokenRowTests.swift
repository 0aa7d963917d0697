import Testing
import VaultModel
import VaultTestKit

/// Whoever writes the database cannot mint a token, widen one or bring one back.
@Suite struct TokenRowTests {
    private static func mint(_ vault: RunningVault, _ name: String, _ more: String = "") async throws -> (
        id: String, text: String
    ) {
        let body = #"{"kind":"app","project_id":"\#(vault.projectID)","name":"\#(name)"\#(more)}"#
        let answer = try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken)
        guard answer.status == 201, let id = answer.json["id"].string, let text = answer.json["token"].string else {
            throw TestKitFailure("no token: \(answer.text)")
        }
        return (id, text)
    }

    /// Changes of a token's row, each of which would give its holder more.
    static let edits: [String] = [
        "scopes = 2047", "kind = 'adm', project_id = NULL", "expires_at = NULL", "expires_at = 9000000000000",
        "project_id = (SELECT id FROM projects WHERE name = 'other')", "project_id = NULL", "revoked_at = 1",
        "name = 'somebody else'", "mac = zeroblob(32)",
    ]

    @Test(arguments: Moment.allCases)
    func `a token whose row was edited is refused, and the edit is in the audit log`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            _ = try await vault.call("POST", "/v1/projects", #"{"name":"other"}"#, token: vault.adminToken)
            var tokens: [(id: String, text: String)] = []
            for number in Self.edits.indices {
                tokens.append(try await Self.mint(vault, "t\(number)", #","expires_at":"2099-01-01T00:00:00Z""#))
            }
            return tokens
        } attack: { intruder, tokens in
            for (token, edit) in zip(tokens, Self.edits) {
                try intruder.change("UPDATE tokens SET \(edit) WHERE id = ?1", [.id(token.id)])
            }
        } look: { vault, tokens in
            for token in tokens {
                let answer = try await vault.call("GET", "/v1/token", token: token.text)
                #expect(answer.status == 401)
                #expect(answer.json["code"].string == "invalid_token")
                try await vault.findsForgery(of: "token", object: token.id)
            }
            #expect(try await vault.call("GET", "/v1/token").status == 200)
        }
    }

    @Test(arguments: Moment.allCases)
    func `a revoked token does not come back, by an edit or by its old row`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let edited = try await Self.mint(vault, "edited")
            let old = try await Self.mint(vault, "old")
            let copy = try Intruder(vault).copy("tokens", where: "id = ?1", [.id(old.id)])
            for token in [edited, old] {
                let answer = try await vault.call("DELETE", "/v1/tokens/\(token.id)", token: vault.adminToken)
                #expect(answer.status == 204)
            }
            return (edited, old, copy)
        } attack: { intruder, scene in
            try intruder.change("UPDATE tokens SET revoked_at = NULL WHERE id = ?1", [.id(scene.0.id)])
            try intruder.putBack(scene.2)
        } look: { vault, scene in
            #expect(try await vault.call("GET", "/v1/token", token: scene.0.text).status == 401)
            #expect(try await vault.call("GET", "/v1/token", token: scene.1.text).status == 401)
            let list = try await vault.call("GET", "/v1/tokens", token: vault.adminToken).json["data"].items
            #expect(!list.contains { [scene.0.id, scene.1.id].contains($0["id"].string) })
            for id in [scene.0.id, scene.1.id] {
                if moment == .stopped {
                    try await vault.expectEndedAgain(id)
                } else {
                    try await vault.findsForgery(of: "token", object: id)
                }
            }
        }
    }

    @Test(arguments: Moment.allCases)
    func `a token cannot be minted: no row gives a chosen text a power it had not`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            try await Self.mint(vault, "weak", #","scopes":["keys:read"]"#)
        } attack: { intruder, weak in
            // The admin's own row, MAC and all, found by the weak token's text.
            let row = try intruder.rows("SELECT lookup FROM tokens WHERE id = ?1", [.id(weak.id)])[0][0]
            try intruder.change("DELETE FROM tokens WHERE id = ?1", [.id(weak.id)])
            let admin = try intruder.copy("tokens", where: "kind = 'adm'")
            try intruder.putBack(admin.with("lookup", row).with("id", .blob([UInt8](repeating: 7, count: 16))))
        } look: { vault, weak in
            #expect(try await vault.call("GET", "/v1/token", token: weak.text).status == 401)
            #expect(try await vault.call("GET", "/v1/keys", token: weak.text).status == 401)
            try await vault.findsForgery(of: "token")
            #expect(try await vault.call("GET", "/v1/token", token: vault.adminToken).status == 200)
        }
    }

    @Test(arguments: Moment.allCases)
    func `a deleted project and its tokens do not come back with their rows`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let made = try await vault.call("POST", "/v1/projects", #"{"name":"gone"}"#, token: vault.adminToken)
            let project = try #require(made.json["id"].string)
            let body = #"{"kind":"app","project_id":"\#(project)","name":"t"}"#
            let minted = try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken)
            let text = try #require(minted.json["token"].string)
            let intruder = try Intruder(vault)
            let rows = try intruder.copy("projects", where: "id = ?1", [.id(project)])
            let tokens = try intruder.copy("tokens", where: "project_id = ?1", [.id(project)])
            let gone = try await vault.call("DELETE", "/v1/projects/\(project)", token: vault.adminToken)
            #expect(gone.status == 204)
            return (project, text, rows, tokens)
        } attack: { intruder, scene in
            try intruder.putBack(scene.2)
            try intruder.putBack(scene.3)
        } look: { vault, scene in
            #expect(try await vault.call("GET", "/v1/token", token: scene.1).status == 401)
            let shown = try await vault.call("GET", "/v1/projects/\(scene.0)", token: vault.adminToken)
            #expect(shown.status == 404)
            try await vault.findsForgery(of: "project", object: scene.0)
        }
    }
}

/// Rows of the other tables that decide something.
@Suite struct OtherRowTests {
    @Test(arguments: Moment.allCases)
    func `an edited project acts as absent and its keys go on working`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let limits = #"{"allowed_providers":["anthropic"]}"#
            let answer = try await vault.call(
                "PATCH", "/v1/projects/\(vault.projectID)", limits, token: vault.adminToken)
            #expect(answer.status == 200)
            return try await vault.store(FakeKeys.anthropic("trust", 1))
        } attack: { intruder, _ in
            try intruder.change("UPDATE projects SET allowed_providers = '[]'")
        } look: { vault, id in
            let body = #"{"user_id":"user-2","key":"\#(FakeKeys.anthropic("trust", 2))","validation":"skip"}"#
            #expect(try await vault.call("POST", "/v1/keys", body).status == 404)
            let shown = try await vault.call("GET", "/v1/projects/\(vault.projectID)", token: vault.adminToken)
            #expect(shown.status == 404)
            try await vault.findsForgery(of: "project", object: vault.projectID)
            try await vault.expectUnharmed(id, FakeKeys.anthropic("trust", 1))
        }
    }

    @Test(arguments: Moment.allCases)
    func `an edited policy acts as absent: the standard one holds`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            let path = "/v1/projects/\(vault.projectID)/policy"
            let set = try await vault.call("PUT", path, #"{"max_age_seconds":60}"#, token: vault.adminToken)
            #expect(set.json["max_age_seconds"].int == 60)
            return path
        } attack: { intruder, _ in
            try intruder.change("UPDATE policies SET max_age_seconds = NULL, quarantine_after_seconds = NULL")
        } look: { vault, path in
            let held = try await vault.call("GET", path, token: vault.adminToken)
            let standard = RotationPolicy.standard.maxAgeSeconds
            #expect(held.json["max_age_seconds"].int == standard)
            try await vault.findsForgery(of: "policy")
        }
    }

    @Test func `a forged order to revoke everything revokes nothing`() async throws {
        try await tamper(.stopped) { vault in
            let id = try await vault.store(FakeKeys.anthropic("trust", 1))
            let gone = try await vault.store(FakeKeys.anthropic("trust", 2), user: "user-2")
            let order = try await vault.call("POST", "/v1/revoke", #"{"user_id":"user-2","reason":"leak"}"#)
            #expect(order.json["revoked"].int == 1)
            return (id, gone)
        } attack: { intruder, _ in
            // Made up, and made wider: the real order without its filter.
            var copy = try intruder.copy("revocations", where: "1")
            copy = copy.with("owner", .null).with("completed_at", .null)
            try intruder.putBack(copy)
            try intruder.putBack(copy.with("id", .blob([UInt8](repeating: 9, count: 16))))
        } look: { vault, ids in
            try await vault.findsForgery(of: "revocation")
            try await vault.expectUnharmed(ids.0, FakeKeys.anthropic("trust", 1))
            #expect(try await vault.reveal(ids.1).status == 410)
        }
    }
}
