import Testing
import VaultProviders
import VaultTestKit

@testable import VaultAPI

/// Bodies as an attacker sends them, to the real server: what another reader would make of them is not asked.
@Suite struct HostileBodyTests {
    private static let key = FakeKeys.anthropic("hostile")

    /// Sends bytes as the body of a call.
    private func send(
        _ body: [UInt8], to vault: RunningVault, _ method: String = "POST", _ target: String = "/v1/keys",
        declared: String? = nil, framing: String? = nil
    ) async throws -> HTTPAnswer {
        let (port, token) = (vault.port, vault.appToken)
        let head =
            "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
            + "Authorization: Bearer \(token)\r\nContent-Type: application/json\r\n"
            + (framing ?? "Content-Length: \(declared ?? "\(body.count)")") + "\r\n\r\n"
        return try await Threads.run {
            try HTTPExchange.answer(in: try HTTPExchange.raw(port: port, Array(head.utf8) + body))
        }
    }

    private func expectNothing(in vault: RunningVault, _ provider: ProviderSwitch) async throws {
        #expect(try await vault.get("/v1/keys").json["data"].items.isEmpty)
        #expect(provider.calls == 0)
    }

    @Test func `A03 a body with a name twice is 400, whichever of the two a reader would take, and nothing is stored`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let (one, other) = (Self.key, FakeKeys.anthropic("hostile", 2))
            for body in [
                #"{"user_id":"u","key":"\#(one)","key":"\#(other)"}"#,
                #"{"user_id":"u","key":"\#(one)","\u006bey":"\#(other)"}"#,
                #"{"user_id":"u","user_id":"v","key":"\#(one)"}"#,
                #"{"user_id":"u","key":"\#(one)","tags":{"a":"1","a":"2"}}"#,
                #"{"key":null,"user_id":"u","key":"\#(one)"}"#,
            ] {
                let answer = try await send(Array(body.utf8), to: vault)
                expectProblem(answer, 400, "duplicate_member", ["field"])
                #expect(!answer.text.contains(one) && !answer.text.contains(other))
            }
            try await expectNothing(in: vault, provider)
        }
    }

    @Test(arguments: JSONReaderTests.leniencies)
    func `A04 what other readers let pass is 400 from the server too`(_ text: JSONCase) async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            for target in ["/v1/keys", "/v1/inspect"] {
                expectProblem(try await send(text.bytes, to: vault, "POST", target), 400, "invalid_json")
            }
            // The same around a body that would do.
            let good = Array(#"{"user_id":"u","key":"\#(Self.key)"}"#.utf8)
            let marked: [[UInt8]] = [[0xEF, 0xBB, 0xBF] + good, good + [0], good.flatMap { [$0, 0] }]
            for bytes in marked + [Array(good.dropLast() + Array(",}".utf8))] {
                expectProblem(try await send(bytes, to: vault), 400, "invalid_json")
            }
            try await expectNothing(in: vault, provider)
        }
    }

    @Test func `A05 nesting is refused at the seventeenth level, however deep it would go on`() async throws {
        try await Stage.run { vault in
            // No call takes so deep a value: of sixteen levels the shape is what is wrong, of seventeen the text.
            let nested = { (depth: Int) in
                Array(
                    (#"{"key":"# + String(repeating: "[", count: depth - 1) + String(repeating: "]", count: depth - 1)
                        + "}").utf8)
            }
            expectProblem(try await send(nested(16), to: vault, "POST", "/v1/inspect"), 422, "invalid_field", ["field"])
            for depth in [17, 512, 513, 30_000] {
                let answer = try await send(nested(depth), to: vault, "POST", "/v1/inspect")
                expectProblem(answer, 400, "invalid_json")
                #expect(answer.json["detail"].string?.contains("nested too deeply") == true)
            }
            let flood = [UInt8](repeating: UInt8(ascii: "["), count: 5_000_000)
            #expect(try await refusedUnread(flood, by: vault))
        }
    }

    @Test func `A06 a body of 200 strings is read, one of 201 is 400, and 200,000 members are not even taken`()
        async throws
    {
        try await Stage.run { vault in
            // With the names and values of an object of texts it is two strings a member, and `key`, `tags` besides.
            let body = { (strings: Int) in
                Array(
                    (#"{"key":"hello","x":["# + Array(repeating: "\"a\"", count: strings - 3).joined(separator: ",")
                        + "]}").utf8)
            }
            expectProblem(try await send(body(200), to: vault, "POST", "/v1/inspect"), 422, "unknown_member", ["field"])
            expectProblem(try await send(body(201), to: vault, "POST", "/v1/inspect"), 400, "invalid_json")
            let many = "{" + (0..<200_000).map { "\"\($0)\":1" }.joined(separator: ",") + "}"
            #expect(many.utf8.count > 2_000_000)
            #expect(try await refusedUnread(Array(many.utf8), by: vault))
        }
    }

    @Test func `A07 a body may have 64 KiB and not one byte more, however its length is told`() async throws {
        try await Stage.run { vault in
            let body = { (count: Int) in
                let text = #"{"key":"hello"}"#
                return Array((text + String(repeating: " ", count: count - text.utf8.count)).utf8)
            }
            #expect(try await send(body(65_536), to: vault, "POST", "/v1/inspect").status == 200)
            expectProblem(try await send(body(65_537), to: vault, "POST", "/v1/inspect"), 413, "body_too_large")
            // Whatever says that it has no length is not taken at all.
            let chunked = Array("10001\r\n".utf8) + body(65_537) + Array("\r\n0\r\n\r\n".utf8)
            for framing in ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 5"] {
                let answer = try await send(chunked, to: vault, "POST", "/v1/inspect", framing: framing)
                expectProblem(answer, 400, "invalid_parameter", answer.json["field"] == .null ? [] : ["field"])
            }
            // A terabyte, of which one byte comes: answered from what was declared, before anything is set aside for it.
            for declared in ["1099511627776", "9223372036854775807"] {
                let answer = try await send([UInt8(ascii: "{")], to: vault, "POST", "/v1/inspect", declared: declared)
                #expect(ProblemForm.faults(of: answer, [413]) == [], "\(answer.text)")
            }
            // What no number of 64 bits holds, libmicrohttpd refuses itself, in its own words.
            let beyond = try await send(
                [UInt8(ascii: "{")], to: vault, "POST", "/v1/inspect", declared: "18446744073709551616")
            #expect([400, 413].contains(beyond.status), "\(beyond.text)")
            #expect(try await vault.get("/v1/keys").status == 200)
        }
    }

    /// A body too large is refused from its head, or its connection ends while it is being sent; nothing else.
    private func refusedUnread(_ body: [UInt8], by vault: RunningVault) async throws -> Bool {
        do {
            return try await send(body, to: vault, "POST", "/v1/inspect").status == 413
        } catch is TestKitFailure {
            // The server closed before all was sent, and its answer went with the connection.
            return try await vault.get("/v1/token").status == 200
        }
    }

    @Test
    func `A08 a member that a call does not know is 422 from every call that takes a body, and nothing is applied`()
        async throws
    {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            var tried = 0
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let route = try #require(Routes.all.first { "\($0.method) \($0.path)" == row.call })
                guard let shape = route.shape else { continue }
                let right = try await cast.attempt(row, cast.guest(of: row), number)
                let before = try await state(of: vault)
                for more in [
                    #""is_admin":true"#, #""tenant":"x""#, #""role":"adm""#, #""status":"active""#, #""id":"key_1""#,
                    #""owner":{"api_base":"https://evil.example"}"#, #""__proto__":{}"#, #""created_at":null"#,
                    #""scope":"keys:reveal""#, #""base_url":"https://evil.example""#,
                ] {
                    let name = more.split(separator: "\"").first.map(String.init) ?? ""
                    guard !shape.members.contains(where: { $0.name == name }) else { continue }
                    let body = right.json ?? "{}"
                    let attempt = right.with { $0.json = "{\(more)" + (body == "{}" ? "" : ",") + body.dropFirst() }
                    let answer = try await attempt.send(to: vault)
                    #expect(answer.status == 422, "\(row.call) \(more): \(answer.text)")
                    #expect(answer.json["code"].string == "unknown_member", "\(row.call) \(more)")
                    tried += 1
                }
                #expect(try await state(of: vault) == before, "\(row.call)")
            }
            #expect(tried > 150)
            // Below the first level as well: a policy, parameters and tags take what they declare.
            let nested =
                #"{"user_id":"u","key":"\#(Self.key)","validation":"skip","params":{"api_base":"https://evil.example"}}"#
            expectProblem(try await vault.post("/v1/keys", nested), 422, "invalid_field", ["field"])
        }
    }

    /// The end of the audit log and how many things there are: what no refused call may change.
    private func state(of vault: RunningVault) async throws -> [String] {
        var counts: [String] = []
        for table in ["keys", "versions", "tokens", "projects", "policies", "connect_sessions", "revocations"] {
            counts.append(try vault.ask("SELECT COUNT(*) || ':' || COALESCE(MAX(rowid), 0) FROM \(table)"))
        }
        counts.append(try vault.ask("SELECT COALESCE(MAX(seq), 0) FROM audit WHERE action <> 'request.refused'"))
        return counts
    }

    @Test func `A09 every call that takes a body takes it as JSON in UTF-8 alone`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let route = try #require(Routes.all.first { "\($0.method) \($0.path)" == row.call })
                guard route.shape != nil else { continue }
                let right = try await cast.attempt(row, cast.guest(of: row), about: .absent, number).with {
                    $0.json = $0.json ?? "{}"
                }
                for type in [
                    nil, "text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded",
                    "multipart/form-data; boundary=x", "application/json, text/plain", "application/vnd.api+json",
                    "json",
                ] {
                    let answer = try await right.with { $0.contentType = type }.send(to: vault)
                    let faults = ProblemForm.faults(of: answer, [415])
                    #expect(faults == [], "\(row.call) as \(type ?? "nothing"): \(answer.text)")
                }
                let good = try await right.with { $0.contentType = "application/json; charset=UTF-8" }.send(to: vault)
                #expect(good.status != 415, "\(row.call)")
            }
        }
    }

    @Test func `A22 a key is 16 to 512 printable bytes, and one with anything else in it is 422 and never sent`()
        async throws
    {
        let provider = ProviderSwitch()
        try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(), adding: [("acme.json", Array(Self.acme.utf8))]
        ) { vault in
            let middle = { (odd: String) in Self.key.prefix(40) + odd + Self.key.dropFirst(40) }
            for odd in ["\\r", "\\n", "\\r\\nx-evil: 1\\r\\n", "\\t", "\\u007f", " ", "😀", "\\u0000", "é", "\\u2028"] {
                for user in ["u", "v"] {
                    let answer = try await vault.create(
                        String(middle(odd)), user: user, user == "u" ? #""provider":"anthropic""# : "")
                    // What is broken in two is judged as two things, or put together again as the one key that it is.
                    guard answer.status == 201 else {
                        #expect(answer.status == 422, "\(odd): \(answer.text)")
                        #expect(answer.json["code"].string != "invalid_field", "\(odd): \(answer.text)")
                        continue
                    }
                    let id = try #require(answer.json["id"].string)
                    let revealed = try await vault.post("/v1/keys/\(id)/reveal").json["key"].string
                    #expect(revealed == Self.key, "\(odd)")
                    #expect(try await vault.call("DELETE", "/v1/keys/\(id)").status == 204)
                }
            }
            let acme = { (count: Int) in "acme_" + String(repeating: "Q7x", count: 200).prefix(count - 5) }
            for (count, status) in [(15, 422), (16, 201), (512, 201), (513, 422)] {
                let answer = try await vault.create(acme(count), #""provider":"acme","validation":"skip""#)
                #expect(answer.status == status, "\(count): \(answer.text)")
            }
            for nothing in ["", " ", "\\n"] {
                expectProblem(try await vault.create(nothing), 422, "malformed_key", ["kind"])
            }
        }
    }

    private static let acme = #"""
        {"id": "acme", "name": "Acme", "console_url": "https://acme.test/keys", "billing_url": "https://acme.test/pay",
         "docs_url": "https://acme.test/docs", "base_url": "https://api.acme.test/v1", "variables": ["ACME_KEY"],
         "steps": ["Open {console_url}."],
         "keys": [{"kind": "api_key", "prefix": "acme_", "alphabet": "alphanumeric", "body": [11, 507], "verified": true}],
         "calls": {"identity": {"method": "GET", "path": "/models", "headers": {"authorization": "Bearer {key}"},
           "expects": "data", "verified": true}},
         "outcomes": [{"status": 200, "verdict": "valid", "reason": "ok", "message": "Works.", "verified": true}]}
        """#
}
