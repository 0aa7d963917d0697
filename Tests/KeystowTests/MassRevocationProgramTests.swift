import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import keystow

/// `keystow keys revoke` with a filter, and `keystow keys stale`: in scripts and in cron, where nobody is asked.
@Suite struct MassRevocationProgramTests {
    private func run(
        _ line: String, _ vault: RunningVault, token: String? = nil
    ) async throws -> KeysProgramTests.Outcome {
        try await KeysProgramTests.run(line, vault, token: token)
    }

    private func isRevoked(_ id: String, _ vault: RunningVault) async throws -> Bool {
        try await vault.call("POST", "/v1/keys/\(id)/reveal").status == 410
    }

    @Test func `a script counts first and then says how many`() async throws {
        try await RunningVault.run { vault in
            var ids: [String] = []
            for number in 0..<3 { ids.append(try await vault.store(FakeKeys.anthropic("k", number), user: "ada")) }
            let other = try await vault.store(FakeKeys.anthropic("other"), user: "bob")
            let asked = try await run("revoke --user ada", vault)
            #expect(asked.code == 64)
            #expect(asked.complaints.contains("count with --dry-run, then give --expect"))
            let counted = try await run("revoke --user ada --dry-run", vault)
            #expect(counted.code == 0, "\(counted.complaints)")
            #expect(counted.output == "3 keys would be revoked\n")
            let end = try #require(counted.complaints.firstMatch(of: /--expect 3 --created-before (\S+Z)\n$/)).1
            let all = try await run("revoke --all --dry-run --json", vault)
            #expect(all.output == "{\"dry_run\":true,\"revoked\":4,\"created_before\":\"\(end)\"}\n")
            let wrong = try await run("revoke --user ada --expect 2", vault)
            #expect(wrong.code == 65)
            #expect(wrong.complaints.contains("names 3 keys now, not 2; nothing was revoked"), "\(wrong.complaints)")
            #expect(try await run("revoke --user ada --expect 2 --dry-run", vault).code == 65)
            let slip = try await run("revoke --provider antropic --expect 0", vault)
            #expect(slip.code == 64)
            #expect(slip.complaints.contains("there is no provider antropic; nothing was revoked"))
            for id in ids { #expect(try await !isRevoked(id, vault)) }
            let done = try await run("revoke --user ada --expect 3 --reason left", vault)
            #expect(done.code == 0, "\(done.complaints)")
            #expect(done.output.hasPrefix("3 keys revoked: no app gets them any more"))
            for id in ids { #expect(try await isRevoked(id, vault)) }
            #expect(try await !isRevoked(other, vault))
            #expect(try await run("revoke --user ada --dry-run", vault).output == "0 keys would be revoked\n")
            let entries = try await vault.call("GET", "/v1/audit/entries?limit=200", token: vault.adminToken)
            #expect(
                entries.json["data"].items.contains {
                    $0["outcome"].string == "ordered:3" && $0["reason"].string == "left"
                })
        }
    }

    @Test func `what a script saw is pinned by the time that the count tells`() async throws {
        try await RunningVault.run { vault in
            let old = try await vault.store(FakeKeys.anthropic("old"), user: "ada")
            let gone = try await vault.store(FakeKeys.anthropic("gone"), user: "ada")
            vault.time.advance(by: 60)
            let counted = try await run("revoke --user ada --dry-run --json", vault)
            #expect(counted.object(0)["revoked"].int == 2)
            let end = try #require(counted.object(0)["created_before"].string)
            vault.time.advance(by: 60)
            let new = try await vault.store(FakeKeys.anthropic("new"), user: "ada")
            #expect(try await vault.call("POST", "/v1/keys/\(gone)/revoke", "{}").status == 200)
            // As many as before, and not the same.
            let order = "revoke --user ada --expect 2 --created-before \(end)"
            #expect(try await run(order, vault).code == 65)
            #expect(try await !isRevoked(old, vault))
            let seen = try await run("revoke --user ada --dry-run --created-before \(end) --json", vault)
            #expect(seen.object(0)["created_before"].string == end)
            #expect(try await run(order.replacing("--expect 2", with: "--expect 1"), vault).code == 0)
            #expect(try await isRevoked(old, vault))
            #expect(try await !isRevoked(new, vault))
        }
    }

    @Test func `each filter names its keys, and an app's token reaches its own project alone`() async throws {
        try await RunningVault.run { vault in
            let made = try await vault.call("POST", "/v1/projects", #"{"name":"other"}"#, token: vault.adminToken)
            let project = try #require(made.json["id"].string)
            let old = try await vault.store(FakeKeys.anthropic("old"), user: "ada")
            vault.time.advance(by: 3600)
            let between = vault.time.now().description
            vault.time.advance(by: 3600)
            let new = try await vault.store(FakeKeys.anthropic("new"), user: "bob")
            let far = try await vault.call(
                "POST", "/v1/keys",
                #"{"user_id":"ada","key":"\#(FakeKeys.anthropic("far"))","validation":"skip","project_id":"\#(project)"}"#,
                token: vault.adminToken
            ).json["id"].string
            let foreign = try #require(far)
            for (filter, count) in [
                ("--all", 3), ("--user ada", 2), ("--provider anthropic", 3), ("--provider groq", 0),
                ("--project \(project)", 1), ("--created-before \(between)", 1),
                ("--user ada --project \(vault.projectID)", 1),
            ] {
                let counted = try await run("revoke \(filter) --dry-run --json", vault)
                #expect(counted.object(0)["revoked"].int == count, "\(filter): \(counted.complaints)")
            }
            let own = try await run("revoke --all --expect 2", vault, token: vault.appToken)
            #expect(own.code == 0, "\(own.complaints)")
            #expect(try await isRevoked(old, vault))
            #expect(try await isRevoked(new, vault))
            let left = try await vault.call("GET", "/v1/keys/\(foreign)", token: vault.adminToken)
            #expect(left.json["status"].string == "unverified")
        }
    }

    @Test func `stale ends with 1 when a key is stale, with 0 when none is, and otherwise with what went wrong`()
        async throws
    {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let old = try await vault.store(FakeKeys.anthropic("old"), user: "ada")
            let fresh = try await run("stale", vault)
            #expect(fresh.code == 0)
            #expect(fresh.output == "")
            #expect(fresh.complaints == "")
            vault.time.advance(by: 91 * 86_400)
            let refused = try await vault.store(FakeKeys.anthropic("bad"), user: "bob")
            provider.answers(.refusing)
            _ = try await run("check \(refused)", vault)
            provider.answers(.accepting)
            try await RotationScheduler(vault.vault).pass()
            let stale = try await run("stale", vault)
            #expect(stale.code == 1, "\(stale.complaints)")
            #expect(stale.line(0).hasPrefix("KEY                             USER  PROVIDER   STALE"))
            #expect(stale.line(1).hasPrefix("\(refused)  bob   anthropic  check_failed"))
            #expect(stale.line(2).hasPrefix("\(old)  ada   anthropic  age unused"))
            #expect(stale.lines.dropFirst(3).prefix(2) == ["", "What to do:"])
            #expect(
                stale.lines.dropFirst(5).map { $0.split(separator: " ").first } == ["age", "unused", "check_failed"])
            let quiet = try await run("stale --quiet", vault)
            #expect(quiet.code == 1)
            #expect(quiet.output + quiet.complaints == "")
            let filtered = try await run("stale --reason age,leaked --json", vault)
            #expect(filtered.code == 1)
            #expect(filtered.objects.compactMap { $0["id"].string } == [old])
            #expect(try await run("stale --reason leaked", vault).code == 0)
            #expect(try await run("stale --user carol", vault).code == 0)
            #expect(try await run("stale --quiet", vault, token: "kst_app_x").code == 78)
            let away = try LossyProxy(to: vault.port, losing: 0).port
            let gone = try await KeysProgramTests.run(
                ["stale", "--quiet"], at: away, token: vault.adminToken, in: vault.directory)
            #expect(gone.code == 69)
            #expect(gone.complaints.contains("is the server running?"))
        }
    }
}
