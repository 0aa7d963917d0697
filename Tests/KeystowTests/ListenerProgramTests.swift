import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// What `keystow serve` listens on, and to whom, as the network sees it.
@Suite struct ListenerProgramTests {
    private func serve(_ arguments: [String], in directory: TemporaryDirectory) throws -> Program {
        try Program(
            ["serve", "--listen", "127.0.0.1:0"] + arguments,
            environment: ["KEYSTOW_DATA_DIR": "\(directory.path)/data"], in: directory)
    }

    private func tokens(in directory: TemporaryDirectory) throws -> (admin: String, app: String) {
        let text = String(
            decoding: TemporaryDirectory.bytes(of: "\(directory.path)/data/first-tokens.json"), as: UTF8.self)
        return (
            try #require(text.firstMatch(of: /kst_adm_\w+/).map { String($0.0) }),
            try #require(text.firstMatch(of: /kst_app_\w+/).map { String($0.0) })
        )
    }

    private func get(
        _ target: String, _ port: UInt16, token: String? = nil, headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        let headers = headers + (token.map { [("Authorization", "Bearer \($0)")] } ?? [])
        return try await Threads.run { try HTTPExchange.send(port: port, "GET", target, headers: headers) }
    }

    @Test func `admins' calls are answered at their address alone, elsewhere as if they were not there`() async throws {
        let directory = try TemporaryDirectory()
        let program = try serve(["--admin-listen", "127.0.0.1:0"], in: directory)
        let port = try await program.port()
        let line = try #require(program.standardOutput.split(separator: "\n").first)
        let match = line.wholeMatch(
            of: /\{"listening":"http:\/\/127\.0\.0\.1:\d+","admin":"http:\/\/127\.0\.0\.1:(\d+)"\}/)
        let adminPort = try #require(match.flatMap { UInt16($0.1) }, "\(line)")
        let (admin, app) = try tokens(in: directory)

        let unknown = try await get("/v1/nothing", port, token: admin)
        for path in ["/v1/projects", "/v1/tokens", "/v1/stats", "/v1/audit/entries", "/v1/audit/head"] {
            #expect(try await get(path, adminPort, token: admin).status == 200, "\(path)")
            for token in [admin, app, nil] {
                let answer = try await get(path, port, token: token)
                #expect(answer.status == 404, "\(path)")
                #expect(answer.headers.map(\.name) == unknown.headers.map(\.name))
                let withoutID = { (text: String) in text.replacing(/req_\w+/, with: "") }
                #expect(withoutID(answer.text) == withoutID(unknown.text))
            }
        }
        // A method that is not there either tells nothing of the path.
        let posted = try await Threads.run { try HTTPExchange.send(port: port, "PUT", "/v1/tokens", body: []) }
        #expect(posted.status == 404)
        for path in ["/v1/token", "/v1/keys", "/v1/providers"] {
            #expect(try await get(path, port, token: app).status == 200)
            #expect(try await get(path, adminPort, token: app).status == 200)
        }
        for path in ["/healthz", "/readyz", "/openapi.json", "/connect"] {
            #expect(try await get(path, port).status == 200)
            #expect(try await get(path, adminPort).status == 200)
        }
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
        await #expect(throws: TestKitFailure.self) { _ = try await get("/healthz", adminPort) }
    }

