import Glibc
import Testing
import VaultProviders
import VaultService
import VaultTestKit

@testable import keystow

/// `keystow import` itself, as the shell sees it, speaking to a vault behind a real socket.
@Suite struct ImportProgramTests {
    private struct Outcome {
        let code: Int32
        let output: String
        let complaints: String
    }

    private func start(
        _ arguments: String, _ vault: RunningVault, token: String? = nil, input: String = "/dev/null",
        environment: [String: String] = [:]
    ) throws -> Program {
        var environment = environment
        environment["KEYSTOW_URL"] = environment["KEYSTOW_URL"] ?? "http://127.0.0.1:\(vault.port)"
        environment["KEYSTOW_TOKEN"] = token ?? vault.appToken
        let words = ["import"] + arguments.split(separator: " ").map(String.init)
        return try Program(words, environment: environment, input: input, in: vault.directory)
    }

    private func run(
        _ arguments: String, _ vault: RunningVault, token: String? = nil, input: String = "/dev/null",
        environment: [String: String] = [:]
    ) async throws -> Outcome {
        let program = try start(arguments, vault, token: token, input: input, environment: environment)
        let code = try await program.wait()
        return Outcome(code: code, output: program.standardOutput, complaints: program.standardError)
    }

    /// Writes a file that others cannot read, and returns its path.
    private func file(_ name: String, _ text: String, _ vault: RunningVault, mode: mode_t = 0o600) -> String {
        let path = "\(vault.directory.path)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)
        return path
    }

    /// 93 characters after the prefix of which no eight stand anywhere else, from the `seed`.
    private static func tail(_ seed: Int) -> String {
        let alphabet = Array("bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ23456789")
        return String((0..<93).map { alphabet[($0 * 31 + $0 * $0 * 7 + seed * (11 + $0)) % alphabet.count] }) + "AA"
    }

    private static func key(_ seed: Int) -> String { "sk-ant-" + "api03-" + tail(seed) }

