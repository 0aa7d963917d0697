import Glibc
import Testing
import VaultProviders
import VaultTestKit

/// A secret is in no file, answer, audit entry or line of output, wherever it was sent.
@Suite struct LeakTests {
    /// 93 characters after the prefix, of which no eight stand anywhere else.
    static let tail =
        String(
            (0..<93).map { index in
                let alphabet = Array("bcdfghjkmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ23456789")
                return alphabet[(index * 31 + index * index * 7 + 5) % alphabet.count]
            }) + "AA"
    static let marker = "sk-ant-" + "api03-" + tail
    static let other = "sk-ant-" + "api03-" + String(tail.dropLast(2).reversed()) + "AA"

    /// Forty bodies that are no good, each with the marker as far as it goes.
    static let malformed: [String] = {
        let m = marker
        return [
            "", "\(m)", "\"\(m)\"", "[\"\(m)\"]", "{\"key\":\"\(m)", "{\"key\":\"\(m)\"", "{\"key\":\"\(m)\",}",
            "{\"key\":\(m)}", "{'key':'\(m)'}", "{\"key\":\"\(m)\",\"key\":\"\(m)\"}", "{\"\(m)\":1}",
            "{\"\(m)\":1,\"\(m)\":2}", "{\"key\":{\"\(m)\":\"\(m)\"}}", "{\"key\":[\"\(m)\"]}", "{\"key\":\"\(m)\\x\"}",
            "{\"key\":\"\(m)\\ud800\"}", "{\"key\":\"\(m)\u{1}\"}", "\u{FEFF}{\"key\":\"\(m)\"}",
            "{\"key\":\"\(m)\"} \(m)",
            "{\"user_id\":\"u\",\"key\":\"\(m) \(m)x\"}", "{\"user_id\":\"u\",\"key\":\"\(m)…\"}",
            "{\"user_id\":\"u\",\"key\":\"\(m.dropLast(20))\"}", "{\"user_id\":\"u\",\"key\":\"\(m) \(other)\"}",
            "{\"user_id\":\"u\",\"key\":\"sk-ant-oat01-\(tail)\"}",
            "{\"user_id\":\"u\",\"key\":\"sk-ant-admin01-\(tail)\"}",
            "{\"user_id\":\"u\",\"key\":\"https://example.org/?key=\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"x\",\"\(m)\":1}",
            "{\"user_id\":\"u\",\"key\":\"x\",\"provider\":\"\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"x\",\"validation\":\"\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"x\",\"expires_at\":\"\(m)\"}", "{\"user_id\":7,\"key\":\"\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"validation\":7}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"tags\":\"\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"tags\":{\"\(m)\":\"\(m)\"}}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"label\":[\"\(m)\"]}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"project_id\":\"\(m)\"}", "{\"user_id\":\"\",\"key\":\"\(m)\"}",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"expires_at\":\"2001-01-01T00:00:00Z\"}",
            "{\"key\":true,\"x\":\"\(m)\"}",
            String(repeating: "[", count: 40) + "\"\(m)\"",
            "{\"user_id\":\"u\",\"key\":\"\(m)\",\"funding_check\":\"\(m)\"}",
        ]
    }()