    /// How many more refusals the server grants, as the answers to calls with a wrong token say, in their order.
    ///
    /// Where they do not say what is meant they are asked for anew, twice: the server's minute may end between two of them.
    private func left(
        _ calls: [(port: UInt16, headers: [(String, String)])], isMeant: ([Int]) -> Bool
    ) async throws -> [Int] {
        var told: [Int] = []
        for _ in 0..<3 {
            told = []
            for (port, headers) in calls {
                let answer = try await get("/v1/token", port, token: "wrong", headers: headers)
                #expect(answer.status == 401)
                #expect(answer.header("ratelimit-limit") == "60")
                told.append(try #require(answer.header("ratelimit-remaining").flatMap { Int($0) }))
            }
            if isMeant(told) { break }
        }
        return told
    }

    @Test func `limits are counted once, whatever address a caller takes`() async throws {
        let directory = try TemporaryDirectory()
        let program = try serve(["--admin-listen", "127.0.0.1:0"], in: directory)
        let port = try await program.port()
        let adminPort = try #require(
            program.standardOutput.firstMatch(of: /"admin":"[^"]*:(\d+)"/).flatMap { UInt16($0.1) })
        let isOneCount = { (told: [Int]) in told == told.indices.map { told[0] - $0 } }
        let told = try await left(
            [port, port, adminPort, port, adminPort].map { ($0, []) }, isMeant: isOneCount)
        #expect(isOneCount(told), "\(told)")
    }

    @Test func `A14 a proxy's callers are told apart, anybody else's are one`() async throws {
        for isBelieved in [true, false] {
            let directory = try TemporaryDirectory()
            let program = try serve(isBelieved ? ["--behind-proxy", "127.0.0.1, 10.0.0.0/8"] : [], in: directory)
            let port = try await program.port()
            let (_, app) = try tokens(in: directory)
            // What a caller claims to the left of what the proxy saw changes nothing.
            let calls = [
                "198.51.100.1, 192.0.2.1, 10.0.0.7", "192.0.2.1", "198.51.100.2, 192.0.2.1, 10.0.0.8", "192.0.2.2",
            ].map { address in
                (
                    port,
                    [
                        ("X-Forwarded-For", address), ("X-Real-IP", "192.0.2.99"), ("Forwarded", "for=192.0.2.98"),
                        ("X-Forwarded-User", "admin"),
                    ]
                )
            }
            let isMeant = { (told: [Int]) in
                // The last is counted by itself where the proxy is believed: with as many left as in the round before.
                told[1] == told[0] - 1 && told[2] == told[0] - 2 && (told[3] == told[0] - 3) == !isBelieved
            }
            let told = try await left(calls, isMeant: isMeant)
            #expect(isMeant(told), "\(told)")
            // No such field is a credential, and none takes one away.
            let answer = try await get("/v1/token", port, token: app, headers: [("X-Forwarded-For", "192.0.2.1")])
            #expect(answer.status == 200)
        }
    }

    @Test(arguments: [
        ["--listen", "0.0.0.0:0"], ["--listen", "[::]:0"], ["--admin-listen", "0.0.0.0:0"],
        ["--behind-proxy", "proxy.example"],
        ["--behind-proxy", "10.0.0.0/33"], ["--behind-proxy", "10.0.0.1,"], ["--tls-cert", "/nowhere/chain.pem"],
        ["--tls-key", "/nowhere/key.pem"], ["--tls-cert", "/nowhere/chain.pem", "--tls-key", "/nowhere/key.pem"],
    ])
    func `what would carry tokens in plain, or cannot be used, is exit 78 with what to do`(_ flags: [String])
        async throws
    {
        let directory = try TemporaryDirectory()
        let program = try Program(
            ["serve"] + flags, environment: ["KEYSTOW_DATA_DIR": "\(directory.path)/data"], in: directory)
        #expect(try await program.wait() == ExitCode.configuration.rawValue)
        let told = program.standardError
        if flags[1].hasSuffix(":0") {
            #expect(told.contains("KEYSTOW_TLS_CERT") && told.contains("KEYSTOW_BEHIND_PROXY"), "\(told)")
        }
        #expect(!told.contains("proxy.example") && program.standardOutput.isEmpty)
    }

    @Test func `two servers of one address are one too many, and the first goes on`() async throws {
        let directory = try TemporaryDirectory()
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0"], environment: ["KEYSTOW_DATA_DIR": "\(directory.path)/data"],
            in: directory)
        let port = try await program.port()
        let second = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:\(port)"],
            environment: ["KEYSTOW_DATA_DIR": "\(directory.path)/other"], in: directory)
        #expect(try await second.wait() == ExitCode.system.rawValue)
        #expect(try await get("/healthz", port).status == 200)
    }
}
