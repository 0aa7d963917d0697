import Testing
import VaultModel
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
            // Nor when it has become failing: its owner is not kept from pasting a better one.
            vault.time.advance(by: 600)
            for _ in 1...10 {
                let checked = try await vault.post("/v1/keys/\(id)/check")
                #expect(checked.json["status"].string == "failing", "\(checked.text)")
            }
            #expect(try await vault.post("/v1/keys/\(id)/quarantine").status == 200)
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

    /// The entries that say that somebody's checks have stopped.
    private func stops(_ vault: RunningVault) async throws -> [JSONTree] {
        try await vault.get("/v1/audit/entries?action=request.refused&limit=200", token: vault.adminToken)
            .json["data"].items.filter { $0["outcome"].string == "checks_stopped" }
    }

    private func setPolicy(_ vault: RunningVault, _ json: String) async throws {
        let target = "/v1/projects/\(vault.projectID)/policy"
        #expect(try await vault.call("PUT", target, json, token: vault.adminToken).status == 200)
    }

    @Test func `V11 that a user's checks stop after refusals is one entry, at the refusal that stops them`()
        async throws
    {
        let provider = ProviderSwitch(.refusing)
        let vault = try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(.standard)
        ) { vault in
            for number in 1...5 {
                #expect(try await stops(vault).isEmpty)
                #expect(try await create(vault, number).status == 422)
                vault.time.advance(by: 60)
            }
            #expect(try await stops(vault).count == 1)
            for number in 6...9 { #expect(try await create(vault, number).status == 429) }
            let stop = try #require(try await stops(vault).first)
            #expect(try await stops(vault).count == 1)
            #expect(stop["object"].string == "u")
            #expect(stop["reason"].string == "refused_keys")
            #expect(stop["project_id"].string == vault.projectID)
            return vault
        }
        try await vault.restarted(provider: provider.provider, configuration: Stage.quiet(.standard)) { vault in
            expectProblem(try await create(vault, 10), 429, "validation_limit", ["retry_after"])
            #expect(try await stops(vault).count == 1)
            // The next day it may happen again, and is said again.
            vault.time.advance(by: 86_400)
            for number in 11...15 {
                #expect(try await create(vault, number).status == 422)
                vault.time.advance(by: 60)
            }
            #expect(try await stops(vault).count == 2)
        }
    }

    @Test
    func `V11 that a user has tried too many keys in a day is one entry, at the twenty-first, over a restart too`()
        async throws
    {
        let provider = ProviderSwitch()
        let vault = try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(.standard)
        ) { vault in
            for number in 1...20 {
                #expect(try await create(vault, number).status == 201)
                vault.time.advance(by: 60)
            }
            let early = try await stops(vault)
            #expect(early.isEmpty)
            for number in 21...23 {
                let answer = try await create(vault, number)
                expectProblem(answer, 429, "validation_limit", ["retry_after"])
                #expect(answer.header("retry-after") != nil)
            }
            #expect(try await stops(vault).map { $0["reason"].string } == ["distinct_keys"])
            return vault
        }
        try await vault.restarted(provider: provider.provider, configuration: Stage.quiet(.standard)) { vault in
            expectProblem(try await create(vault, 24), 429, "validation_limit", ["retry_after"])
            #expect(try await stops(vault).count == 1)
            #expect(provider.calls == 20)
        }
    }

    @Test func `V11 ten users of one project meet its limits and its stop after refusals, over a restart too`()
        async throws
    {
        let provider = ProviderSwitch(.refusing)
        var limits = ValidationLimits.standard
        limits.projectRefusals = 30
        let vault = try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(limits)
        ) { vault in
            // Three each: none of them is stopped for what they did themselves.
            for number in 0..<30 {
                #expect(try await create(vault, number, user: "u\(number % 10)").status == 422)
                vault.time.advance(by: 6)
            }
            for number in 30..<40 {
                expectProblem(
                    try await create(vault, number, user: "u\(number % 10)"), 429, "validation_limit", ["retry_after"])
            }
            #expect(try await stops(vault).map { $0["object"].string } == [vault.projectID])
            return vault
        }
        try await vault.restarted(provider: provider.provider, configuration: Stage.quiet(limits)) { vault in
            #expect(try await create(vault, 40, user: "somebody").status == 429)
            #expect(provider.calls == 30)
            #expect(try await stops(vault).count == 1)
            let other = try await vault.otherProject()
            #expect(try await vault.create(FakeKeys.anthropic("valid", 41), token: other.token).status == 422)
        }
    }

    @Test func `V11 the minute's calls are remembered over a restart`() async throws {
        let provider = ProviderSwitch()
        let vault = try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(.standard)
        ) { vault in
            for number in 1...5 { _ = try await vault.proven(FakeKeys.anthropic("valid", number), user: "u") }
            return vault
        }
        try await vault.restarted(provider: provider.provider, configuration: Stage.quiet(.standard)) { vault in
            expectProblem(try await create(vault, 6), 429, "validation_limit", ["retry_after"])
            #expect(provider.calls == 5)
        }
    }

    @Test func `a rotation counts as a test call of the key's user`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider, limits: .standard) { vault in
            let id = try await vault.proven(FakeKeys.anthropic(), user: "u")
            let rotate = { (number: Int) in
                let json = #"{"key":"\#(FakeKeys.anthropic("valid", number))"}"#
                return try await vault.post("/v1/keys/\(id)/rotate", json)
            }
            for number in 1...4 { #expect(try await rotate(number).status == 200) }
            expectProblem(try await rotate(5), 429, "validation_limit", ["retry_after"])
            #expect(try await vault.key(id)["version"].int == 5)
            #expect(provider.calls == 5)
        }
    }

    @Test func `beyond a limit the scheduler waits as long as the limit says`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider, limits: .standard) { vault in
            try await setPolicy(vault, #"{"recheck_every_seconds":100}"#)
            var ids: [String] = []
            for number in 1...6 { ids.append(try await vault.store(FakeKeys.anthropic("valid", number), user: "u")) }
            vault.time.advance(by: 100)
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == 5)
            let waiting = try await ids.asyncFilter { try await vault.key($0)["last_check"] == .null }
            #expect(waiting.count == 1)
            let next = try await vault.key(try #require(waiting.first))["next_check_at"].string
            #expect(next == "\(vault.time.now() + 60)")
            vault.time.advance(by: 60)
            try await RotationScheduler(vault.vault).pass()
            #expect(try await vault.key(try #require(waiting.first))["verdict"]["code"].string == "valid")
            // What people are told at a limit is not written down for every key that waits.
            let log = try await vault.get("/v1/audit/entries?action=request.refused", token: vault.adminToken)
            #expect(log.json["data"].items.isEmpty)
        }
    }

    @Test func `V11 first checks of keys stored without one are within the limits, and all are made in the end`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider, limits: .standard) { vault in
            for number in 0..<45 { _ = try await vault.store(FakeKeys.anthropic("valid", number), user: "u") }
            let scheduler = RotationScheduler(vault.vault)
            vault.time.advance(by: 86_400)
            try await setPolicy(vault, #"{"recheck_every_seconds":864000}"#)
            vault.time.advance(by: 777_600)
            var days: [Int] = []
            for _ in 0..<3 {
                let before = provider.calls
                for _ in 0..<24 {
                    let calls = provider.calls
                    try await scheduler.pass()
                    #expect(provider.calls - calls <= 5)
                    vault.time.advance(by: 3600)
                }
                days.append(provider.calls - before)
            }
            #expect(days == [20, 20, 5])
            // That it could not go on the first day, and the second, was said once each.
            let stops = try await stops(vault)
            #expect(stops.count == 2, "\(stops)")
            #expect(stops.allSatisfy { $0["actor"]["kind"].string == "vault" && $0["object"].string == "u" })
        }
    }

    @Test func `first checks leave half of a project's limits to people who wait for an answer`() async throws {
        let provider = ProviderSwitch()
        var limits = ValidationLimits.standard
        limits.projectKeysPerDay = 20
        try await Stage.run(provider, limits: limits) { vault in
            for number in 0..<40 { _ = try await vault.store(FakeKeys.anthropic("valid", number), user: "u\(number)") }
            vault.time.advance(by: 86_400)
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == 10)
            for number in 100..<110 {
                #expect(try await vault.create(FakeKeys.anthropic("valid", number), user: "p\(number)").status == 201)
            }
            #expect(try await vault.create(FakeKeys.anthropic("valid", 110), user: "p").status == 429)
        }
    }

    @Test func `V11 refused first checks of the scheduler stop a user's checks too, with one entry`() async throws {
        let provider = ProviderSwitch(.refusing)
        try await Stage.run(provider, limits: .standard) { vault in
            try await setPolicy(vault, #"{"recheck_every_seconds":1000,"confirm_failure_after_seconds":null}"#)
            for number in 1...12 { _ = try await vault.store(FakeKeys.anthropic("valid", number), user: "u") }
            vault.time.advance(by: 1000)
            for _ in 1...5 {
                try await RotationScheduler(vault.vault).pass()
                vault.time.advance(by: 60)
            }
            #expect(provider.calls == 5)
            let stops = try await stops(vault)
            #expect(stops.count == 1, "\(stops)")
            #expect(stops.first?["actor"]["kind"].string == "vault")
            expectProblem(try await create(vault, 99), 429, "validation_limit", ["retry_after"])
        }
    }
}

extension Array {
    fileprivate func asyncFilter(_ isIncluded: (Element) async throws -> Bool) async rethrows -> [Element] {
        var included: [Element] = []
        for element in self where try await isIncluded(element) { included.append(element) }
        return included
    }
}
