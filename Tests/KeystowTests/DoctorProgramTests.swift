import Glibc
import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import keystow

/// `keystow doctor` itself, as the shell sees it.
@Suite struct DoctorProgramTests {
    private struct Report {
        let code: Int32
        let findings: [JSONTree]
        let complaints: String

        func level(_ check: String) -> String? { self[check]["level"].string }
        subscript(_ check: String) -> JSONTree { findings.first { $0["check"].string == check } ?? .null }
    }

    private func run(
        _ arguments: [String] = ["--offline"], on vault: RunningVault, _ variables: [String: String] = [:]
    ) async throws -> Report {
        let directory = vault.directory.path
        let environment = [
            "KEYSTOW_DATA_DIR": "\(directory)/data", "KEYSTOW_MASTER_KEY_FILE": "\(directory)/master.key",
        ]
        let program = try Program(
            ["doctor", "--json"] + arguments, environment: environment.merging(variables) { $1 }, in: vault.directory)
        let code = try await program.wait()
        return Report(
            code: code, findings: program.standardOutput.split(separator: "\n").map { JSONTree(text: String($0)) },
            complaints: program.standardError)
    }

    @Test func `a vault that is well has no fault, with its server running and without`() async throws {
        let vault = try await RunningVault.run { vault in
            let report = try await run(on: vault)
            #expect(report.code == 0, "\(report.findings)")
            #expect(report.level("server") == "ok")
            #expect(report["server"]["detail"].string?.contains("process \(getpid())") == true)
            #expect(try await vault.call("GET", "/v1/keys").status == 200)
            return vault
        }
        let report = try await run(on: vault)
        #expect(report.code == 0, "\(report.findings)")
        #expect(report.complaints == "")
        #expect(report.level("server") == "note")
        for check in ["data_directory", "files", "master_key", "vault", "core_files", "secure_heap", "openssl"] {
            #expect(report.level(check) == "ok", "\(report[check])")
        }
        for check in ["user", "clock", "swap", "open_files", "disk", "sqlite", "public_url", "egress"] {
            #expect(report.level(check) != nil, "\(check)")
        }
        let members: Set = ["check", "level", "ok", "detail", "advice"]
        for finding in report.findings {
            #expect(finding.names == members)
            let needsAdvice = ["warning", "fault"].contains(finding["level"].string)
            #expect(!needsAdvice || finding["advice"].string?.isEmpty == false, "\(finding)")
        }
    }

    @Test func `what others could read is a fault, and so is what is not there`() async throws {
        let vault = try await RunningVault.run { $0 }
        let (data, key) = (vault.directory.path + "/data", vault.directory.path + "/master.key")
        for (path, mode, check) in [
            (data, 0o755, "data_directory"), ("\(data)/vault.db", 0o644, "files"), (key, 0o440, "master_key"),
        ] as [(String, mode_t, String)] {
            var before = stat()
            #expect(stat(path, &before) == 0)
            chmod(path, mode)
            let report = try await run(on: vault)
            #expect(report.code == 65)
            #expect(report.level(check) == "fault", "\(report.findings)")
            #expect(report[check]["ok"].bool == false)
            #expect(report[check]["advice"].string?.contains("chmod") == true)
            chmod(path, before.st_mode & 0o7777)
        }
        #expect(symlink("/etc/passwd", "\(data)/odd") == 0)
        #expect(try await run(on: vault).level("files") == "fault")
        unlink("\(data)/odd")
        #expect(try await run(on: vault).code == 0)
        let other = try await RunningVault.run { $0 }
        let wrong = try await run(on: vault, ["KEYSTOW_MASTER_KEY_FILE": other.directory.path + "/master.key"])
        #expect(wrong.code == 65)
        #expect(wrong["vault"]["detail"].string?.contains("wrong master key") == true)
        let none = try await run(on: vault, ["KEYSTOW_DATA_DIR": vault.directory.path + "/none"])
        #expect(none.code == 65)
        #expect(none["data_directory"]["advice"].string?.contains("keystow init") == true)
    }

