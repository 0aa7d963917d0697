import Glibc
import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

@testable import keystow

/// `keystow keys` itself, as the shell sees it, speaking to a vault behind a real socket.
@Suite struct KeysProgramTests {
    struct Outcome {
        let code: Int32
        let output: String
        let complaints: String

        var lines: [String] {
            output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
        }
        /// Line `index`, or nothing where there are not so many.
        func line(_ index: Int) -> String { lines.indices.contains(index) ? lines[index] : "" }
        func object(_ index: Int) -> JSONTree { JSONTree(text: line(index)) }
        /// Each line as JSON.
        var objects: [JSONTree] { lines.map { JSONTree(text: $0) } }
    }

    static func run(
        _ arguments: [String], at port: UInt16, token: String, in directory: TemporaryDirectory
    ) async throws -> Outcome {
        let program = try Program(
            ["keys"] + arguments,
            environment: ["KEYSTOW_URL": "http://127.0.0.1:\(port)", "KEYSTOW_TOKEN": token], in: directory)
        let code = try await program.wait()
        return Outcome(code: code, output: program.standardOutput, complaints: program.standardError)
    }

    static func run(_ line: String, _ vault: RunningVault, token: String? = nil) async throws -> Outcome {
        try await run(
            line.split(separator: " ").map(String.init), at: vault.port, token: token ?? vault.adminToken,
            in: vault.directory)
    }

    private func run(_ line: String, _ vault: RunningVault, token: String? = nil) async throws -> Outcome {
        try await Self.run(line, vault, token: token)
    }

