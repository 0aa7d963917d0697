import Testing
import VaultModel
import VaultTestKit

@testable import keystow

/// `keystow token` itself, as the shell sees it: over a socket, and on the data of a stopped vault.
@Suite struct TokenProgramTests {
    private func run(
        _ line: String, _ vault: RunningVault, isRunning: Bool = true
    ) async throws -> KeysProgramTests.Outcome {
        let directory = vault.directory.path
        let environment =
            isRunning
            ? ["KEYSTOW_URL": "http://127.0.0.1:\(vault.port)", "KEYSTOW_TOKEN": vault.adminToken]
            : ["KEYSTOW_DATA_DIR": "\(directory)/data", "KEYSTOW_MASTER_KEY_FILE": "\(directory)/master.key"]
        let program = try Program(
            ["token"] + line.split(separator: " ").map(String.init), environment: environment, in: vault.directory)
        let code = try await program.wait()
        return .init(code: code, output: program.standardOutput, complaints: program.standardError)
    }

    @Test(arguments: [true, false]) func `a token is made, listed and revoked by its name`(_ isRunning: Bool)
        async throws
    {
        func steps(_ vault: RunningVault) async throws {
            func run(_ line: String) async throws -> KeysProgramTests.Outcome {
                try await self.run(line, vault, isRunning: isRunning)
            }
            let made = try await run("create --kind app --project \(vault.projectID) --name ci --scopes keys:read")
            #expect(made.code == 0, "\(made.complaints)")
            #expect(made.output.wholeMatch(of: /kst_app_\w{33}\n/) != nil)
            #expect(made.complaints == "")
            let json = try await run("create --kind adm --name ops --expires-at 2100-01-31T00:00:00Z --json")
            #expect(json.objects.first?["token"].string?.hasPrefix("kst_adm_") == true)

            let table = try await run("list")
            #expect(table.code == 0, "\(table.complaints)")
            #expect(table.lines.count == 5)
            #expect(
                table.line(0).split(separator: " ")
                    == [
                        "TOKEN", "KIND", "NAME", "USED", "(UTC)", "EXPIRES", "(UTC)", "CREATED", "(UTC)", "PROJECT",
                        "SCOPES",
                    ])
            #expect(
                table.output.contains(
                    /\ntok_\w+  adm   ops +never +2100-01-31 00:00  20\d\d-\d\d-\d\d \d\d:\d\d  the whole instance/))
            #expect(table.output.contains(/\ntok_\w+  app   ci +never +never +20[0-9 :-]+ prj_\w+ +keys:read\n/))
            let listed = try await run("list --json").objects
            #expect(listed.compactMap { $0["name"].string }.sorted() == ["ci", "first admin", "first app", "ops"])
            let members: Set = [
                "id", "kind", "name", "project_id", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at",
            ]
            #expect(listed.allSatisfy { $0.names == members })
            #expect(!(table.output + listed.description).contains("kst_"))

            let asked = try await run("revoke ci")
            #expect(asked.code == 64)
            #expect(asked.complaints.contains("give --yes"))
            let done = try await run("revoke ci --yes")
            #expect(done.code == 0, "\(done.complaints)")
            #expect(done.output.hasSuffix("  revoked: refused from the next request on\n"))
            #expect(try await run("revoke ci --yes").code == 66)
            let id = try #require(listed.first { $0["name"].string == "ops" }?["id"].string)
            #expect(try await run("revoke \(id) --yes --json").output == "{\"id\":\"\(id)\",\"revoked\":true}\n")
            #expect(try await run("revoke \(id) --yes").code == 66)
            for _ in 0..<2 { _ = try await run("create --kind adm --name twin") }
            let twins = try await run("revoke twin --yes")
            #expect(twins.code == 64)
            #expect(twins.complaints.contains("2 tokens have this name; say which by its id: tok_"))
            #expect(try await run("list --json").objects.count == 4)
        }
        if isRunning {
            try await RunningVault.run { vault in try await steps(vault) }
        } else {
            try await steps(try await RunningVault.run { $0 })
        }
    }

    @Test func `more tokens than fit on a page are all listed`() async throws {
        try await RunningVault.run { vault in
            for number in 0..<205 {
                let body = "{\"kind\":\"adm\",\"name\":\"n\(number)\"}"
                #expect(try await vault.call("POST", "/v1/tokens", body, token: vault.adminToken).status == 201)
            }
            let listed = try await run("list --json", vault)
            #expect(listed.code == 0, "\(listed.complaints)")
            #expect(listed.objects.count == 207)
        }
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `at a terminal the token is shown and asked about, one's own with a word of warning`() async throws {
        try await RunningVault.run { vault in
            let environment = ["KEYSTOW_URL": "http://127.0.0.1:\(vault.port)", "KEYSTOW_TOKEN": vault.adminToken]
            let own = try #require(try await vault.call("GET", "/v1/token", token: vault.adminToken).json["id"].string)
            let program = try TerminalProgram(["token", "revoke", own], environment: environment)
            try await program.shows("Type yes:")
            #expect(program.screen.contains("this is the token that you speak with now"))
            #expect(program.screen.contains("first admin"))
            program.type("n\n")
            #expect(try await program.wait() == 64)
            let made = try TerminalProgram(["token", "create", "--kind", "adm"], environment: environment)
            #expect(try await made.wait() == 0)
            #expect(made.screen.contains("that token is shown this once"))
        }
    }
}