    @Test func `a data directory behind a link is looked at where it is, and a link to a master key is a fault`()
        async throws
    {
        let vault = try await RunningVault.run { $0 }
        let (folder, link) = (vault.directory.path, vault.directory.path + "/link")
        #expect(symlink("data", link) == 0)
        let there = try await run(on: vault, ["KEYSTOW_DATA_DIR": link])
        #expect(there.code == 0, "\(there.findings)")
        #expect(there["data_directory"]["detail"].string?.hasPrefix("\(link) leads to ") == true)
        #expect(there.level("vault") == "ok" && there.level("files") == "ok")
        // What lies in it is looked at as well.
        chmod("\(folder)/data/vault.db", 0o644)
        #expect(try await run(on: vault, ["KEYSTOW_DATA_DIR": link]).level("files") == "fault")
        chmod("\(folder)/data/vault.db", 0o600)

        // As secrets are mounted in Kubernetes.
        #expect(symlink("master.key", "\(folder)/secret") == 0 && symlink("nothing", "\(folder)/lost") == 0)
        let secret = try await run(on: vault, ["KEYSTOW_MASTER_KEY_FILE": "\(folder)/secret"])
        #expect(secret.code == 65)
        #expect(secret["master_key"]["detail"].string == "\(folder)/secret is a symbolic link")
        #expect(
            secret["master_key"]["advice"].string?.hasSuffix("=\(FileStatus.real(folder) ?? "")/master.key") == true)
        #expect(secret["vault"]["detail"].string?.contains("must be a file itself") == true)
        let lost = try await run(on: vault, ["KEYSTOW_MASTER_KEY_FILE": "\(folder)/lost"])
        #expect(lost["master_key"]["detail"].string?.hasSuffix("a symbolic link that leads nowhere") == true)
        let nowhere = try await run(on: vault, ["KEYSTOW_DATA_DIR": "\(folder)/lost"])
        #expect(nowhere["data_directory"]["detail"].string == "\(folder)/lost is a link that leads nowhere")
        #expect(mkfifo("\(folder)/pipe", 0o400) == 0)
        let pipe = try await run(on: vault, ["KEYSTOW_MASTER_KEY_FILE": "\(folder)/pipe"])
        #expect(pipe["master_key"]["detail"].string == "\(folder)/pipe is no file")
    }

    @Test func `a master key beside the data and tokens in clear are warned of`() async throws {
        let vault = try await RunningVault.run { $0 }
        let data = vault.directory.path + "/data"
        #expect(rename(vault.directory.path + "/master.key", "\(data)/master.key") == 0)
        let tokens = open("\(data)/first-tokens.json", O_WRONLY | O_CREAT, 0o400)
        close(tokens)
        let report = try await run(
            on: vault, ["KEYSTOW_MASTER_KEY_FILE": "", "KEYSTOW_PUBLIC_URL": "https://keys.example"])
        #expect(report.code == 0, "\(report.findings)")
        #expect(report.level("master_key") == "warning")
        #expect(report.level("first_tokens") == "warning")
        #expect(report.level("public_url") == "ok")
        // The same file by a way round.
        let around = try await run(
            on: vault, ["KEYSTOW_MASTER_KEY_FILE": "\(vault.directory.path)/data/../data/master.key"])
        #expect(around.level("master_key") == "warning")
    }

    @Test func `a provider is called without any key, and what it answers is told`() async throws {
        let vault = try await RunningVault.run { $0 }
        let server = try ScriptedServer { _, _ in (404, "{}") }
        let endpoint = ["KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:\(server.port)/anthropic"]
        let reached = try await run(["--provider", "anthropic"], on: vault, endpoint)
        #expect(reached["egress"]["detail"].string == "1 of 1 providers answer", "\(reached.findings)")
        #expect(server.calls == ["GET /"])
        let gone = try LossyProxy(to: 1, losing: 0).port
        let away = try await run(
            ["--provider", "anthropic"], on: vault, ["KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:\(gone)"])
        #expect(away.code == 0)
        #expect(away.level("egress") == "warning")
        #expect(away["egress"]["advice"].string?.contains("port 443") == true)
        let offline = try await run(["--offline"], on: vault, endpoint)
        #expect(offline.level("egress") == "note")
        #expect(server.calls.count == 1)
        #expect(try await run(["--offline", "--provider", "anthropic"], on: vault).code == 64)
    }

    @Test func `every provider whose base URL is known is called, at its origin alone`() throws {
        var environment = ProcessEnvironment()
        environment.values["KEYSTOW_ENDPOINT_OPENAI"] = "https://gateway.example:8443/openai/v1"
        let configuration = try Configuration(environment: environment)
        let targets = try EgressChecks.targets(configuration, .all)
        let known = try configuration.catalogue().providers.count
        #expect((known / 2...known).contains(targets.count))
        #expect(targets.contains { $0.origin == "https://api.anthropic.com" && !$0.isOverride })
        #expect(targets.contains { $0.origin == "https://gateway.example:8443" && $0.isOverride })
        #expect(targets.allSatisfy { $0.origin.wholeMatch(of: /https:\/\/[a-z0-9.:-]+/) != nil }, "\(targets)")
        #expect(try EgressChecks.targets(configuration, .only([.anthropic])).count == 1)
    }

    @Test func `a clock that differs from the provider's is warned of`() async throws {
        let vault = try await RunningVault.run { $0 }
        for (date, level) in [("Sun, 06 Nov 1994 08:49:37 GMT", "warning"), ("yesterday", nil)] as [(String, String?)] {
            let server = try ScriptedServer(headers: "Date: \(date)\r\n") { _, _ in (200, "{}") }
            let endpoint = ["KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:\(server.port)"]
            let report = try await run(["--provider", "anthropic"], on: vault, endpoint)
            #expect(report.level("clock_skew") == level, "\(report.findings)")
        }
    }

    @Test func `a certificate is looked at: whether the key is its, and when it ends`() async throws {
        let vault = try await RunningVault.run { $0 }
        let folder = vault.directory.path
        @Sendable func certificate(_ name: String, days: Int) throws {
            let place = "\(folder)/\(name)"
            let script =
                "openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout \(place).key"
                + " -out \(place).csr 2>&1 && openssl x509 -req -in \(place).csr -signkey \(place).key -days \(days)"
                + " -out \(place).pem 2>&1"
            let pipe = try #require(popen(script, "r"))
            while case let byte = getc(pipe), byte >= 0 {}
            #expect(pclose(pipe) == 0)
        }
        for (name, days) in [("long", 90), ("short", 5), ("gone", -1)] {
            try await Threads.run { try certificate(name, days: days) }
        }
        for (certificate, key, level) in [
            ("long", "long", "ok"), ("short", "short", "warning"), ("gone", "gone", "fault"),
            ("long", "short", "fault"),
            ("none", "long", "fault"),
        ] {
            chmod("\(folder)/\(key).key", 0o400)
            let report = try await run(
                on: vault,
                ["KEYSTOW_TLS_CERT": "\(folder)/\(certificate).pem", "KEYSTOW_TLS_KEY": "\(folder)/\(key).key"])
            if certificate == "gone" { #expect(report["tls"]["detail"].string?.contains(" ended at ") == true) }
            #expect(report.level("tls") == level, "\(certificate) \(key): \(report["tls"]) \(report.complaints)")
            #expect(report.code == (level == "fault" ? 65 : 0))
        }
        #expect(try await run(on: vault).level("tls") == "ok")
    }

    @Test(.enabled(if: TerminalProgram.isPossible, "there are no pseudo-terminals here"))
    func `at a terminal each thing is a line with what to do below, and the last line sums up`() async throws {
        let vault = try await RunningVault.run { $0 }
        let directory = vault.directory.path
        chmod("\(directory)/data", 0o711)
        let program = try TerminalProgram(
            ["doctor", "--offline"],
            environment: [
                "KEYSTOW_DATA_DIR": "\(directory)/data", "KEYSTOW_MASTER_KEY_FILE": "\(directory)/master.key",
            ], columns: 200)
        #expect(try await program.wait() == 65)
        let lines = program.screen.split(separator: "\n").map(String.init)
        try #require(lines.count > 2)
        #expect(lines[0].hasPrefix("\u{1B}[31mFAULT\u{1B}[0m    data directory    others can enter"), "\(lines[0])")
        #expect(lines[1].hasSuffix("→ chmod 0700 \(directory)/data"))
        #expect(lines.last?.hasPrefix("keystow: 1 fault, ") == true)
    }
}