    @Test func `keys are listed as a table, newest first, and by each filter`() async throws {
        try await RunningVault.run { vault in
            let first = try await vault.store(FakeKeys.anthropic("one"), user: "ada lovelace")
            vault.time.advance(by: 60)
            let second = try await vault.store(FakeKeys.anthropic("two"), user: "bob")
            _ = try await vault.call("PATCH", "/v1/keys/\(second)", #"{"label":"work"}"#)
            _ = try await vault.call("POST", "/v1/keys/\(second)/quarantine")
            let all = try await run("list", vault)
            #expect(all.code == 0, "\(all.complaints)")
            #expect(all.complaints == "")
            let hint = "sk-ant-api03-one…q7AA"
            #expect(
                all.line(0)
                    == "KEY                             USER          PROVIDER   STATUS       STALE  LABEL  "
                    + "HINT                   USED (UTC)  STORED (UTC)      PROJECT")
            #expect(
                all.line(2)
                    == "\(first)  ada lovelace  anthropic  unverified   –      –      \(hint)  –           "
                    + "2027-01-15 08:00  \(vault.projectID)")
            #expect(all.line(1).hasPrefix("\(second)  bob           anthropic  quarantined  –      work"))
            #expect(all.lines.count == 3)
            #expect(!all.output.contains("\u{1B}"))
            #expect(!all.output.contains("Zq7wZq7w"))

            for (filter, expected) in [
                ("--user bob", [second]), ("--status quarantined", [second]), ("--status unverified", [first]),
                ("--provider anthropic", [second, first]), ("--provider groq", []), ("--stale", []),
                ("--project \(vault.projectID)", [second, first]), ("--limit 1", [second]),
            ] {
                let found = try await run("list \(filter) --json", vault)
                #expect(found.objects.compactMap { $0["id"].string } == expected, "\(filter): \(found.complaints)")
                #expect(found.code == 0)
            }
            let spaced = try await Self.run(
                ["list", "--json", "--user", "ada lovelace"], at: vault.port, token: vault.appToken, in: vault.directory
            )
            #expect(spaced.objects.compactMap { $0["id"].string } == [first])
        }
    }

    @Test func `with --json each line is the key as the API has it`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic(), user: "ada")
            let line = try await run("list --json", vault)
            let answer = try await vault.call("GET", "/v1/keys/\(id)")
            #expect(line.output == answer.text + "\n")
        }
    }

    @Test func `all pages are fetched, and a page is printed before the next is asked for`() async throws {
        let directory = try TemporaryDirectory()
        // The third page waits until the second one is printed, on the server's own thread: the program has limits of time.
        let path = directory.path
        let isPrinted: @Sendable () -> Bool = {
            TemporaryDirectory.names(in: path).contains { TemporaryDirectory.bytes(of: $0).count { $0 == 0x0A } >= 400 }
        }
        let server = try ScriptedServer { _, target in
            let page = target.firstMatch(of: /cursor=(\d+)/).flatMap { Int($0.1) } ?? 0
            while page == 2, !isPrinted() { usleep(1000) }
            let keys = (0..<200).map { ScriptedKeys.key(page * 200 + $0) }
            return (200, ScriptedKeys.page(keys, next: page < 49 ? "\(page + 1)" : nil))
        }
        let program = try Program(
            ["keys", "list", "--json"],
            environment: ["KEYSTOW_URL": "http://127.0.0.1:\(server.port)", "KEYSTOW_TOKEN": Self.token],
            in: directory)
        #expect(try await program.wait() == 0, "\(program.standardError)")
        let lines = program.standardOutput.split(separator: "\n")
        #expect(lines.count == 10_000)
        #expect(lines.last.map { JSONTree(text: String($0))["id"].string } == ScriptedKeys.id(9999))
        #expect(server.calls.count == 50)
        #expect(server.calls.first == "GET /v1/keys?limit=200")
        #expect(server.calls.last == "GET /v1/keys?limit=200&cursor=49")
    }

    /// A token of the right form that nobody made.
    static let token = ScriptedToken.text

    @Test func `nothing in names and labels forges a line, whatever the server lets in`() async throws {
        let directory = try TemporaryDirectory()
        let long = String(repeating: "x", count: 10_000)
        let hostile = [
            ("eve\\nkey_forged", "\\u001b[2Jgone"), ("\\u202Eeve", "a\\r\\nb"), ("a  b", long),
            ("\u{202E}eve", "\u{9B}31m"), (long, "\\u0000"),
        ]
        let server = try ScriptedServer { _, _ in
            (200, ScriptedKeys.page(hostile.enumerated().map { ScriptedKeys.key($0, user: $1.0, label: $1.1) }))
        }
        for format in [[], ["--json"]] {
            let listed = try await Self.run(["list"] + format, at: server.port, token: Self.token, in: directory)
            #expect(listed.code == 0, "\(listed.complaints)")
            #expect(listed.lines.count == (format.isEmpty ? 6 : 5))
            #expect(!listed.output.unicodeScalars.contains { HarmlessText.isHarmful($0) && $0 != "\n" })
            #expect(listed.output.contains(long))
            guard format.isEmpty else {
                #expect(listed.object(0)["user_id"].string == "eve\nkey_forged")
                #expect(listed.object(3)["user_id"].string == "\u{202E}eve")
                #expect(listed.object(3)["label"].string == "\u{9B}31m")
                #expect(listed.object(3)["not_known_yet"][1]["data"].items.isEmpty)
                continue
            }
            #expect(listed.line(1).hasPrefix(ScriptedKeys.id(0) + "  eve\\u{A}key_forged "))
            #expect(listed.line(1).contains("\\u{1B}[2Jgone"))
            #expect(listed.line(3).contains("a \\u{20}b"))
        }
    }

    @Test func `what a server complains of stays on one line`() async throws {
        let directory = try TemporaryDirectory()
        let server = try ScriptedServer { _, _ in
            (403, #"{"code":"x","detail":"no\nkeystow: all is well\u001b[2J","hint":"h","retryable":false}"#)
        }
        let listed = try await Self.run(["list"], at: server.port, token: Self.token, in: directory)
        #expect(listed.code == 77)
        #expect(listed.complaints == "keystow: no keystow: all is well [2J h\n")
    }

    @Test func `one key is shown with its versions and its last events, however many there were`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic("one"), user: "ada")
            _ = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"home","tags":{"team":"a b"}}"#)
            let few = try await run("show \(id)", vault)
            #expect(few.code == 0, "\(few.complaints)")
            for line in [
                "key          \(id)", "user         ada", "label        home", "status       unverified",
                "tags         team=a b", "stale        no", "last used    never",
            ] {
                #expect(few.lines.contains(line), "\(line) in \(few.output)")
            }
            #expect(few.output.contains(/VERSION +STATE +HINT/))
            #expect(few.output.contains(/key\.created +first app/))
            #expect(!few.output.contains("…  and what was before"))
            #expect(!few.output.contains("Zq7wZq7w"))

            for _ in 0..<250 { _ = try await vault.call("POST", "/v1/keys/\(id)/reveal") }
            _ = try await vault.call("POST", "/v1/keys/\(id)/quarantine")
            let json = try #require(try await run("show \(id) --json", vault).objects.first)
            #expect(json["key"]["id"].string == id)
            #expect(json["versions"].items.count == 1)
            let events = json["events"].items
            #expect(events.count == KeyEvents.count)
            #expect(events.last?["action"].string == "key.quarantined")
            #expect(events.dropLast().allSatisfy { $0["action"].string == "key.revealed" })
            #expect(events.compactMap { $0["seq"].int } == events.compactMap { $0["seq"].int }.sorted())
            let many = try await run("show \(id)", vault)
            #expect(many.lines.last == "… and what was before: GET /v1/keys/\(id)/events")
            let none = try await run("show key_01jd0000000000000000000000", vault)
            #expect(none.code == 66)
        }
    }

    @Test func `a check ends with what it found`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let works = try await run("check \(id)", vault)
            #expect(works.code == 0, "\(works.complaints)")
            #expect(works.output.hasPrefix("\(id)  works: Key works."))
            provider.answers(.refusing)
            let refused = try await run("check \(id)", vault)
            #expect(refused.code == 65)
            #expect(refused.output.hasPrefix("\(id)  does not work: "))
            provider.answers(.overloaded)
            let outage = try await run("check \(id)", vault)
            #expect(outage.code == 75)
            #expect(outage.output.hasPrefix("\(id)  not known: "))
            #expect(outage.output.hasSuffix("the last definite answer was invalid\n"))
            provider.answers(.accepting)
            let absent = "key_01jd0000000000000000000000"
            let mixed = try await run("check \(absent) \(id) --json", vault)
            #expect(mixed.code == 66)
            #expect(mixed.object(0)["id"].string == absent)
            #expect(mixed.object(0)["problem"]["code"].string == "not_found")
            #expect(mixed.object(1)["verdict"]["code"].string == "valid")
        }
    }

    @Test func `keys are stopped and released, and what a state does not allow is told apart`() async throws {
        try await RunningVault.run { vault in
            let one = try await vault.store(FakeKeys.anthropic("one"))
            let two = try await vault.store(FakeKeys.anthropic("two"))
            let stopped = try await run("quarantine \(one) \(two) \(one)", vault)
            #expect(stopped.code == 0, "\(stopped.complaints)")
            #expect(stopped.lines.map { String($0.prefix(30)) } == [one, two])
            #expect(try await vault.call("POST", "/v1/keys/\(one)/reveal").status == 409)
            let released = try await run("release \(one)", vault)
            #expect(released.output == "\(one)  released: unverified\n")
            #expect(try await vault.call("POST", "/v1/keys/\(one)/reveal").status == 200)
            let again = try await run("release \(one) \(two)", vault)
            #expect(again.code == 65)
            #expect(again.output == "\(two)  released: unverified\n")
            #expect(again.complaints.hasPrefix("keystow: \(one): "))
            let reader = try await vault.call(
                "POST", "/v1/tokens",
                #"{"kind":"app","project_id":"\#(vault.projectID)","name":"r","scopes":["keys:read"]}"#,
                token: vault.adminToken)
            let denied = try await run("quarantine \(one) \(two)", vault, token: reader.json["token"].string)
            #expect(denied.code == 77)
            #expect(denied.complaints.contains("(2 of 2 keys were not settled)"))
        }
    }

    @Test func `without a terminal nothing is revoked unless it is said twice`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let asked = try await run("revoke \(id)", vault)
            #expect(asked.code == 64)
            #expect(asked.complaints == "keystow: revoking is final, and nobody is here to be asked: give --yes\n")
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal").status == 200)
            let sure = try await run("revoke \(id) --yes --reason leaked", vault)
            #expect(sure.code == 0, "\(sure.complaints)")
            #expect(sure.output == "\(id)  revoked for ever; its secret is shredded\n")
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal").status == 410)
            let events = try await vault.call("GET", "/v1/keys/\(id)/events").json["data"].items
            #expect(events.contains { $0["action"].string == "key.revoked" && $0["reason"].string == "leaked" })
            #expect(try await run("revoke \(id) --yes", vault).code == 0)
            #expect(try await run("quarantine \(id)", vault).code == 65)
        }
    }

    @Test func `a revocation whose answer was lost is asked for again`() async throws {
        try await RunningVault.run { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let proxy = try LossyProxy(to: vault.port, losing: 1)
            let outcome = try await Self.run(
                ["revoke", "--user", "user-1", "--expect", "1", "--json"], at: proxy.port, token: vault.adminToken,
                in: vault.directory)
            #expect(proxy.lost == 1)
            #expect(outcome.code == 0, "\(outcome.complaints)")
            // Counted anew it would be refused: there is none any more.
            #expect(outcome.output == #"{"dry_run":false,"revoked":1}"# + "\n")
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal").status == 410)
        }
    }

    @Test func `a reader that goes away ends the list without a word`() async throws {
        try await RunningVault.run { vault in
            for number in 0..<3 { _ = try await vault.store(FakeKeys.anthropic("k", number)) }
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            close(ends[0])
            let program = try Program(
                ["keys", "list"],
                environment: ["KEYSTOW_URL": "http://127.0.0.1:\(vault.port)", "KEYSTOW_TOKEN": vault.adminToken],
                output: ends[1], in: vault.directory)
            close(ends[1])
            #expect(try await program.wait() == 74)
            #expect(program.standardError == "")
        }
    }

    @Test func `what cannot be is told apart by the code`() async throws {
        try await RunningVault.run { vault in
            let cases: [(String, String?, Int32, String)] = [
                ("list --user \(FakeKeys.anthropic())", nil, 64, "--user is a credential"),
                ("revoke --all --expect 1 --reason \(FakeKeys.anthropic())", nil, 64, "--reason is a credential"),
                ("list", "kst_app_x", 78, "mistyped"),
                ("list --project prj_01jd0000000000000000000000", vault.appToken, 66, ""),
                ("list --url http://example.com", nil, 78, "--url must be"),
                ("revoke --user u", nil, 64, "nobody is here to be asked"),
                ("list --status actve", nil, 64, "did you mean active?"),
            ]
            for (line, token, code, complaint) in cases {
                let outcome = try await run(line, vault, token: token)
                #expect(outcome.code == code, "\(line): \(outcome.complaints)")
                #expect(complaint.isEmpty || outcome.complaints.contains(complaint), "\(outcome.complaints)")
                #expect(!outcome.complaints.contains("Zq7w"))
            }
            let away = try LossyProxy(to: vault.port, losing: 0).port
            let gone = try await Self.run(["list"], at: away, token: vault.adminToken, in: vault.directory)
            #expect(gone.code == 69)
        }
    }
}

/// A token's text with the right checksum.
enum ScriptedToken {
    static let text: String = {
        let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
        let checked = "kst_adm_" + String(repeating: "7", count: TokenText.count - 14)
        var rest = Int(WipedBuffer(checked).withBytes { CRC32.checksum(of: $0) })
        var checksum = ""
        for _ in 0..<6 {
            checksum = "\(digits[rest % 62])" + checksum
            rest /= 62
        }
        return checked + checksum
    }()
}
