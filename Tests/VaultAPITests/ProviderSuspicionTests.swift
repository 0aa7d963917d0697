import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

/// A provider that suddenly refuses what it had accepted: whose fault that is, and what becomes of the keys.
struct ProviderSuspicionTests {
    private func store(_ numbers: Range<Int>, in vault: RunningVault) async throws -> [String] {
        var ids: [String] = []
        for number in numbers { ids.append(try await vault.proven(FakeKeys.anthropic("valid", number))) }
        return ids
    }

    private func check(_ id: String, in vault: RunningVault) async throws -> JSONTree {
        let answer = try await vault.post("/v1/keys/\(id)/check")
        #expect(answer.status == 200, "\(answer.text)")
        return answer.json
    }

    private func check(_ ids: some Sequence<String>, in vault: RunningVault) async throws {
        for id in ids { _ = try await check(id, in: vault) }
    }

    private func events(_ vault: RunningVault) async throws -> [JSONTree] {
        try await vault.get("/v1/audit/entries?action=provider.suspect&limit=200", token: vault.adminToken)
            .json["data"].items
    }

    /// Twenty good keys; the provider refuses eleven of them.
    private func suspect(_ provider: ProviderSwitch, _ vault: RunningVault) async throws -> [String] {
        let ids = try await store(0..<20, in: vault)
        provider.answers(.refusing)
        try await check(ids.prefix(11), in: vault)
        #expect(try await events(vault).count == 1)
        return ids
    }

    private func expectDoubted(_ key: JSONTree, _ comment: Comment? = nil) {
        #expect(key["last_check"]["reason"].string == "provider_suspect", comment)
        #expect(key["status"].string == "active", comment)
        #expect(key["verdict"]["code"].string == "valid", comment)
        #expect(key["stale"]["is_stale"].bool == false, comment)
    }

    @Test func `the eleventh good key of twenty that is refused makes the provider suspect, with one event`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await store(0..<20, in: vault)
            provider.answers(.refusing)
            for id in ids.prefix(10) {
                let key = try await check(id, in: vault)
                #expect(key["verdict"]["code"].string == "invalid")
                #expect(key["last_check"]["reason"].string != "provider_suspect")
            }
            #expect(try await events(vault).isEmpty)
            for id in ids.dropFirst(10) { expectDoubted(try await check(id, in: vault)) }
            let events = try await events(vault)
            #expect(events.count == 1)
            #expect(events.first?["object"].string == "anthropic")
            #expect(events.first?["actor"]["kind"].string == "vault")

