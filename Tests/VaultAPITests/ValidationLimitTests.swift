import Testing
import VaultProviders
import VaultService
import VaultTestKit

/// The vault is no tool for testing stolen keys: what it tries out is counted.
struct ValidationLimitTests {
    private func create(_ vault: RunningVault, _ number: Int, user: String = "u") async throws -> HTTPAnswer {
        try await vault.create(FakeKeys.anthropic("valid", number), user: user)
    }

    @Test func `V11 the sixth test call of a user in a minute is 429 and stores nothing`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider, limits: .standard) { vault in
            for number in 1...5 { #expect(try await create(vault, number).status == 201) }
            let answer = try await create(vault, 6)
            expectProblem(answer, 429, "validation_limit", ["retry_after"])
            #expect(answer.header("retry-after") != nil)
            #expect(answer.json["retryable"].bool == true)
            #expect(provider.calls == 5)
            #expect(try await vault.get("/v1/keys").json["data"].items.count == 5)
            // Another user, and what makes no call, is not concerned.
            #expect(try await create(vault, 7, user: "v").status == 201)
            #expect(
                try await vault.create(FakeKeys.anthropic("valid", 8), user: "u", #""validation":"skip""#).status == 201
            )
            vault.time.advance(by: 61)
            #expect(try await create(vault, 6).status == 201)
            let log = try await vault.get("/v1/audit/entries?action=request.refused", token: vault.adminToken)
            #expect(log.json["data"].items.count == 1)
        }
    }

    @Test func `V11 the twenty-first distinct key of a user in a day is 429, one of the twenty is not`() async throws {
        let provider = ProviderSwitch(.overloaded)
        try await Stage.run(provider, limits: .standard) { vault in
            let required = { (number: Int) in
                try await vault.create(FakeKeys.anthropic("valid", number), user: "u", #""validation":"required""#)
            }
            for number in 1...20 {
                #expect(try await required(number).status == 503)
                vault.time.advance(by: 60)
            }
            expectProblem(try await required(21), 429, "validation_limit", ["retry_after"])
            #expect(try await required(20).status == 503)
            vault.time.advance(by: 86_400)
            #expect(try await required(21).status == 503)
        }
    }

    @Test func `V11 after five distinct refused keys a user's checks stop for a day, also over a restart`() async throws
    {
        let provider = ProviderSwitch()
        let vault = try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(.standard)
        ) { vault in
            #expect(try await create(vault, 99).status == 201)
            provider.answers(.refusing)
            for number in 1...5 {
                vault.time.advance(by: 60)
                #expect(try await create(vault, number).status == 422)
            }
            vault.time.advance(by: 60)
            expectProblem(try await create(vault, 6), 429, "validation_limit", ["retry_after"])
            return vault
        }
        try await vault.restarted(provider: provider.provider, configuration: Stage.quiet(.standard)) { vault in
            let calls = provider.calls
            expectProblem(try await create(vault, 7), 429, "validation_limit", ["retry_after"])
            #expect(provider.calls == calls)
            vault.time.advance(by: 86_400)
            provider.answers(.accepting)
            #expect(try await create(vault, 7).status == 201)
        }
    }

    @Test func `checks of a key once proven are not counted, even while it is refused`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider, limits: .standard) { vault in
            let id = try await vault.proven(FakeKeys.anthropic())
            for _ in 1...10 { #expect(try await vault.post("/v1/keys/\(id)/check").status == 200) }
            provider.answers(.refusing)
            for _ in 1...10 { #expect(try await vault.post("/v1/keys/\(id)/check").status == 200) }
            provider.answers(.accepting)
            #expect(try await create(vault, 2).status == 201)
        }
    }

    @Test func `checks of a key never proven are counted`() async throws {
        let provider = ProviderSwitch(.overloaded)
        try await Stage.run(provider, limits: .standard) { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            for _ in 1...5 { #expect(try await vault.post("/v1/keys/\(id)/check").status == 200) }
            expectProblem(try await vault.post("/v1/keys/\(id)/check"), 429, "validation_limit", ["retry_after"])
        }
    }

    @Test func `V11 many users of one project meet the project's limit`() async throws {
        let provider = ProviderSwitch()
        let limits = ValidationLimits(
            userPerMinute: 5, userKeysPerDay: 20, projectPerMinute: 8, projectKeysPerDay: 2000)
        try await Stage.run(provider, limits: limits) { vault in
            for number in 1...8 { #expect(try await create(vault, number, user: "u\(number)").status == 201) }
            expectProblem(try await create(vault, 9, user: "u9"), 429, "validation_limit", ["retry_after"])
            let other = try await vault.otherProject()
            #expect(try await vault.create(FakeKeys.anthropic("valid", 9), token: other.token).status == 201)
        }
    }
}