    /// Sends the marker everywhere; returns every answer but those of `reveal`, as bytes.
    static func push(
        port: UInt16, app: String, admin: String, calls: [(method: String, path: String)]
    ) throws -> [(call: String, bytes: [UInt8])] {
        var answers: [(String, [UInt8])] = []
        func send(
            _ method: String, _ path: String, _ body: String?, _ headers: [(String, String)] = [], token: String? = nil
        ) throws -> HTTPAnswer {
            let all = [("Authorization", "Bearer \(token ?? app)"), ("Content-Type", "application/json")] + headers
            let answer = try HTTPExchange.send(
                port: port, method, path, headers: all, body: body.map { Array($0.utf8) })
            let lines = answer.headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
            answers.append(("\(method) \(path.prefix(40)) \(answer.status)", Array(lines.utf8) + [10] + answer.body))
            return answer
        }
        for body in malformed {
            for path in ["/v1/keys", "/v1/inspect"] { _ = try send("POST", path, body) }
        }
        for (method, template) in calls {
            let withBody = method != "GET" && method != "DELETE"
            for token in [app, admin] {
                let path = template.replacing("{id}", with: marker).replacing("{user_id}", with: marker)
                    .replacing("{provider}", with: marker)
                _ = try send(method, path, withBody ? #"{"key":"\#(marker)","name":"\#(marker)"}"# : nil, token: token)
                _ = try send(method, "\(path)?cursor=\(marker)&\(marker)=\(marker)", nil, token: token)
            }
            _ = try send(
                method, template, withBody ? "{\"\(marker)\":1}" : nil,
                [("Idempotency-Key", marker), ("X-Api-Key", marker), ("If-Match", marker)])
            _ = try send(method, template, nil, [("Accept", marker)])
            _ = try send(method, template + "/" + marker, nil)
            _ = try send(marker, template, nil)
        }
        for scheme in ["Bearer \(marker)", marker, "Basic \(marker)", "Bearer kst_app_\(marker)"] {
            let answer = try HTTPExchange.send(port: port, "GET", "/v1/keys", headers: [("Authorization", scheme)])
            answers.append(("Authorization", answer.body))
        }
        let good = #"{"user_id":"u","key":"\#(marker)","funding_check":true}"#
        // Some of what looks malformed holds a key that the doctor finds.
        _ = try send("DELETE", "/v1/users/u", nil)
        let id = try send("POST", "/v1/keys", good, [("Idempotency-Key", "one")]).json["id"].string ?? ""
        _ = try send("POST", "/v1/keys", good, [("Idempotency-Key", "one")])
        _ = try send("POST", "/v1/keys", good)
        _ = try send("POST", "/v1/inspect", #"{"key":"export ANTHROPIC_API_KEY=\#(marker)"}"#)
        let skipped = #"{"user_id":"u","key":"\#(marker)","validation":"skip"}"#
        let stored = id.isEmpty ? try send("POST", "/v1/keys", skipped).json["id"].string ?? "" : id
        guard !stored.isEmpty else {
            throw TestKitFailure("not stored: \(String(decoding: answers.last?.1 ?? [], as: UTF8.self))")
        }
        _ = try send("POST", "/v1/keys/\(stored)/check", #"{"funding_check":true}"#)
        _ = try send("POST", "/v1/keys/\(stored)/rotate", #"{"key":"\#(other)","validation":"skip"}"#)
        _ = try send("POST", "/v1/keys/\(stored)/rotate", #"{"key":"\#(marker)"}"#)
        _ = try send("POST", "/v1/keys/\(stored)/rollback", "")
        let revealed = try HTTPExchange.send(
            port: port, "POST", "/v1/keys/\(stored)/reveal", headers: [("Authorization", "Bearer \(app)")], body: [])
        guard revealed.text.contains(marker) else { throw TestKitFailure("reveal gave \(revealed.status)") }
        for path in ["/v1/keys", "/v1/keys/\(stored)", "/v1/keys/\(stored)/versions", "/v1/keys/\(stored)/events"] {
            _ = try send("GET", path, nil)
        }
        for after in [0, 200, 400, 600, 800] {
            _ = try send("GET", "/v1/audit/entries?limit=200&after=\(after)", nil, token: admin)
        }
        return answers
    }

    static func calls(port: UInt16) throws -> [(method: String, path: String)] {
        guard case .object(let paths) = try HTTPExchange.send(port: port, "GET", "/openapi.json").json["paths"] else {
            throw TestKitFailure("no paths")
        }
        return paths.flatMap { path, operations in operations.names.map { (method: $0.uppercased(), path: path) } }
            .filter { !$0.path.hasSuffix("/reveal") && $0.path != "/v1/revoke" }.sorted { $0.path < $1.path }
    }

    static let traces = [Traces(of: tail), Traces(of: String(tail.dropLast(2).reversed()))]

    static func leaks(_ places: [(String, [UInt8])]) -> [String] {
        places.compactMap { place, bytes in
            traces.lazy.compactMap { $0.first(in: bytes) }.first.map { "\(place): \($0)" }
        }
    }

    @Test
    func
        `A02, A15 the program leaves no piece of a key in a file, an answer, the audit log or its output, or of a token`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data"],
            environment: [
                "KEYSTOW_LOG": "debug", "KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:9", "KEYSTOW_RATE_LIMIT": "off",
                "KEYSTOW_VALIDATION_LIMITS": "off",
            ], in: directory)
        let port = try await program.port()
        let words = String(
            decoding: TemporaryDirectory.bytes(of: directory.path + "/data/first-tokens.json"), as: UTF8.self
        ).split(separator: "\"").map(String.init)
        let app = try #require(words.first { $0.hasPrefix("kst_app_") })
        let admin = try #require(words.first { $0.hasPrefix("kst_adm_") })
        let answers = try await Threads.run {
            try Self.push(port: port, app: app, admin: admin, calls: try Self.calls(port: port))
        }
        #expect(answers.count > 200)
        #expect(Set(Self.malformed).count >= 40 && Self.tail.utf8.count >= 64)
        #expect(Self.leaks(answers.map { ($0.call, $0.bytes) }) == [])
        // The log of the database, before it is emptied, and then everything after a clean stop.
        #expect(Self.leaks(directory.files().map { ($0.path, $0.bytes) }) == [])
        // A token in a query is not believed, and not written down.
        let query = try await Threads.run {
            try ["/v1/keys", "/v1/nothing", "/connect", "/connect.js"].map {
                try HTTPExchange.send(port: port, "GET", "\($0)?access_token=\(app)&token=\(admin)").status
            }
        }
        #expect(query == [401, 404, 200, 200])
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
        let said = program.standardError + program.standardOutput
        #expect(
            said.contains("GET /connect.js") && !said.contains(app.dropFirst(8)) && !said.contains(admin.dropFirst(8)))
        let files = directory.files()
        #expect(files.contains { $0.path.contains("/err-") && !$0.bytes.isEmpty })
        #expect(Self.leaks(files.map { ($0.path, $0.bytes) }) == [])

        // The search itself finds a piece in a file, plain, as hex and as base64 however it falls.
        let piece = Self.tail.prefix(40).suffix(8)
        #expect(Self.leaks([("planted", Array("label \(piece)!".utf8))]).count == 1)
        let hex = piece.utf8.map { String($0, radix: 16, uppercase: true) }.joined()
        #expect(Self.leaks([("planted", Array("x\(hex)".utf8))]).count == 1)
        for padding in ["", "a", "ab"] {
            let path = directory.path + "/data/planted"
            let code = system("printf %s '\(padding)\(Self.tail)' | base64 -w0 > \(path)")
            #expect(code == 0)
            #expect(Self.leaks([("planted", TemporaryDirectory.bytes(of: path))]).count == 1)
        }
    }

    @Test func `V08 providers that echo the whole key leave nothing of it in an answer, a file or the log`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let sandbox = try Program(named: "keystow-sandbox", ["--listen", "127.0.0.1:0"], in: directory)
        let upstream = try await sandbox.port()
        let url = "http://127.0.0.1:\(upstream)"
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data"],
            environment: [
                "KEYSTOW_LOG": "debug", "KEYSTOW_VALIDATION_LIMITS": "off", "KEYSTOW_ENDPOINT_ANTHROPIC": url,
                "KEYSTOW_ENDPOINT_GROQ": "\(url)/groq/openai/v1", "KEYSTOW_ENDPOINT_XAI": "\(url)/xai/v1",
            ], in: directory)
        let port = try await program.port()
        let words = String(
            decoding: TemporaryDirectory.bytes(of: directory.path + "/data/first-tokens.json"), as: UTF8.self
        ).split(separator: "\"").map(String.init)
        let app = try #require(words.first { $0.hasPrefix("kst_app_") })
        let admin = try #require(words.first { $0.hasPrefix("kst_adm_") })
        let anthropic = "sk-ant-" + "api03-echo" + Self.tail.dropFirst(4)
        let keys: [String] = [
            anthropic, "gs" + "k_echo" + Self.tail.prefix(48), "xa" + "i-echo" + Self.tail.prefix(76),
        ]
        let traces = Traces(of: String(Self.tail.dropFirst(4)))
        let answers = try await Threads.run {
            var answers: [HTTPAnswer] = []
            for (number, key) in keys.enumerated() {
                let headers = [("Authorization", "Bearer \(app)"), ("Content-Type", "application/json")]
                for validation in ["best_effort", "required", "skip"] {
                    let body = #"{"user_id":"u\#(number)","key":"\#(key)","validation":"\#(validation)"}"#
                    answers.append(
                        try HTTPExchange.send(
                            port: port, "POST", "/v1/keys", headers: headers, body: Array(body.utf8)))
                }
                answers.append(
                    try HTTPExchange.send(
                        port: port, "GET", "/v1/audit/entries", headers: [("Authorization", "Bearer \(admin)")]))
            }
            return answers
        }
        // The providers refuse in words that hold the key; what is skipped is not asked about.
        #expect(answers.map(\.status) == [422, 422, 201, 200, 422, 422, 201, 200, 422, 422, 201, 200])
        #expect(answers[0].json["provider_error"]["error"]["message"].string?.contains("[redacted]") == true)
        #expect(answers.compactMap { traces.first(in: $0.body) } == [])
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)
        #expect(directory.files().compactMap { traces.first(in: $0.bytes) } == [])