    @Test func `A02 no piece of a key is in what the program prints, whatever becomes of the key`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let keys = (0..<6).map { Self.key($0) }
            let csv = file(
                "keys.csv",
                """
                user_id,provider,key,note
                u,anthropic,\(keys[0]),\(keys[1])
                u,openai,\(keys[1]),x
                v,anthropic,\(keys[2].dropLast(9)),x
                \(keys[3]),anthropic,u,x
                w,\(keys[4]),\(keys[4]),x
                w,anthropic,"sk-ant-oat01-\(Self.tail(5))",x
                w,anthropic,"\(keys[1]) \(keys[2])",x
                """, vault)
            let env = file(
                ".env",
                """
                ANTHROPIC_API_KEY='\(keys[0])'
                \(keys[2])
                \(keys[3].replacing("-", with: "_"))=1
                OTHER="\(keys[1])"
                SECRET=\(keys[5].dropLast(20))
                """, vault)
            let toml = file(
                "keys.toml",
                "[providers.anthropic]\napi_key=\"\(keys[2])\"\n[providers.\(keys[3])]\napi_key='\(keys[3])'\nx='\(keys[4])'\n",
                vault)
            let broken = file("broken", "A=\"\(keys[0])\n", vault)
            let unclear = file("unclear", keys[0], vault)
            var outcomes: [Outcome] = []
            for mode in ["", " --apply", " --apply --json", " --json"] {
                outcomes.append(try await run(csv + mode, vault))
                outcomes.append(try await run("\(env) --user u" + mode, vault))
                outcomes.append(try await run("\(toml) --user u" + mode, vault))
                #expect(outcomes.suffix(3).map(\.code) == [65, 65, 65])
            }
            provider.answers(.refusing)
            let fresh = file("fresh.csv", "x,anthropic,\(keys[5])", vault)
            outcomes.append(try await run("\(fresh) --apply", vault))
            let named = file(keys[4], "x,anthropic,\(keys[5])", vault)
            outcomes.append(try await run("\(named) --format csv", vault))
            outcomes.append(try await run("--environment --user u", vault, environment: ["ANTHROPIC_API_KEY": keys[5]]))
            #expect(outcomes.suffix(3).map(\.code) == [65, 0, 0])
            for line in [
                broken, unclear, keys[0], "\(csv) --user \(keys[0])", "\(vault.directory.path)/\(keys[1])",
                "--\(keys[0])",
                "\(csv) --format \(keys[0])", "\(csv) \(keys[0])",
            ] {
                outcomes.append(try await run(line, vault))
            }
            #expect(outcomes.suffix(8).map(\.code) == [65, 65, 64, 64, 64, 64, 64, 64])
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == 3)

            let traces = (0..<6).map { Traces(of: Self.tail($0)) }
            let leaks = { (text: String) in traces.compactMap { $0.first(in: Array(text.utf8)) } }
            for outcome in outcomes {
                #expect(outcome.output.isEmpty != outcome.complaints.isEmpty || outcome.code == 0 || outcome.code == 65)
                #expect(leaks(outcome.output) == [])
                #expect(leaks(outcome.complaints) == [])
            }
            // The search finds what is there: in the files that were read, and a piece of eight planted in an output.
            for path in [csv, env, toml, broken, unclear, fresh] {
                #expect(!leaks(String(decoding: TemporaryDirectory.bytes(of: path), as: UTF8.self)).isEmpty)
            }
            for seed in 0..<6 {
                let planted = outcomes[0].output + Self.tail(seed).prefix(50).suffix(8)
                #expect(leaks(planted).count == 1)
            }
        }
    }

    @Test func `from standard input and the environment, with an admin's token and a project`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let path = file("piped", "ANTHROPIC_API_KEY=\(FakeKeys.anthropic("one"))", vault)
            let piped = try await run("- --user u --apply", vault, input: path)
            #expect(piped.code == 0)
            #expect(piped.output.hasSuffix("the keys still lie there in clear: delete it once this is done.\n"))
            let environment = [
                "ANTHROPIC_API_KEY": FakeKeys.anthropic("two"), "OPENAI_BASE_URL": "https://example.com",
            ]
            let admin = try await run(
                "--environment --user v --project \(vault.projectID) --apply --json", vault, token: vault.adminToken,
                environment: environment)
            #expect(admin.code == 0)
            #expect(admin.output.contains(#""counts":{"storable":0,"stored":1,"#))
            #expect(
                admin.output.contains(
                    #""line":null,"variable":"ANTHROPIC_API_KEY","user_id":"v","provider":"anthropic""#))
            #expect(admin.output.split(separator: "\n").count == 1)
            #expect(admin.complaints == "")
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == 2)
        }
    }

    @Test func `how it ends tells why`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let good = file("keys.csv", "u,anthropic,\(FakeKeys.anthropic())", vault)
            let open = file("open.csv", "u,anthropic,\(FakeKeys.anthropic())", vault, mode: 0o644)
            chmod(open, 0o644)
            let env = file(".env", "ANTHROPIC_API_KEY=\(FakeKeys.anthropic())", vault)
            let reader = try await vault.call(
                "POST", "/v1/tokens",
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"r","scopes":["keys:read"]}"#,
                token: vault.adminToken)
            let mistyped = String(vault.appToken.dropLast()) + "_"
            let cases: [(String, String?, Int32, String)] = [
                (good, nil, 0, ""),
                ("\(good) --project \(vault.projectID)", nil, 64, "--project is for an admin's token"),
                (good, vault.adminToken, 64, "an admin's token needs --project"),
                ("\(good) --project prj_01jd0000000000000000000000", vault.adminToken, 64, "there is no such project"),
                (env, nil, 64, "give --user"), ("", nil, 64, "say what to import"),
                ("\(vault.directory.path)/none", nil, 66, "cannot read"),
                (vault.directory.path, nil, 66, "cannot read"),
                (good, reader.json["token"].string, 77, "keys:write is missing"), (good, mistyped, 78, "mistyped"),
                (open, nil, 0, "can be read by other users"),
            ]
            for (arguments, token, code, complaint) in cases {
                let outcome = try await run(arguments, vault, token: token)
                #expect(outcome.code == code, "\(arguments): \(outcome.complaints)")
                #expect(
                    complaint.isEmpty ? outcome.complaints == "" : outcome.complaints.contains(complaint),
                    "\(outcome.complaints)")
            }
            // A port that nobody listens on: it was this vault's proxy's a moment ago.
            let gone = try LossyProxy(to: vault.port, losing: 0).port
            let away = try await run(good, vault, environment: ["KEYSTOW_URL": "http://127.0.0.1:\(gone)"])
            #expect(away.code == 69)
            #expect(away.complaints.contains("is the server running?"))
            #expect(try await run("\(good) --url http://example.com", vault).code == 78)
        }
    }

    @Test func `people's keys under a column that is not read are not stored under one user`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let rows = { (second: String, user: String) in
                "\(user),provider,key\na@example.com,anthropic,\(FakeKeys.anthropic("one"))\n"
                    + "\(second),anthropic,\(FakeKeys.anthropic("two"))\n"
            }
            let people = file("people.csv", rows("b@example.com", "email"), vault)
            for arguments in ["\(people) --user admin --apply", "\(people) --user admin", people] {
                let outcome = try await run(arguments, vault)
                #expect(outcome.code == 64)
                #expect(outcome.complaints.contains("name that column user_id"))
                #expect(outcome.output == "")
            }
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == 0)
            let named = file("named.csv", rows("b@example.com", "user_id"), vault)
            #expect(try await run("\(named) --user admin", vault).code == 0)
            let alike = file("alike.csv", rows("a@example.com", "email"), vault)
            #expect(try await run("\(alike) --user admin", vault).code == 0)
        }
    }

    @Test func `Ctrl-C ends it after the key under way, with the report and 130`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let keys = (0..<3).map { "u\($0),anthropic,\(FakeKeys.anthropic("valid", $0))\n" }.joined()
            provider.hold()
            let program = try start("\(file("keys.csv", keys, vault)) --apply", vault)
            try await eventually("the first test call") { provider.calls >= 1 }
            program.signal(SIGINT)
            program.signal(SIGINT)
            provider.letGo()
            #expect(try await program.wait() == 130)
            #expect(program.standardOutput.contains("3 keys: 1 stored, 2 not reached."))
            #expect(program.standardOutput.contains("Stopped as asked."))
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == 1)
        }
    }
}
