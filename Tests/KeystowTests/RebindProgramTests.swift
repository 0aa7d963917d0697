import Testing
import VaultTestKit

@testable import keystow

/// `keystow rebind` itself, as the shell sees it, on the data of a stopped vault.
@Suite struct RebindProgramTests {
    private func run(
        _ arguments: String, on vault: RunningVault, endpoint: String? = "https://gateway.example/claude"
    ) async throws -> (code: Int32, output: String, complaints: String) {
        let directory = vault.directory.path
        var environment = [
            "KEYSTOW_DATA_DIR": "\(directory)/data", "KEYSTOW_MASTER_KEY_FILE": "\(directory)/master.key",
        ]
        environment["KEYSTOW_ENDPOINT_ANTHROPIC"] = endpoint
        let words = ["rebind"] + arguments.split(separator: " ").map(String.init)
        let program = try Program(words, environment: environment, in: vault.directory)
        let code = try await program.wait()
        return (code, program.standardOutput, program.standardError)
    }

    @Test func `keys are counted first, then bound, and bound already when it is called again`() async throws {
        let secret = FakeKeys.anthropic()
        let (vault, id) = try await RunningVault.run { vault in (vault, try await vault.store(secret)) }
        let counted = try await run("anthropic --dry-run", on: vault)
        #expect(counted.code == 0, "\(counted.complaints)")
        #expect(
            counted.output
                == "1 keys of anthropic would be bound to the base URL that is configured now; 0 were already\n")
        let bound = try await run("anthropic --json", on: vault)
        #expect(bound.code == 0)
        #expect(
            bound.output == #"{"provider":"anthropic","dry_run":false,"rebound":1,"unchanged":0,"left":0}"# + "\n")
        let again = try await run("anthropic", on: vault)
        #expect(again.output.hasPrefix("0 keys of anthropic were bound"))
        #expect(again.output.contains("1 were already"))
        for text in [counted, bound, again].map({ $0.output + $0.complaints }) { #expect(!text.contains("Zq7wZq7w")) }
        try await vault.restarted { vault in
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal").json["key"].string == secret)
            let checked = try await vault.call("POST", "/v1/keys/\(id)/check")
            #expect(checked.json["last_check"]["reason"].string == "endpoint_changed")
        }
    }

    @Test func `a running vault, an unknown provider and a wrong line are told apart`() async throws {
        try await RunningVault.run { vault in
            let busy = try await run("anthropic", on: vault)
            #expect(busy.code == 75, "\(busy.complaints)")
            #expect(busy.complaints.contains("in use"))
            #expect(try await run("", on: vault).code == 64)
            #expect(try await run("anthropic groq", on: vault).code == 64)
            let help = try await run("--help", on: vault)
            #expect(help.code == 0)
            #expect(help.output.contains("keystow rebind PROVIDER"))
        }
        let vault = try await RunningVault.run { $0 }
        let unknown = try await run("antropic", on: vault, endpoint: nil)
        #expect(unknown.code == 64)
        #expect(unknown.complaints.contains("no provider antropic"))
    }
}