            // Nor does a second refusal make a key failing now, and what was known of it stays.
            vault.time.advance(by: 600)
            for id in ids.prefix(10) {
                let before = try await vault.key(id)
                let after = try await check(id, in: vault)
                #expect(after["status"].string == "active")
                #expect((after["verdict"], after["stale"]) == (before["verdict"], before["stale"]))
                #expect(after["last_check"]["reason"].string == "provider_suspect")
            }
            #expect(try await self.events(vault).count == 1)
        }
    }

    @Test func `one secret of many users, keys never accepted and a key refused twice are no proof against a provider`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            var shared: [String] = []
            for number in 0..<12 {
                shared.append(try await vault.proven(FakeKeys.anthropic("shared"), user: "user-\(number)"))
            }
            var never: [String] = []
            for number in 0..<12 { never.append(try await vault.store(FakeKeys.anthropic("never", number))) }
            provider.answers(.refusing)
            for _ in 1...2 {
                try await check(shared, in: vault)
                try await check(never, in: vault)
                vault.time.advance(by: 600)
            }
            #expect(try await events(vault).isEmpty)
            for id in shared { #expect(try await vault.key(id)["status"].string == "failing") }
        }
    }

    @Test func `refusals that are spread over days are believed`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await store(0..<20, in: vault)
            provider.answers(.refusing)
            for id in ids {
                try await check([id], in: vault)
                vault.time.advance(by: 8641)
            }
            #expect(try await events(vault).isEmpty)
        }
    }

    @Test
    func `a key that is pasted meanwhile is not judged: kept unverified, or not taken where a verdict is required`()
        async throws
    {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await suspect(provider, vault)
            let stored = try await vault.create(FakeKeys.anthropic("new", 1))
            #expect(stored.status == 201, "\(stored.text)")
            #expect(stored.json["status"].string == "unverified")
            #expect(stored.json["verdict"]["code"].string == "unverified")
            #expect(stored.json["last_check"]["reason"].string == "provider_suspect")
            let required = try await vault.create(FakeKeys.anthropic("new", 2), #""validation":"required""#)
            expectProblem(required, 503, "provider_unavailable", ["provider_error", "docs_url"])
            let rotated = try await vault.post(
                "/v1/keys/\(ids[0])/rotate", #"{"key":"\#(FakeKeys.anthropic("new", 3))"}"#)
            #expect(rotated.status == 503, "\(rotated.text)")
            #expect(try await vault.key(ids[0])["version"].int == 1)
            // What it says of the kind of a credential is believed.
            provider.answers(
                .answer(
                    401,
                    #"{"type":"error","error":{"type":"authentication_error","message":"OAuth authentication is currently not supported."}}"#
                ))
            let sign = try await vault.create(FakeKeys.anthropic("new", 4))
            #expect(sign.status == 422, "\(sign.text)")
            provider.answers(.accepting)
            #expect(try await vault.create(FakeKeys.anthropic("new", 5)).json["status"].string == "active")
        }
    }

    @Test func `acceptances end it, and then refusals count again`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await suspect(provider, vault)
            provider.answers(.accepting)
            try await check([ids[0]], in: vault)
            let actions = try await vault.actions(of: ids[0])
            #expect(actions.contains("key.recovered"))
            // Ten of twenty are refused now.
            provider.answers(.refusing)
            let stored = try await vault.create(FakeKeys.anthropic("new", 1))
            expectProblem(stored, 422, "invalid_key", ["provider_error", "docs_url"])
            // And once more: a suspicion of its own.
            #expect(try await check(ids[19], in: vault)["last_check"]["reason"].string == "provider_suspect")
            #expect(try await events(vault).count == 2)
        }
    }

    @Test func `a refusal that lasts a day is believed for a day`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await suspect(provider, vault)
            vault.time.advance(by: 86_399)
            expectDoubted(try await check(ids[15], in: vault))
            vault.time.advance(by: 1)
            for id in ids {
                let key = try await check(id, in: vault)
                #expect(key["verdict"]["code"].string == "invalid")
                #expect(key["stale"]["reasons"] == .array([.string("check_failed")]))
            }
            vault.time.advance(by: 600)
            for id in ids { #expect(try await check(id, in: vault)["status"].string == "failing") }
            #expect(try await vault.create(FakeKeys.anthropic("new", 1)).status == 422)
            #expect(try await events(vault).count == 1)
            // After that day it takes eleven good keys again.
            provider.answers(.accepting)
            let others = try await store(20..<40, in: vault)
            vault.time.advance(by: 86_400)
            provider.answers(.refusing)
            try await check(others.prefix(10), in: vault)
            #expect(try await events(vault).count == 1)
            expectDoubted(try await check(others[10], in: vault))
            #expect(try await events(vault).count == 2)
        }
    }

    @Test func `a restart forgets neither the suspicion nor who was refused`() async throws {
        let provider = ProviderSwitch()
        final class Made { var ids: [String] = [] }
        let made = Made()
        let first = try await RunningVault.run(provider: provider.provider, configuration: Stage.quiet()) { vault in
            made.ids = try await store(0..<20, in: vault)
            provider.answers(.refusing)
            try await check(made.ids.prefix(10), in: vault)
            #expect(try await events(vault).isEmpty)
            return vault
        }
        let second = try await first.restarted(provider: provider.provider, configuration: Stage.quiet()) { vault in
            // The ten of before the restart count.
            expectDoubted(try await check(made.ids[10], in: vault))
            #expect(try await events(vault).count == 1)
            // An outage in between changes nothing about who was refused.
            provider.answers(.overloaded)
            try await check(made.ids, in: vault)
            provider.answers(.refusing)
            return vault
        }
        try await second.restarted(provider: provider.provider, configuration: Stage.quiet()) { vault in
            // Before any check: what is pasted is not refused.
            #expect(try await vault.create(FakeKeys.anthropic("new", 1)).json["status"].string == "unverified")
            expectDoubted(try await check(made.ids[11], in: vault))
            // And the scheduler holds back, but for a trial.
            vault.time.advance(by: 3600)
            let calls = provider.calls
            try await RotationScheduler(vault.vault).pass()
            #expect(provider.calls == calls + 1)
            #expect(try await events(vault).count == 1)
        }
    }

    @Test func `the scheduler calls a suspect provider no more than one that is down`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let ids = try await store(0..<60, in: vault)
            vault.time.advance(by: 90_721)
            provider.answers(.refusing)
            let scheduler = RotationScheduler(vault.vault)
            for _ in 0..<60 {
                try await scheduler.pass()
                vault.time.advance(by: 10)
            }
            #expect(provider.calls - 60 <= 30)
            #expect(try await events(vault).count == 1)
            for id in ids { #expect(try await vault.key(id)["status"].string == "active") }
            provider.answers(.accepting)
            let (calls, start) = (provider.calls, vault.time.now())
            while provider.calls - calls < 60, vault.time.now() < start + 3000 {
                let before = provider.calls
                try await scheduler.pass()
                #expect(provider.calls - before <= 1)
                vault.time.advance(by: provider.calls == calls ? 10 : 1)
            }
            for id in ids {
                let key = try await vault.key(id)
                #expect(key["last_check"]["reason"].string == "ok")
                #expect(key["verdict"]["code"].string == "valid")
                #expect(key["stale"]["is_stale"].bool == false)
            }
        }
    }
}
