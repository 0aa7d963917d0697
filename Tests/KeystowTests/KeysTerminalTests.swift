import Testing
import VaultTestKit

@testable import keystow

/// `keystow keys` at a terminal, where somebody sees the table and is asked.
@Suite struct KeysTerminalTests {
    private func start(
        _ line: String, _ vault: RunningVault, columns: UInt16 = 120, _ variables: [String: String] = [:]
    ) throws -> TerminalProgram {
        let environment = ["KEYSTOW_URL": "http://127.0.0.1:\(vault.port)", "KEYSTOW_TOKEN": vault.adminToken]
        return try TerminalProgram(
            ["keys"] + line.split(separator: " ").map(String.init),
            environment: environment.merging(variables) { $1 }, columns: columns)
    }

    private func status(_ id: String, _ vault: RunningVault) async throws -> String? {
        try await vault.call("GET", "/v1/keys/\(id)").json["status"].string
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `a table is as wide as the terminal, and has color unless somebody does not want it`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic(), user: "somebody-with-a-long-name@example.com")
            for (columns, variables) in [(80, [:]), (60, [:]), (200, ["NO_COLOR": "1"]), (60, ["TERM": "dumb"])] {
                let program = try start("list", vault, columns: UInt16(columns), variables)
                #expect(try await program.wait() == 0)
                let screen = program.screen
                #expect(screen.contains("\u{1B}[33munverified\u{1B}[0m") == variables.isEmpty, "\(screen)")
                let lines = screen.replacing(/\u{1B}\[\d+m/, with: "").split(separator: "\n")
                try #require(lines.count == 3)
                #expect(lines.allSatisfy { DisplayWidth.of($0) <= columns }, "\(lines)")
                #expect(lines[1].hasPrefix(id))
                #expect(lines[2] == "keystow: 1 key")
                if columns == 80 { #expect(lines[1].contains("somebod")) }
                if columns == 200 { #expect(lines[1].contains("somebody-with-a-long-name@example.com")) }
            }
        }
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `a key is revoked only when somebody types yes`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic(), user: "ada")
            for answer in ["no\n", "\n", "Yes\n", "yes please\n", "\u{4}"] {
                let program = try start("revoke \(id)", vault)
                try await program.shows("Type yes:")
                #expect(program.screen.contains(id))
                #expect(program.screen.contains("ada"))
                program.type(answer)
                #expect(try await program.wait() == 64)
                #expect(program.screen.hasSuffix("keystow: nothing was revoked\n"), "\(program.screen)")
                #expect(try await status(id, vault) == "unverified")
            }
            let interrupted = try start("revoke \(id)", vault)
            try await interrupted.shows("Type yes:")
            interrupted.type("\u{3}")
            #expect(try await interrupted.wait() == 130)
            #expect(try await status(id, vault) == "unverified")

            let sure = try start("revoke \(id) --reason left", vault)
            try await sure.shows("Type yes:")
            sure.type("yes\n")
            #expect(try await sure.wait() == 0)
            #expect(sure.screen.contains("\(id)  revoked for ever"))
            #expect(sure.screen.contains("revoke them in the providers' consoles too"))
            #expect(try await status(id, vault) == "revoked")
        }
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `what was typed before the question is no answer`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let program = try start("revoke \(id)", vault)
            program.type("yes\n")
            try await program.shows("Type yes:")
            program.type("no\n")
            #expect(try await program.wait() == 64)
            #expect(try await status(id, vault) == "unverified")
        }
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `many are revoked only when their number is typed`() async throws {
        try await RunningVault.run { vault in
            var ids: [String] = []
            for number in 0..<3 { ids.append(try await vault.store(FakeKeys.anthropic("k", number), user: "ada")) }
            let other = try await vault.store(FakeKeys.anthropic("other"), user: "bob")
            for answer in ["yes\n", "2\n", "\n"] {
                let program = try start("revoke --user ada", vault)
                try await program.shows("Type 3 to revoke them")
                program.type(answer)
                #expect(try await program.wait() == 64)
                #expect(try await status(ids[0], vault) == "unverified")
            }
            let program = try start("revoke --user ada --reason left", vault)
            try await program.shows("Type 3 to revoke them")
            for told in [
                "every key of the user ada: 3 of them", "It is final", "have to paste again",
                "https://platform.claude.com/settings/keys",
            ] {
                #expect(program.screen.contains(told), "\(told) in \(program.screen)")
            }
            program.type("3\n")
            #expect(try await program.wait() == 0)
            #expect(program.screen.contains("3 keys revoked: no app gets them any more"))
            for id in ids { #expect(try await status(id, vault) == "revoked") }
            #expect(try await status(other, vault) == "unverified")

            // One more than was asked about.
            let late = try start("revoke --user bob", vault)
            try await late.shows("Type 1 to revoke them")
            _ = try await vault.store(FakeKeys.anthropic("late"), user: "bob")
            late.type("1\n")
            #expect(try await late.wait() == 65)
            #expect(late.screen.contains("names 2 keys now, not 1; nothing was revoked"), "\(late.screen)")
            #expect(try await status(other, vault) == "unverified")
        }
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `what was stored after the count is not revoked, be it as many as before`() async throws {
        try await RunningVault.run { vault in
            let first = try await vault.store(FakeKeys.anthropic("first"), user: "ada")
            let second = try await vault.store(FakeKeys.anthropic("second"), user: "ada")
            let swapped = try start("revoke --user ada", vault)
            try await swapped.shows("Type 2 to revoke them")
            vault.time.advance(by: 1)
            #expect(try await vault.call("POST", "/v1/keys/\(first)/revoke", "{}").status == 200)
            let third = try await vault.store(FakeKeys.anthropic("third"), user: "ada")
            swapped.type("2\n")
            #expect(try await swapped.wait() == 65)
            #expect(swapped.screen.contains("names 1 keys now, not 2; nothing was revoked"), "\(swapped.screen)")
            #expect(try await status(second, vault) == "unverified")

            let program = try start("revoke --all", vault)
            try await program.shows("Type 2 to revoke them")
            vault.time.advance(by: 1)
            let fourth = try await vault.store(FakeKeys.anthropic("fourth"), user: "ada")
            program.type("2\n")
            #expect(try await program.wait() == 0)
            #expect(try await status(second, vault) == "revoked")
            #expect(try await status(third, vault) == "revoked")
            #expect(try await status(fourth, vault) == "unverified")
        }
    }
}
