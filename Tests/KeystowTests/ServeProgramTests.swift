import Glibc
import Testing
import VaultModel
import VaultTestKit

@testable import keystow

/// `keystow serve` itself, as the shell sees it.
@Suite struct ServeProgramTests {
    private func serve(_ arguments: [String], in directory: TemporaryDirectory) throws -> Program {
        try Program(
            ["serve", "--listen", "127.0.0.1:0"] + arguments,
            environment: ["KEYSTOW_DATA_DIR": "\(directory.path)/data"], in: directory)
    }

    private func call(
        _ method: String, _ target: String, _ port: UInt16, token: String, json: String? = nil
    ) async throws -> HTTPAnswer {
        var headers = [("Authorization", "Bearer \(token)")]
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await Threads.run { [headers] in
            try HTTPExchange.send(port: port, method, target, headers: headers, body: json.map { Array($0.utf8) })
        }
    }

    /// The token in the link that a server has printed after it began to listen.
    private func linkToken(_ program: Program, startsWith base: String) async throws -> String {
        var found: String?
        try await eventually("a link") {
            let lines = program.standardOutput.split(separator: "\n")
            guard lines.count == 2, lines[1].hasSuffix(#""}"#) else { return program.ended() != nil }
            #expect(lines[0].hasPrefix(#"{"listening":"http://127.0.0.1:"#))
            #expect(lines[1].hasPrefix(#"{"connect":"\#(base)/connect#kst_con_"#), "\(lines[1])")
            found = lines[1].firstMatch(of: /kst_con_\w+/).map { String($0.0) }
            return true
        }
        return try #require(found, "\(program.standardError)")
    }

    private func stop(_ program: Program) async throws {
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
    }

    @Test(arguments: ["link", "around/data"])
    func `a data directory behind a link is used as if it were there itself`(_ name: String) async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/\(name)"
        #expect(mkdir("\(directory.path)/data", 0o700) == 0)
        #expect(symlink("data", "\(directory.path)/link") == 0 && symlink(".", "\(directory.path)/around") == 0)
        for _ in 0..<2 {
            let program = try serve(["--data-dir", path], in: directory)
            #expect(try await program.port() > 0, "\(program.standardError)")
            try await stop(program)
        }
        // And with the log that a kill leaves.
        let killed = try serve(["--data-dir", path], in: directory)
        _ = try await killed.port()
        killed.signal(SIGKILL)
        #expect(try await killed.wait() == 137)
        let tokens = try Program(["token", "list", "--data-dir", path], in: directory)
        #expect(try await tokens.wait() == 0, "\(tokens.standardError)")
    }

    @Test func `why a data directory cannot be used is said in words`() async throws {
        let directory = try TemporaryDirectory()
        let (file, odd) = ("\(directory.path)/file", "\(directory.path)/odd")
        close(open(file, O_WRONLY | O_CREAT, 0o600))
        #expect(mkdir(odd, 0o700) == 0 && symlink("/nowhere", "\(odd)/vault.db") == 0)
        for (path, reason) in [
            (file, "cannot make the lock file: Not a directory"),
            (odd, "cannot make the database: Too many levels of symbolic links"),
            ("\(file)/below", "cannot make the data directory: Not a directory"),
        ] {
            let program = try serve(["--data-dir", path, "--master-key-file", "\(directory.path)/key"], in: directory)
            #expect(try await program.wait() == 74)
            #expect(program.standardError == "keystow: the database cannot be opened: \(reason)\n")
        }
    }

    @Test func `with --connect it prints a link for that user in the oldest project, good for an hour`() async throws {
        let directory = try TemporaryDirectory()
        let first = try serve(["--connect", "ada"], in: directory)
        let port = try await first.port()
        let token = try await linkToken(first, startsWith: "http://127.0.0.1:\(port)")
        let shown = try await call("GET", "/connect/session", port, token: token).json
        #expect(shown["user"].string == "ada")
        #expect(shown["purpose"].string == "store")
        let now = try #require(shown["now"].string.flatMap { Timestamp(rfc3339: $0) })
        let end = try #require(shown["expires_at"].string.flatMap { Timestamp(rfc3339: $0) })
        #expect((1800...3600).contains(end.seconds(since: now)))
        #expect(!first.standardError.contains("kst_"))

        let tokens = String(
            decoding: TemporaryDirectory.bytes(of: "\(directory.path)/data/first-tokens.json"), as: UTF8.self)
        let admin = try #require(tokens.firstMatch(of: /kst_adm_\w+/).map { String($0.0) })
        let made = try await call("POST", "/v1/projects", port, token: admin, json: #"{"name":"a newer one"}"#)
        #expect(made.status == 201)
        try await stop(first)

        let second = try serve(["--connect=bob", "--public-url", "https://keys.example/vault/"], in: directory)
        let again = try await second.port()
        let other = try await linkToken(second, startsWith: "https://keys.example/vault")
        let answer = try await call("GET", "/connect/session", again, token: other)
        #expect(answer.json["user"].string == "bob", "\(answer.text)")
        #expect(answer.json["project"]["name"].string == shown["project"]["name"].string)
        #expect(answer.json["project"]["name"].string != "a newer one")
        try await stop(second)
    }

    @Test func `a credential is no user of --connect, and makes no vault`() async throws {
        let directory = try TemporaryDirectory()
        let program = try serve(["--connect", FakeKeys.anthropic()], in: directory)
        #expect(try await program.wait() == ExitCode.usage.rawValue)
        #expect(program.standardError.contains("--connect is a credential"))
        #expect(!program.standardError.contains(FakeKeys.anthropic()))
        #expect(!TemporaryDirectory.names(in: directory.path).contains { $0.hasSuffix("/data") })
    }

    @Test func `without --connect it prints no link`() async throws {
        let directory = try TemporaryDirectory()
        let program = try serve([], in: directory)
        _ = try await program.port()
        try await stop(program)
        #expect(program.standardOutput.split(separator: "\n").count == 1)
        #expect(!program.standardOutput.contains("connect"))
    }
}
