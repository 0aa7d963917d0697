import HTTPServer
import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

@testable import VaultAPI

/// The calls of the page behind a link.
@Suite struct ConnectPageTests {
    @Test func `the page is told whose account, which app and whose keys`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(#""user_label":"ada@example.com""#)
            let page = try await vault.page(link).json
            #expect(page["state"].string == "pending")
            #expect(page["user"].string == "ada@example.com")
            #expect(page["project"]["name"].string?.isEmpty == false)
            #expect(page["readers"].int == 1, "the first app token may read keys")
            #expect(page["checking"].bool == false)
            #expect(page["key"] == .null)
            let ids = page["providers"].items.compactMap { $0["id"].string }
            #expect(ids.contains("anthropic") && ids.contains("openai"))
            #expect(!ids.contains("azure_openai") && !ids.contains("bedrock") && !ids.contains("vertex"))
            let anthropic = try #require(page["providers"].items.first { $0["id"].string == "anthropic" })
            #expect(anthropic["example"].string == "sk-ant-api03-…")
            #expect(anthropic["funding_check"].bool == true)
            let unnamed = try await vault.page(try await vault.link()).json
            #expect(unnamed["user"].string == "ada", "the id, where the app gave no label")
        }
    }

    @Test func `a saved key uses its link up, and the link goes on telling what came of it until its end`() async throws
    {
        try await Stage.run { vault in
            let link = try await vault.link()
            let saved = try await vault.save(FakeKeys.anthropic(), link, #""label":"work""#)
            #expect(saved.status == 201)
            #expect(saved.json["already_saved"].bool == false)
            #expect(saved.json["label"].string == "work")
            // The app's own words about the key and its user are none of the page's.
            for name in ["tags", "user_id", "project_id", "fingerprint", "account", "params"] {
                #expect(saved.json[name] == .null, "\(name)")
            }
            #expect(saved.json["verdict"]["code"].string == "valid")
            let id = try #require(saved.json["id"].string)
            let told = try await vault.state(of: link)
            #expect(told["state"].string == "completed")
            #expect(told["key_id"].string == id)
            let page = try await vault.page(link).json
            #expect(page["state"].string == "completed")
            #expect(page["key"]["hint"].string == saved.json["hint"].string)
            expectProblem(try await vault.save(FakeKeys.anthropic("valid", 2), link), 410, "session_used")
            expectProblem(
                try await vault.call("POST", "/connect/inspect", #"{"key":"x"}"#, token: link.token), 410,
                "session_used")
            let withdrawn = try await vault.call("DELETE", "/v1/connect/sessions/\(link.id)")
            expectProblem(withdrawn, 409, "wrong_state")
            vault.time.advance(by: 7300)
            expectProblem(try await vault.page(link), 410, "session_expired")
            expectProblem(try await vault.save(FakeKeys.anthropic("valid", 2), link), 410, "session_expired")
            #expect(try await vault.state(of: link)["state"].string == "completed")
            let log = try await vault.get("/v1/audit/entries?action=connect.completed", token: vault.adminToken)
            #expect(log.json["data"].items.first?["actor"]["kind"].string == "con")
            #expect(log.json["data"].items.first?["object"].string == link.id)
        }
    }

    @Test func `whatever is refused leaves the link as it was`() async throws {
        let provider = ProviderSwitch(.refusing)
        try await Stage.run(provider) { vault in
            let link = try await vault.link()
            expectProblem(
                try await vault.save(FakeKeys.oauthAccessToken(), link), 422, "oauth_token_rejected",
                ["kind", "provider_error", "quoted", "docs_url"])
            #expect(provider.calls == 0)
            let invalid = try await vault.save(FakeKeys.anthropic(), link)
            #expect(invalid.status == 422)
            #expect(invalid.json["code"].string == "invalid_key")
            #expect(try await vault.state(of: link)["state"].string == "pending")
            provider.answers(.accepting)
            #expect(try await vault.save(FakeKeys.anthropic("valid", 2), link).status == 201)
        }
    }

    @Test func `an outage saves the key all the same, to be checked later`() async throws {
        try await Stage.run(ProviderSwitch(.overloaded)) { vault in
            let saved = try await vault.save(FakeKeys.anthropic(), try await vault.link())
            #expect(saved.status == 201)
            #expect(saved.json["status"].string == "unverified")
        }
    }

    @Test func `a key that is there already completes the link with itself, without a test call`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(FakeKeys.anthropic(), user: "ada")
            let calls = provider.calls
            let link = try await vault.link()
            let saved = try await vault.save(FakeKeys.anthropic(), link)
            #expect(saved.status == 200)
            #expect(saved.json["already_saved"].bool == true)
            #expect(saved.json["id"].string == id)
            #expect(provider.calls == calls)
            #expect(try await vault.state(of: link)["key_id"].string == id)
            // Another user's same key is none of this one's business.
            let other = try await vault.save(FakeKeys.anthropic(), try await vault.link(user: "bob"))
            #expect(other.status == 201)
        }
    }

    @Test func `W03 a link that was opened a hundred times is still good, and of posts at once one is the first`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let link = try await vault.link()
            for _ in 0..<100 {
                #expect(try await vault.call("GET", "/connect").status == 200)
                #expect(try await vault.call("HEAD", "/connect").status == 405)
            }
            for _ in 0..<50 { #expect(try await vault.page(link).status == 200) }
            let answers = try await withThrowingTaskGroup(of: HTTPAnswer.self) { group in
                for number in 0..<12 {
                    group.addTask { try await vault.save(FakeKeys.anthropic("valid", number), link) }
                }
                return try await group.reduce(into: [HTTPAnswer]()) { $0.append($1) }
            }
            #expect(answers.count { $0.status == 201 } == 1)
            #expect(answers.count { $0.json["code"].string == "session_used" } == 11)
            #expect(provider.calls == 1, "those who came second cost no test call")
            #expect(try await vault.keyCount() == 1)
        }
    }

    @Test func `W03 of two saves at once exactly one stores, a thousand times`() async throws {
        try await Stage.run { vault in
            let app = RequestContext(caller: try vault.vault.caller(bearing: "Bearer \(vault.appToken)"))
            for round in 0..<1000 {
                let owner = try #require(UserID("user-\(round)"))
                let minted = try await vault.vault.createConnectSession(ConnectSessionRequest(owner: owner), app)
                let link = minted.text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
                let page = RequestContext(caller: try vault.vault.caller(holdingLink: "Bearer \(link)"))
                async let first = Self.save("a", round, vault, page)
                async let second = Self.save("b", round, vault, page)
                guard try await [first, second].sorted() == ["session_used", "stored"] else {
                    Issue.record("round \(round)")
                    break
                }
            }
        }
    }

    /// Saves a key without a socket; how it ended.
    private static func save(
        _ word: String, _ round: Int, _ vault: RunningVault, _ page: RequestContext
    ) async throws -> String {
        do throws(VaultError) {
            _ = try await vault.vault.save(
                ConnectPaste(paste: WipedBuffer(FakeKeys.anthropic(word, round))), page)
            return "stored"
        } catch .sessionUsed {
            return "session_used"
        }
    }

    @Test func `W04 a link that is misspelled, of no session or another kind of token is one answer`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link()
            var flipped = Array(link.token.utf8)
            flipped[20] = flipped[20] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            let gone = try await vault.link(user: "bob")
            #expect(try await vault.call("DELETE", "/v1/users/bob").status == 200)
            let tokens = [
                String(decoding: flipped, as: UTF8.self), gone.token, vault.appToken, vault.adminToken, "x",
                "kst_con_0000000000000000000000000000000000",
            ]
            let answers = try await tokens.mapAsync { token in
                withoutInstance(try await vault.call("GET", "/connect/session", token: token))
            }
            #expect(Set(answers).count == 1)
            #expect(answers[0].hasPrefix("401"))
            #expect(try await vault.page(link).status == 200)
            // And a link opens nothing of the app's API.
            for path in ["/v1/keys", "/v1/token", "/v1/providers"] {
                expectProblem(try await vault.get(path, token: link.token), 401, "invalid_token")
            }
        }
    }

    /// What a browser says of who asks, and whether that is our page.
    static let askers: [([(String, String)], Bool)] = [
        ([("Origin", "https://evil.example")], false), ([("Origin", "null")], false),
        ([("Origin", "http://127.0.0.1:1")], false), ([("Sec-Fetch-Site", "cross-site")], false),
        ([("Sec-Fetch-Site", "same-site")], false),
        ([("Origin", "OWN"), ("Sec-Fetch-Site", "cross-site")], false),
        ([("Origin", "OWN"), ("Sec-Fetch-Site", "same-origin")], true), ([("Origin", "OWN")], true),
        ([("Origin", "https://keys.example")], true), ([("Origin", "http://keys.example")], false),
        ([("Sec-Fetch-Site", "none")], true), ([], true),
    ]

    @Test func `W02 only our own page is answered, and no other uses a link up`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), publicURL: "https://keys.example"
        ) { vault in
            for (index, (fields, isOurs)) in Self.askers.enumerated() {
                let link = try await vault.link(user: "user-\(index)")
                #expect(link.url.hasPrefix("https://keys.example/connect#kst_con_"))
                let headers = fields.map { ($0.0, $0.1 == "OWN" ? "http://127.0.0.1:\(vault.port)" : $0.1) }
                let read = try await vault.page(link, headers: headers)
                let saved = try await vault.save(FakeKeys.anthropic(), link, headers: headers)
                if isOurs {
                    #expect((read.status, saved.status) == (200, 201), "\(fields)")
                } else {
                    expectProblem(read, 403, "foreign_origin")
                    expectProblem(saved, 403, "foreign_origin")
                    #expect(try await vault.state(of: link)["state"].string == "pending")
                }
            }
            #expect(try await vault.keyCount() == Self.askers.count { $0.1 })
        }
    }

    /// Where users reach a server, what a browser then says of where a call comes from, and whether that is the same.
    @Test(arguments: [
        ("https://keys.example", "https://keys.example", true),
        ("https://Keys.example:443", "https://keys.example", true),
        ("https://keys.example:8443/vault", "https://keys.example:8443", true),
        ("https://key_stow.example", "https://key_stow.example", true),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", true),
        ("http://127.0.0.2:8420", "http://127.0.0.2:8420", true),
        ("https://keys.example", "https://keys.example:8443", false),
        ("https://keys.example", "https://keys.example.evil", false),
        ("https://keys.example:8443", "https://keys.example", false),
        ("https://key_stow.example", "https://stow.example", false),
    ])
    func `W02 the page may be reached by any name that a server can have`(site: String, origin: String, isOwn: Bool) {
        let head = RequestHead(
            method: "POST", path: "/connect/keys", headers: [("origin", origin), ("host", "internal:8420")])
        let isTaken = (try? OwnOrigin.require(head, PublicURL(site))) != nil
        #expect(isTaken == isOwn)
    }

    @Test func `W02 what a form of another site can send is refused, and uses no link up`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link()
            for type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
                let bare = try await vault.call(
                    "POST", "/connect/keys", token: "", headers: [("Content-Type", type)])
                #expect(bare.status == 401)
                let body = #"{"key":"\#(FakeKeys.anthropic())"}"#
                let port = vault.port
                let typed = try await Threads.run {
                    try HTTPExchange.send(
                        port: port, "POST", "/connect/keys",
                        headers: [("Authorization", "Bearer \(link.token)"), ("Content-Type", type)],
                        body: Array(body.utf8))
                }
                expectProblem(typed, 415, "unsupported_media_type")
            }
            #expect(try await vault.state(of: link)["state"].string == "pending")
        }
    }

    @Test func `an open page moves its link's end, and not for ever`() async throws {
        try await Stage.run { vault in
            let start = vault.time.now()
            let link = try await vault.link(#""ttl_seconds":600"#)
            #expect(try await vault.page(link).json["expires_at"].string == "\(start + 900)")
            vault.time.advance(by: 800)
            let inspected = try await vault.call("POST", "/connect/inspect", #"{"key":"x"}"#, token: link.token)
            #expect(inspected.status == 200)
            #expect(try await vault.state(of: link)["expires_at"].string == "\(start + 1700)")
            for _ in 0..<8 {
                vault.time.advance(by: 800)
                _ = try await vault.page(link)
            }
            #expect(try await vault.state(of: link)["expires_at"].string == "\(start + 7200)")
            vault.time.advance(by: 800)
            expectProblem(try await vault.page(link), 410, "session_expired")
            // A link that was given longer is not cut, and not moved.
            let long = try await vault.link(#""ttl_seconds":86400"#)
            let end = "\(vault.time.now() + 86_400)"
            vault.time.advance(by: 86_000)
            #expect(try await vault.page(long).json["expires_at"].string == end)
        }
    }

    @Test func `one link asks at most 120 times a minute`() async throws {
        try await Stage.run { vault in
            let (link, other) = (try await vault.link(), try await vault.link(user: "bob"))
            for _ in 0..<120 { #expect(try await vault.page(link).status == 200) }
            let answer = try await vault.page(link)
            expectProblem(answer, 429, "rate_limited", ["retry_after"])
            #expect(answer.header("retry-after") != nil)
            #expect(try await vault.page(other).status == 200)
            vault.time.advance(by: 60)
            #expect(try await vault.page(link).status == 200)
        }
    }
}

extension Sequence {
    fileprivate func mapAsync<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
        var results: [T] = []
        for element in self { results.append(try await transform(element)) }
        return results
    }
}
