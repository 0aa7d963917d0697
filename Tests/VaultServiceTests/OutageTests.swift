import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

/// A provider that is down, and what the scheduler does meanwhile and afterwards.
struct OutageTests {
    private static func run<T>(
        _ provider: ProviderSwitch, _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        try await RunningVault.run(
            provider: provider.provider, configuration: VaultConfiguration(validationLimits: nil), body)
    }

    private func store(_ count: Int, in vault: RunningVault) async throws {
        for number in 0..<count {
            _ = try await vault.store(FakeKeys.anthropic("valid", number), validation: "required")
        }
    }

    private func keys(_ vault: RunningVault) async throws -> [JSONTree] {
        var (keys, target): ([JSONTree], String?) = ([], "/v1/keys?limit=200")
        while let next = target {
            let page = try await vault.call("GET", next).json
            keys += page["data"].items
            target = page["next_cursor"].string.map { "/v1/keys?limit=200&cursor=\($0)" }
        }
        return keys
    }

    /// What an outage may not touch.
    private func standing(_ keys: [JSONTree]) -> [[JSONTree]] {
        keys.map { [$0["id"], $0["status"], $0["verdict"], $0["stale"]["is_stale"]] }
    }

    @Test func `V18 ten minutes of outage take nothing from 200 keys, which are then checked one a second`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Self.run(provider) { vault in
            try await store(200, in: vault)
            let scheduler = RotationScheduler(vault.vault)
            let before = standing(try await keys(vault))
            vault.time.advance(by: 90_721)
            provider.answers(.overloaded)
            let down = vault.time.now()
            let first = provider.calls
            for _ in 0..<60 {
                try await scheduler.pass()
                vault.time.advance(by: 10)
            }
            // Those that showed the outage, and a trial now and then.
            #expect(provider.calls - first <= 20)
            let during = try await keys(vault)
            #expect(standing(during) == before)
            // To be put off is no attempt.
            #expect(during.count { ($0["last_check"]["at"].string ?? "") >= "\(down)" } <= 20)

            provider.answers(.accepting)
            let up = vault.time.now()
            let calls = provider.calls
            var (most, seconds) = (0, 0)
            while provider.calls - calls < 200, seconds < 3000 {
                let before = provider.calls
                try await scheduler.pass()
                most = max(most, provider.calls - before)
                // Until the next trial there is nothing to see.
                let step = provider.calls == calls ? 10 : 1
                vault.time.advance(by: step)
                seconds += step
            }
            #expect(most == 1)
            let after = try await keys(vault)
            #expect(after.allSatisfy { $0["last_check"]["reason"].string == "ok" })
            #expect(after.allSatisfy { ($0["last_check"]["at"].string ?? "") >= "\(up)" }, "after \(seconds) s")
            #expect(after.allSatisfy { $0["status"].string == "active" })
        }
    }

    @Test func `without an outage all that is due is checked in one pass`() async throws {
        let provider = ProviderSwitch()
        try await Self.run(provider) { vault in
            try await store(30, in: vault)
            vault.time.advance(by: 90_721)
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == 60)
        }
    }

    @Test func `people's calls go through while the scheduler holds back, and one that succeeds ends that`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Self.run(provider) { vault in
            try await store(20, in: vault)
            let id = try #require(try await keys(vault).first?["id"].string)
            provider.answers(.failure(.unreachable))
            for _ in 1...5 { #expect(try await vault.call("POST", "/v1/keys/\(id)/check", "{}").status == 200) }
            #expect(provider.calls == 25)
            vault.time.advance(by: 90_721)
            for _ in 1...3 { _ = try await vault.call("POST", "/v1/keys/\(id)/check", "{}") }
            // The last outage was long ago, so this pass may try once; the next ones may not.
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == 29)
            vault.time.advance(by: 5)
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == 29)
            provider.answers(.accepting)
            #expect(try await vault.call("POST", "/v1/keys/\(id)/check", "{}").status == 200)
            var passes = 0
            while provider.calls < 49, passes < 200 {
                vault.time.advance(by: 1)
                let calls = provider.calls
                try await RotationScheduler(vault.vault).pass()
                #expect(provider.calls - calls <= 1)
                passes += 1
            }
            #expect(try await keys(vault).allSatisfy { $0["last_check"]["reason"].string == "ok" })
        }
    }

    @Test func `the running scheduler looks every second while keys are worked off, and then as usual`() async throws {
        let provider = ProviderSwitch()
        try await Self.run(provider) { vault in
            try await store(12, in: vault)
            vault.time.advance(by: 90_721)
            provider.answers(.overloaded)
            let scheduler = Task { await RotationScheduler(vault.vault).run() }
            try await eventually("it sleeps after the outage") { vault.time.sleeperCount == 1 }
            provider.answers(.accepting)
            // From the trial on, one key a second; after them a minute passes before anything is looked at.
            let down = provider.calls
            var seconds = 0
            while provider.calls < down + 12, seconds < 600 {
                vault.time.advance(by: 1)
                seconds += 1
                try await eventually("it sleeps again") { vault.time.sleeperCount == 1 }
            }
            #expect(seconds < 120, "the usual interval would take \(12 * 60)")
            scheduler.cancel()
            await scheduler.value
        }
    }
}
