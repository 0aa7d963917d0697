import Testing
import VaultAPI
import VaultModel
import VaultService
import VaultTestKit

/// What answers under a limit say of it, so that a client can slow down before it has to.
@Suite struct RateStandingTests {
    private func standing(_ answer: HTTPAnswer) -> [String?] {
        ["limit", "remaining", "reset"].map { answer.header("ratelimit-\($0)") }
    }

    @Test func `every answer to a token under a limit says how it stands, refused or not`() async throws {
        try await RunningVault.run(
            configuration: Stage.quiet(), rate: RequestRate(calls: 4, milliseconds: 10_000)
        ) { vault in
            // The span that has begun ends at a whole one: the clock is put to the beginning of the next.
            let past = Int(vault.time.now().milliseconds % 10_000)
            vault.time.advance(by: 10 - past / 1000)
            let answers = [
                try await vault.get("/v1/token"), try await vault.get("/v1/keys/nonsense"),
                try await vault.get("/v1/tokens"), try await vault.post("/v1/inspect", "{"),
                try await vault.get("/v1/token"), try await vault.get("/v1/token"),
            ]
            #expect(answers.map(\.status) == [200, 404, 403, 400, 429, 429])
            #expect(answers.map { standing($0)[0] } == Array(repeating: "4", count: 6))
            #expect(answers.map { standing($0)[1] } == ["3", "2", "1", "0", "0", "0"])
            for answer in answers { #expect((1...10).contains(Int(standing(answer)[2] ?? "") ?? 0)) }
            #expect(answers[4].header("retry-after") == standing(answers[4])[2])
            // Another token stands by itself, and who needs none stands nowhere.
            let admin = try await vault.get("/v1/token", token: vault.adminToken)
            #expect(standing(admin)[1] == "3")
            let anyone = try await vault.get("/healthz", token: vault.adminToken)
            #expect(standing(anyone) == [nil, nil, nil])
            vault.time.advance(by: 10)
            let again = try await vault.get("/v1/token")
            #expect(standing(again)[1] == "3")
        }
    }

    @Test func `without a limit nothing is said of one`() async throws {
        try await Stage.run { vault in
            for target in ["/v1/token", "/v1/tokens"] {
                let answer = try await vault.get(target)
                #expect(standing(answer) == [nil, nil, nil], "\(target)")
            }
        }
    }

    @Test func `a link says how many of its calls are left`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(user: "u").token
            let first = try await vault.get("/connect/session", token: link)
            #expect(first.status == 200)
            #expect(standing(first)[0] == "120" && standing(first)[1] == "119")
            for _ in 2...120 { _ = try await vault.get("/connect/session", token: link) }
            let over = try await vault.get("/connect/session", token: link)
            expectProblem(over, 429, "rate_limited", ["retry_after"])
            #expect(standing(over) == ["120", "0", over.header("retry-after")])
        }
    }

    @Test func `an address whose tokens are refused sees how often that may still happen`() async throws {
        try await Stage.run { vault in
            let first = try await vault.get("/v1/keys", token: "wrong")
            #expect(standing(first) == ["60", "59", "60"])
            for _ in 2...60 { #expect(try await vault.get("/v1/keys", token: "wrong").status == 401) }
            vault.time.advance(by: 20)
            let over = try await vault.get("/v1/keys", token: "wrong")
            expectProblem(over, 429, "rate_limited", ["retry_after"])
            #expect(standing(over) == ["60", "0", "40"])
            #expect(over.header("retry-after") == "40")
            vault.time.advance(by: 40)
            let again = try await vault.get("/v1/keys", token: "wrong")
            #expect(standing(again) == ["60", "59", "60"])
        }
    }

    @Test func `a clock that is set back shuts no address and no link out`() async throws {
        try await Stage.run { vault in
            let link = try await vault.link(user: "u").token
            for _ in 1...60 { #expect(try await vault.get("/v1/keys", token: "wrong").status == 401) }
            for _ in 1...120 { #expect(try await vault.get("/connect/session", token: link).status == 200) }
            #expect(try await vault.get("/v1/keys", token: "wrong").status == 429)
            #expect(try await vault.get("/connect/session", token: link).status == 429)
            vault.time.advance(by: -7_200)
            let wrong = try await vault.get("/v1/keys", token: "wrong")
            #expect(wrong.status == 401)
            #expect(standing(wrong) == ["60", "59", "60"])
            let page = try await vault.get("/connect/session", token: link)
            #expect(page.status == 200)
            #expect(standing(page)[1] == "119")
        }
    }

    /// Those limits are many at once, of users and projects, on the minute and the day: `Retry-After` says what counts.
    @Test func `a limit on test calls says when to come back`() async throws {
        try await Stage.run(limits: .standard) { vault in
            for number in 1...5 {
                #expect(try await vault.create(FakeKeys.anthropic("limit", number)).status == 201)
            }
            let over = try await vault.create(FakeKeys.anthropic("limit", 6))
            expectProblem(over, 429, "validation_limit", ["retry_after"])
            #expect(over.header("retry-after") == "60")
            #expect(standing(over) == [nil, nil, nil])
        }
    }
}