        // The control: the stand-in does echo, and the search does find it.
        let echoed = try await Threads.run {
            try HTTPExchange.send(
                port: upstream, "GET", "/v1/models",
                headers: [("x-api-key", anthropic), ("anthropic-version", "2023-06-01")])
        }
        #expect(traces.first(in: echoed.body) != nil)
    }

    @Test(arguments: [200, 400, 401, 403, 404, 429, 500, 529])
    func `a provider that sends the key back gives nothing away`(_ status: Int) async throws {
        let echo =
            #"{"type":"error","error":{"type":"\#(Self.marker)","message":"bad \#(Self.marker) \#(Self.other)"},"data":[{"id":"\#(Self.marker)"}]}"#
        let send: Probe.Send = { _ in
            .response(
                status: status,
                headers: [
                    ("request-id", Self.marker), ("anthropic-organization-id", Self.marker),
                    ("retry-after", Self.marker),
                ],
                body: Array(echo.utf8))
        }
        try await RunningVault.run(provider: .function(send), limitsFailures: false) { vault in
            let (port, app, admin) = (vault.port, vault.appToken, vault.adminToken)
            let answers = try await Threads.run { try Self.push(port: port, app: app, admin: admin, calls: []) }
            #expect(Self.leaks(answers.map { ($0.call, $0.bytes) }) == [])
            #expect(Self.leaks(vault.directory.files().map { ($0.path, $0.bytes) }) == [])
        }
    }
}
