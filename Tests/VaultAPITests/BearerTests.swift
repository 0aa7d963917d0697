import Testing
import VaultModel
import VaultTestKit

@testable import VaultAPI

/// What stands in `Authorization`, and what it costs to find out that it is nothing.
@Suite struct BearerTests {
    /// A token of the right form that no vault ever made.
    private static func stranger(_ kind: TokenKind = .app) throws -> String {
        let random = try SecretBytes(copying: [UInt8](repeating: 0x5A, count: TokenText.randomCount).span.bytes)
        let text = try TokenText.make(kind: kind, random: random)
        return text?.withBytes { String(decoding: $0.copied, as: UTF8.self) } ?? ""
    }

    private static func lookups(_ statements: [String]) -> [String] {
        statements.filter { $0.contains("FROM tokens") || $0.contains("FROM connect_sessions") }
    }

    @Test func `B03 nothing odd in Authorization is let in, and nothing of it comes to the database`() async throws {
        let trace = try StatementTrace()
        try await RunningVault.run(configuration: Stage.quiet(), limitsFailures: false) { vault in
            let (port, app) = (vault.port, vault.appToken)
            let odd: [[UInt8]] =
                [
                    "Bearer ' OR 1=1--", "Bearer \(FakeKeys.anthropic())", app, "Bearer", "Bearer ", "Basic \(app)",
                    "Bearer  \(app)", "Bearer \(app) x", "Bearer\t\(app)", "Token \(app)",
                    "Bearer \(app),Bearer \(app)",
                    "Bearer \"\(app)\"", "Bearer kst_app_' OR '1'='1", "Bearer \(app.uppercased())",
                    "Bearer \(app.replacing("kst_app_", with: "kst_adm_"))", "Bearer \(app.dropLast())",
                    "Bearer \(app)0",
                    "Bearer \(app.replacing("_", with: "\u{FF3F}"))", "Ｂｅａｒｅｒ \(app)", "Bearer \(app)\u{301}",
                    "Bearer \u{FEFF}\(app)", "Bearer \(app)\u{200B}", "Bearer null", "Bearer undefined", "Bearer *",
                    "*",
                ].map { Array($0.utf8) } + [
                    Array("Bearer \(app)".utf8) + [0xFF], Array("Bearer ".utf8) + [0xC0, 0xAF],
                ]
            let before = Self.lookups(trace.statements(of: vault)).count
            for value in odd {
                for target in ["/v1/keys", "/v1/token", "/connect/session"] {
                    let answer = try await Threads.run { try Self.ask(port, target, value) }
                    // Bytes that are no UTF-8 end the request before anybody asks who sends it.
                    #expect(answer.status == (String(validating: value, as: UTF8.self) == nil ? 400 : 401))
                    #expect(ProblemForm.faults(of: answer, [400, 401]) == [])
                }
            }
            // libmicrohttpd ends a value at a NUL: what stands before it is no token, and what stands behind it is not read.
            for value in ["Bearer \0\(app)", "\0Bearer \(app)", "Bearer \(app.dropLast())\0\(app.suffix(1))"] {
                let bytes = Array(value.utf8)
                let answer = try await Threads.run { try Self.ask(port, "/v1/keys", bytes) }
                #expect(ProblemForm.faults(of: answer, [400, 401]) == [])
            }
            // The connection may end while a mebibyte is still being sent.
            let flood = Array("Bearer ".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
            let said = try await Threads.run { try HTTPExchange.raw(port: port, Self.request(port, "/v1/keys", flood)) }
            #expect(
                said.isEmpty || said.starts(with: Array("HTTP/1.1 431".utf8)),
                "\(String(decoding: said, as: UTF8.self))")
            #expect(Self.lookups(trace.statements(of: vault)).count == before)
            // Of what has a token's form, the database sees 32 bytes of HMAC, and nothing that was sent.
            let stranger = try Self.stranger()
            expectProblem(try await vault.get("/v1/keys", token: stranger), 401, "invalid_token")
            let asked = Self.lookups(trace.statements(of: vault)).dropFirst(before)
            #expect(asked.count == 1)
            #expect(asked.allSatisfy { $0.contains(/WHERE lookup = x'[0-9a-f]{64}'$/) }, "\(asked)")
            #expect(trace.statements(of: vault).allSatisfy { !$0.contains(stranger) && !$0.contains(app) })
        }
    }

