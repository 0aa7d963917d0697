import Glibc
import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import keystow

/// `keystow audit` as a program: on a data directory without its server, and over HTTP.
@Suite struct AuditProgramTests {
    private static func run(
        _ arguments: [String], _ environment: [String: String] = [:], in directory: TemporaryDirectory
    ) async throws -> (code: Int32, output: String, complaints: String) {
        let program = try Program(arguments, environment: environment, in: directory)
        let code = try await program.wait()
        return (code, program.standardOutput, program.standardError)
    }

    private static func write(_ text: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw TestKitFailure("cannot write \(path)") }
        fputs(text, file)
        fclose(file)
    }

    @Test func `what was written is proven with the key from outside, exported, and proven from the file`() async throws
    {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        let made = try await Self.run(["init", "--data-dir", data], in: directory)
        #expect(made.code == 0)
        let admin = try #require(made.output.split(separator: "\"").first { $0.hasPrefix("kst_adm_") })
        let key = try await Self.run(["audit", "key", "--data-dir", data], in: directory)
        #expect(key.code == 0)
        let publicKey = String(key.output.dropLast())
        #expect(publicKey.hasPrefix("keystow/vlt_"))
        let check = ["audit", "verify", "--data-dir", data, "--public-key", publicKey, "--json"]
        let first = try await Self.run(check, in: directory)
        #expect(first.code == 0, "\(first.output)\(first.complaints)")
        #expect(first.output.contains("\"ok\":true"))

        let server = try Program(["serve", "--listen", ":0", "--data-dir", data], in: directory)
        let url = "http://127.0.0.1:\(try await server.port())"
        // The server has it, and goes on.
        let beside = try await Self.run(check, in: directory)
        #expect(beside.code == 0, "\(beside.output)\(beside.complaints)")
        let file = directory.path + "/audit.jsonl"
        let export = ["audit", "export", "--url", url, "--output", file]
        for _ in 0..<2 {
            let exported = try await Self.run(export, ["KEYSTOW_TOKEN": String(admin)], in: directory)
            #expect(exported.code == 0, "\(exported.complaints)")
        }
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
        #expect(try await Self.run(check, in: directory).code == 0)

        let lines = String(decoding: TemporaryDirectory.bytes(of: file), as: UTF8.self)
            .split(separator: "\n").map(String.init)
        #expect(lines.count >= 6)
        let proof = ["audit", "verify", "--file", file, "--public-key", publicKey]
        func verify(_ lines: [String], _ more: String...) async throws -> (code: Int32, output: String) {
            try Self.write(lines.joined(separator: "\n") + "\n", to: file)
            let (code, output, complaints) = try await Self.run(proof + more, in: directory)
            return (code, output + complaints)
        }
        let proven = try await verify(lines)
        #expect(proven.code == 0, "\(proven.output)")
        #expect(proven.output.contains("1 signed heads agree"))
        #expect(try await verify(lines, "--anchor", data + "/anchor").code == 0)
        let fault = ExitCode.dataFault.rawValue
        var changed = lines
        changed[2] = changed[2].replacing("token.created", with: "token.revoked")
        let caught = try await verify(changed)
        #expect(caught.code == fault)
        #expect(caught.output.contains("entry 2 was changed"))
        #expect(try await verify([lines[0]] + lines[2...]).output.contains("entry 1 is missing"))
        // Cut before the signed head, without it, with one that nobody signed, or with another key: nothing is proven.
        let end = lines.count - 1
        for forged in [
            lines[..<(end - 1)] + lines[end...], lines[..<end],
            lines[..<end] + [lines[end].replacing(/[A-Za-z0-9+\/=]{8}\\n"}$/) { _ in "AAAAAAA=\\n\"}" }],
        ] {
            let answer = try await verify(Array(forged))
            #expect(answer.code == fault, "\(answer.output)")
            #expect(answer.output.contains("FAULT"))
        }
        // What another reader would take for something else, or nothing at all.
        let doubled = lines[1].dropLast() + #","object":"forged"}"#
        let hidden = lines[1].dropLast() + #","signed_head":"x"}"#
        let far = lines[0].replacing(#""after":0"#, with: #""after":9223372036854775807"#)
        let negative = lines[1].replacing(#""seq":1,"#, with: #""seq":-1,"#)
        var others: [[String]] = [[lines[0]], [lines[0], lines[end]]]
        others.append([lines[0], String(doubled)] + lines[2...])
        others.append(lines[..<end] + [String(hidden), lines[end]])
        others.append([far] + lines[1...])
        others.append([lines[0], negative] + lines[2...])
        for forged in others {
            let answer = try await verify(forged)
            #expect(answer.code == fault, "\(answer.output)")
        }
        try Self.write(lines.joined(separator: "\n"), to: file)
        let other = try TemporaryDirectory()
        _ = try await Self.run(["init", "--data-dir", other.path + "/data"], in: other)
        let stranger = try await Self.run(["audit", "key", "--data-dir", other.path + "/data"], in: other).output
        let wrong = ["audit", "verify", "--file", file, "--public-key", String(stranger.dropLast())]
        #expect(try await Self.run(wrong, in: directory).code == fault)
        let keyless = try await Self.run(["audit", "verify", "--file", file], in: directory)
        #expect(keyless.code == ExitCode.usage.rawValue)
        #expect(keyless.complaints.contains("--public-key"))
        // The same of the data directory: with another vault's anchor, or with none.
        let foreign = check + ["--anchor", other.path + "/data/anchor"]
        #expect(try await Self.run(foreign, in: directory).output.contains("\"fault\":\"anchor_missing\""))
        #expect(unlink(data + "/anchor") == 0)
        #expect(try await Self.run(check, in: directory).code == fault)
        #expect(try await Self.run(check + ["--without-anchor"], in: directory).code == 0)
    }

    @Test
    func `where entries were dropped, what is left is exported and proven, and a file from before is not continued`()
        async throws
    {
        var keeping = VaultConfiguration(validationLimits: nil)
        keeping.auditKeepSeconds = 30 * 86_400
        try await RunningVault.run(configuration: keeping) { vault in
            let directory = try TemporaryDirectory()
            let file = directory.path + "/audit.jsonl"
            func export() async throws -> (code: Int32, output: String, complaints: String) {
                let url = "http://127.0.0.1:\(vault.port)"
                return try await Self.run(
                    ["audit", "export", "--url", url, "--output", file], ["KEYSTOW_TOKEN": vault.adminToken],
                    in: directory)
            }
            #expect(try await export().code == 0)
            let key = try await vault.store(FakeKeys.anthropic("export", 1))
            for _ in 0..<5 { _ = try await vault.call("POST", "/v1/keys/\(key)/reveal") }
            try await vault.vault.signHead()
            vault.time.advance(by: 40 * 86_400)
            _ = try await vault.call("POST", "/v1/keys/\(key)/reveal")
            try await vault.vault.signHead()
            #expect(try await vault.vault.dropOldEntries() > 0)
            let head = try await vault.call("GET", "/v1/audit/head", token: vault.adminToken).json
            let dropped = try #require(head["dropped_through"].int)
            let refused = try await export()
            #expect(refused.code == ExitCode.noInput.rawValue)
            #expect(refused.complaints.contains("begin another file"))
            #expect(unlink(file) == 0)
            let exported = try await export()
            #expect(exported.code == 0, "\(exported.complaints)")
            #expect(exported.complaints.contains("up to \(dropped)"))
            let publicKey = try #require(head["public_keys"].items.first?.string)
            let proven = try await Self.run(
                ["audit", "verify", "--file", file, "--public-key", publicKey], in: directory)
            #expect(proven.code == 0, "\(proven.output)")
            #expect(proven.output.contains("the file begins behind entry \(dropped)"))
        }
    }

    @Test func `a server does not start without the anchor that there was, unless that is said, which is good once`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let serve = ["serve", "--listen", ":0", "--data-dir", directory.path + "/data"]
        func starts(_ environment: [String: String] = [:]) async throws {
            let server = try Program(serve, environment: environment, in: directory)
            _ = try await server.port()
            server.signal(SIGTERM)
            #expect(try await server.wait() == 0)
        }
        try await starts()
        #expect(unlink(directory.path + "/data/anchor") == 0)
        let refused = try await Self.run(serve, in: directory)
        #expect(refused.code == ExitCode.configuration.rawValue)
        let number = try #require(refused.complaints.firstMatch(of: /KEYSTOW_ACCEPT_ROLLBACK=(\d+)/)?.1)
        // Commands on the data directory are refused as well.
        let list = try await Self.run(["token", "list", "--data-dir", directory.path + "/data"], in: directory)
        #expect(list.code == ExitCode.configuration.rawValue)
        let setting = ["KEYSTOW_ACCEPT_ROLLBACK": String(number)]
        try await starts(setting)
        try await starts()
        #expect(unlink(directory.path + "/data/anchor") == 0)
        let again = try await Self.run(serve, setting, in: directory)
        #expect(again.code == ExitCode.configuration.rawValue)
        // Where no other can be begun, nothing is given up.
        let next = try #require(again.complaints.firstMatch(of: /KEYSTOW_ACCEPT_ROLLBACK=(\d+)/)?.1)
        let nowhere = [
            "KEYSTOW_AUDIT_ANCHOR": directory.path + "/none/anchor", "KEYSTOW_ACCEPT_ROLLBACK": String(next),
        ]
        let homeless = try await Self.run(serve, nowhere, in: directory)
        #expect(homeless.code == ExitCode.inputOutput.rawValue)
        #expect(homeless.complaints.contains("no anchor can be begun"))
        #expect(try await Self.run(serve, in: directory).code == ExitCode.configuration.rawValue)
    }
}
