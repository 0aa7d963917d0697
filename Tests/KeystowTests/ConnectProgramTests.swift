import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import keystow

/// `keystow connect` itself, as the shell sees it, speaking to a vault behind a real socket.
@Suite struct ConnectProgramTests {
    private struct Outcome {
        let code: Int32
        let output: String
        let complaints: String

        /// The token in the link that is the whole output.
        var linkToken: String? { output.firstMatch(of: /^http:\/\/\S+\/connect#(kst_con_\w+)\n$/).map { String($0.1) } }
    }

    private func start(_ arguments: String, _ vault: RunningVault, token: String? = nil, at port: UInt16? = nil) throws
        -> Program
    {
        try Program(
            ["connect"] + arguments.split(separator: " ").map(String.init),
            environment: [
                "KEYSTOW_URL": "http://127.0.0.1:\(port ?? vault.port)", "KEYSTOW_TOKEN": token ?? vault.appToken,
            ], in: vault.directory)
    }

    private func run(
        _ arguments: String, _ vault: RunningVault, token: String? = nil, at port: UInt16? = nil
    ) async throws -> Outcome {
        let program = try start(arguments, vault, token: token, at: port)
        let code = try await program.wait()
        return Outcome(code: code, output: program.standardOutput, complaints: program.standardError)
    }

    /// The page's view of a link.
    private func page(_ outcome: Outcome, _ vault: RunningVault) async throws -> JSONTree {
        let token = try #require(outcome.linkToken)
        let answer = try await vault.call("GET", "/connect/session", token: token)
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    @Test func `the link alone is printed, and opens the page for that user`() async throws {
        try await RunningVault.run { vault in
            let plain = try await run("--user user-42", vault)
            #expect(plain.code == 0, "\(plain.complaints)")
            #expect(plain.complaints == "")
            let shown = try await page(plain, vault)
            #expect(shown["purpose"].string == "store")
            #expect(shown["user"].string == "user-42")

            let told = try await run(
                "--user user-42 --label ada --providers anthropic,openai --return-url http://127.0.0.1:1/done"
                    + " --origin http://127.0.0.1:1 --locale de --ttl 2h", vault)
            let all = try await page(told, vault)
            #expect(all["user"].string == "ada")
            #expect(all["providers"].items.compactMap { $0["id"].string } == ["anthropic", "openai"])
            #expect(all["return_url"].string == "http://127.0.0.1:1/done")
            #expect(all["origin"].string == "http://127.0.0.1:1")
            #expect(all["locale"].string == "de")
            let end = vault.time.now() + 7200
            #expect(all["expires_at"].string == end.description)

            let key = try await vault.store(FakeKeys.anthropic(), user: "user-42")
            let replace = try await page(try await run("--user user-42 --purpose replace --key \(key)", vault), vault)
            #expect(replace["key"]["id"].string == key)
            let manage = try await page(try await run("--user user-42 --purpose manage", vault), vault)
            #expect(manage["keys"].items.compactMap { $0["id"].string } == [key])

            let json = try await run("--user user-42 --json", vault)
            #expect(json.output.contains(#""id":"cns_"#))
            #expect(json.output.contains(#""token":"kst_con_"#))
            #expect(json.output.hasSuffix("}\n"))
        }
    }

    @Test func `an admin names the project, and what cannot be is told apart by the code`() async throws {
        try await RunningVault.run { vault in
            let admin = try await run("--user u --project \(vault.projectID)", vault, token: vault.adminToken)
            #expect(admin.code == 0, "\(admin.complaints)")
            #expect(admin.linkToken != nil)
            let reader = try await vault.call(
                "POST", "/v1/tokens",
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"r","scopes":["keys:read"]}"#,
                token: vault.adminToken)
            let away = try LossyProxy(to: vault.port, losing: 0).port
            let cases: [(String, String?, UInt16?, Int32, String)] = [
                ("--user u", vault.adminToken, nil, 64, "project_id"),
                ("--user u --return-url ftp://a.example", nil, nil, 64, "web address"),
                ("--user u --providers nobody", nil, nil, 64, "no such provider"),
                ("--user u --purpose replace --key key_01jd0000000000000000000000", nil, nil, 66, ""),
                ("--user u", reader.json["token"].string, nil, 77, "connect:write"),
                ("--user u", "kst_app_x", nil, 78, "mistyped"), ("--user u", nil, away, 69, "is the server running?"),
                ("--user u --url http://example.com", nil, nil, 78, "--url must be"),
                ("--user \(FakeKeys.anthropic())", nil, nil, 64, "--user is a credential"),
                ("--user u --label \(FakeKeys.anthropic())", nil, nil, 64, "--label is a credential"),
            ]
            for (arguments, token, port, code, complaint) in cases {
                let outcome = try await run(arguments, vault, token: token, at: port)
                #expect(outcome.code == code, "\(arguments): \(outcome.complaints)")
                #expect(outcome.output == "")
                #expect(complaint.isEmpty || outcome.complaints.contains(complaint), "\(outcome.complaints)")
                #expect(!outcome.complaints.contains("Zq7w"))
            }
        }
    }

    /// A program that waits for its link, and that link.
    private func waiting(
        _ arguments: String, _ vault: RunningVault, at port: UInt16? = nil
    ) async throws -> (program: Program, id: String, token: String) {
        let program = try start(arguments + " --wait --json", vault, at: port)
        var found: (String, String)?
        try await eventually("the link") {
            let made = program.standardOutput.firstMatch(of: /"id":"(cns_\w+)","token":"(kst_con_\w+)"/)
            found = made.map { (String($0.1), String($0.2)) }
            return found != nil || program.ended() != nil
        }
        let (id, token) = try #require(found, "\(program.standardError)")
        return (program, id, token)
    }

    @Test func `whoever waits is told of the saved key, though an answer is lost on the way`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let proxy = try LossyProxy(to: vault.port, losing: 1, after: 1)
            let (program, _, token) = try await waiting("--user u", vault, at: proxy.port)
            try await eventually("a lost answer") { proxy.lost == 1 }
            #expect(program.ended() == nil)
            let saved = try await vault.call(
                "POST", "/connect/keys", #"{"key":"\#(FakeKeys.anthropic())"}"#, token: token)
            let id = try #require(saved.json["id"].string, "\(saved.text)")
            #expect(try await program.wait() == 0)
            #expect(program.standardError == "keystow: u has saved a key: \(id)\n")
            let lines = program.standardOutput.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.last?.contains(#""state":"completed""#) == true)
            #expect(lines.last?.contains(id) == true)
        }
    }

    @Test func `a link that expires or is cancelled ends the wait with another code`() async throws {
        try await RunningVault.run { vault in
            let (cancelled, id, _) = try await waiting("--user u", vault)
            _ = try await vault.call("DELETE", "/v1/connect/sessions/\(id)")
            #expect(try await cancelled.wait() == 65)
            #expect(cancelled.standardError == "keystow: the link was cancelled: u has saved no key with it\n")
            let (expired, _, _) = try await waiting("--user u --ttl 5m", vault)
            vault.time.advance(by: 301)
            #expect(try await expired.wait() == 75)
            #expect(expired.standardError == "keystow: the link has expired: u has saved no key with it\n")
        }
    }

    @Test func `Ctrl-C ends the wait with 130 and leaves the link`() async throws {
        try await RunningVault.run { vault in
            let (program, id, _) = try await waiting("--user u", vault)
            program.signal(SIGINT)
            program.signal(SIGINT)
            #expect(try await program.wait() == 130)
            #expect(program.standardError.contains("stopped waiting; the link works until 20"))
            let session = try await vault.call("GET", "/v1/connect/sessions/\(id)")
            #expect(session.json["state"].string == "pending")
        }
    }
}