    private static func request(_ port: UInt16, _ target: String, _ authorization: [UInt8]) -> [UInt8] {
        Array("GET \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\nAuthorization: ".utf8)
            + authorization
            + Array("\r\n\r\n".utf8)
    }

    private static func ask(_ port: UInt16, _ target: String, _ authorization: [UInt8]) throws -> HTTPAnswer {
        try HTTPExchange.answer(in: try HTTPExchange.raw(port: port, request(port, target, authorization)))
    }

    @Test func `B05 a token with a wrong checksum is refused without a look at the database`() async throws {
        let trace = try StatementTrace()
        try await RunningVault.run(configuration: Stage.quiet(), limitsFailures: false) { vault in
            let link = try await vault.link(user: "u").token
            let before = Self.lookups(trace.statements(of: vault)).count
            for token in [vault.appToken, vault.adminToken, link] {
                for place in [8, 20, 34, 35, 40] {
                    var letters = Array(token)
                    letters[place] = letters[place] == "a" ? "b" : "a"
                    for target in ["/v1/keys", "/connect/session"] {
                        expectProblem(try await vault.get(target, token: String(letters)), 401, "invalid_token")
                    }
                }
            }
            #expect(Self.lookups(trace.statements(of: vault)).count == before)
            // A wrong kind is known from the text alone, too; one of the right kind is looked for.
            expectProblem(try await vault.get("/v1/keys", token: link), 401, "invalid_token")
            #expect(Self.lookups(trace.statements(of: vault)).count == before)
            expectProblem(try await vault.get("/v1/keys", token: try Self.stranger()), 401, "invalid_token")
            #expect(Self.lookups(trace.statements(of: vault)).count == before + 1)
        }
    }

    @Test func `A15 a token in the query is no token, for any call`() async throws {
        try await RunningVault.run(configuration: Stage.quiet(), limitsFailures: false) { vault in
            for row in AuthorizationMatrixTests.rows {
                if case .nothing = row.need { continue }
                let parts = row.call.split(separator: " ")
                let path = String(parts[1].replacing("{", with: "").replacing("}", with: ""))
                for name in ["access_token", "token", "api_key", "authorization", "bearer_token"] {
                    let attempt = Attempt(method: String(parts[0]), target: path, json: row.body)
                        .with(query: "\(name)=\(vault.adminToken)")
                    let answer = try await attempt.send(to: vault)
                    #expect(ProblemForm.faults(of: answer, [401]) == [], "\(row.call)?\(name): \(answer.text)")
                    #expect(answer.json["code"].string == "missing_token")
                    let said = answer.headers.map(\.value) + [answer.text]
                    #expect(said.allSatisfy { !$0.contains(vault.adminToken.dropFirst(8)) }, "\(row.call)?\(name)")
                }
            }
        }
    }

    @Test func `B06 of a thousand tokens no eight characters are in the database or beside it`() async throws {
        try await RunningVault.run(configuration: Stage.quiet()) { vault in
            var pieces: Set<UInt64> = []
            for batch in 0..<10 {
                let texts = try await withThrowingTaskGroup(of: [String].self) { group in
                    for part in 0..<4 {
                        group.addTask {
                            var texts: [String] = []
                            for number in 0..<25 {
                                let body =
                                    #"{"kind":"app","project_id":"\#(vault.projectID)","name":"t\#(batch)-\#(part)-\#(number)"}"#
                                texts.append(try await vault.token(body))
                            }
                            return texts
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                #expect(texts.count == 100 && Set(texts).count == 100)
                for text in texts { pieces.formUnion(Self.windows(Array(text.utf8.dropFirst(8)))) }
            }
            // The random part and the checksum of each.
            #expect(pieces.count > 1000 * 25)
            let files = vault.directory.files().filter { $0.path.contains("/data/") }
            #expect(files.contains { $0.path.hasSuffix("vault.db") || $0.path.hasSuffix("-wal") })
            for file in files { #expect(Self.windows(file.bytes).isDisjoint(with: pieces), "\(file.path)") }
            // The search finds a token where there is one.
            let planted = Array("a name: ".utf8) + Array(vault.appToken.utf8)
            #expect(!Self.windows(planted).isDisjoint(with: Self.windows(Array(vault.appToken.utf8.dropFirst(8)))))
        }
    }

    /// Every eight bytes in a row, as a number.
    private static func windows(_ bytes: [UInt8]) -> Set<UInt64> {
        var windows: Set<UInt64> = []
        var word: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            word = word << 8 | UInt64(byte)
            if index >= 7 { windows.insert(word) }
        }
        return windows
    }
}
