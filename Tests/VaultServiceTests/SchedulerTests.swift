import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

/// What a pass of the scheduler does to the keys that are due, with the clock in the test's hand.
struct SchedulerTests {
    private static func run<T>(
        _ provider: ProviderSwitch = ProviderSwitch(), _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        try await RunningVault.run(
            provider: provider.provider,
            configuration: VaultConfiguration(validationLimits: nil), body)
    }

    private func key(_ vault: RunningVault, _ id: String) async throws -> JSONTree {
        try await vault.call("GET", "/v1/keys/\(id)").json
    }

    private func reasons(_ vault: RunningVault, _ id: String) async throws -> [String] {
        try await key(vault, id)["stale"]["reasons"].items.compactMap(\.string)
    }

    private func actions(_ vault: RunningVault, _ id: String) async throws -> [String] {
        try await vault.call("GET", "/v1/keys/\(id)/events?limit=200").json["data"].items
            .compactMap { $0["action"].string }
    }

    private func setPolicy(_ vault: RunningVault, _ body: String) async throws {
        let answer = try await vault.call(
            "PUT", "/v1/projects/\(vault.projectID)/policy", body, token: vault.adminToken)
        #expect(answer.status == 200, "\(answer.text)")
    }

    private func proven(_ vault: RunningVault, _ number: Int = 0, _ more: String = "") async throws -> String {
        let answer = try await vault.call(
            "POST", "/v1/keys", #"{"user_id":"u","key":"\#(FakeKeys.anthropic("valid", number))"\#(more)}"#)
        return try #require(answer.json["id"].string, "\(answer.text)")
    }

    private func pass(_ vault: RunningVault) async throws { try await RotationScheduler(vault.vault).pass() }

    @Test func `a policy of one second makes a key stale by age, once, and the key still works`() async throws {
        try await Self.run { vault in
            let id = try await proven(vault)
            try await setPolicy(vault, #"{"max_age_seconds":1,"recheck_every_seconds":null}"#)
            try await pass(vault)
            #expect(try await reasons(vault, id) == [])
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await reasons(vault, id) == ["age"])
            let stale = try await key(vault, id)["stale"]
            #expect(stale["is_stale"].bool == true)
            #expect(stale["since"].string == "\(vault.time.now())")
            vault.time.advance(by: 10)
            try await pass(vault)
            #expect(try await actions(vault, id).count { $0 == "key.stale" } == 1)
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal", "{}").status == 200)
            let rotated = try await vault.call(
                "POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            #expect(rotated.json["stale"]["is_stale"].bool == false)
        }
    }

    @Test func `a relaxed policy takes the flag away`() async throws {
        try await Self.run { vault in
            let id = try await proven(vault)
            try await setPolicy(vault, #"{"max_age_seconds":1}"#)
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await reasons(vault, id) == ["age"])
            try await setPolicy(vault, #"{"max_age_seconds":null}"#)
            try await pass(vault)
            #expect(try await reasons(vault, id) == [])
            #expect(try await key(vault, id)["stale"]["rotate_by"] == .null)
        }
    }

    @Test func `an end is warned of, and then ends the key`() async throws {
        try await Self.run { vault in
            try await setPolicy(vault, #"{"warn_before_seconds":[10,50],"recheck_every_seconds":null}"#)
            let id = try await proven(vault, 0, #","expires_at":"\#(vault.time.now() + 100)""#)
            vault.time.advance(by: 49)
            try await pass(vault)
            #expect(try await reasons(vault, id) == [])
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await reasons(vault, id) == ["expiring"])
            vault.time.advance(by: 50)
            // It holds before the pass that writes it down.
            #expect(try await key(vault, id)["status"].string == "expired")
            try await pass(vault)
            #expect(try await key(vault, id)["status"].string == "expired")
            #expect(try await actions(vault, id).count { $0 == "key.expired" } == 1)
        }
    }

    @Test func `an end that somebody edits past is still an event`() async throws {
        try await Self.run { vault in
            let id = try await proven(vault, 0, #","expires_at":"\#(vault.time.now() + 100)""#)
            vault.time.advance(by: 100)
            _ = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"x"}"#)
            try await pass(vault)
            #expect(try await key(vault, id)["status"].string == "expired")
            #expect(try await actions(vault, id).count { $0 == "key.expired" } == 1)
        }
    }

    @Test func `a key that nobody reveals is unused, and a reveal ends that`() async throws {
        try await Self.run { vault in
            try await setPolicy(vault, #"{"unused_after_seconds":100,"recheck_every_seconds":null}"#)
            let id = try await proven(vault)
            vault.time.advance(by: 60)
            _ = try await vault.call("POST", "/v1/keys/\(id)/reveal", "{}")
            vault.time.advance(by: 99)
            try await pass(vault)
            #expect(try await reasons(vault, id) == [])
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await reasons(vault, id) == ["unused"])
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal", "{}").status == 200)
            #expect(try await reasons(vault, id) == [])
            try await pass(vault)
            #expect(try await reasons(vault, id) == [])
        }
    }

    @Test func `a key is checked again at its time, and failing is found without anyone asking`() async throws {
        let provider = ProviderSwitch()
        try await Self.run(provider) { vault in
            let id = try await proven(vault)
            #expect(provider.calls == 1)
            vault.time.advance(by: 86_399)
            try await pass(vault)
            #expect(provider.calls == 1)
            provider.answers(.refusing)
            vault.time.advance(by: 4321)
            try await pass(vault)
            #expect(provider.calls == 2)
            #expect(try await reasons(vault, id) == ["check_failed"])
            #expect(try await key(vault, id)["status"].string == "active")
            vault.time.advance(by: 600)
            try await pass(vault)
            #expect(provider.calls == 3)
            #expect(try await key(vault, id)["status"].string == "failing")
            provider.answers(.accepting)
            vault.time.advance(by: 90_721)
            try await pass(vault)
            #expect(try await key(vault, id)["status"].string == "active")
            #expect(try await actions(vault, id).contains("key.recovered"))
        }
    }

    @Test func `an outage is tried again after a while, longer each time`() async throws {
        let provider = ProviderSwitch(.overloaded)
        try await Self.run(provider) { vault in
            let id = try await proven(vault)
            var waits: [Int] = []
            for _ in 1...3 {
                let next = try #require(try await key(vault, id)["last_check"]["retry_at"].string)
                let at = try #require(Timestamp(rfc3339: next))
                waits.append(at.seconds(since: vault.time.now()))
                vault.time.advance(by: waits.last ?? 0)
                try await pass(vault)
            }
            for (wait, least) in zip(waits, [60, 120, 240]) { #expect((least...least * 5 / 4).contains(wait)) }
            #expect(provider.calls == 4)
        }
    }

    @Test func `the end of the grace time shreds the previous secret`() async throws {
        try await Self.run { vault in
            let id = try await proven(vault)
            _ = try await vault.call(
                "POST", "/v1/keys/\(id)/rotate",
                #"{"key":"\#(FakeKeys.anthropic("valid", 2))","grace_seconds":30}"#)
            vault.time.advance(by: 29)
            try await pass(vault)
            let versions = { try await vault.call("GET", "/v1/keys/\(id)/versions").json["data"].items }
            #expect(try await versions().allSatisfy { $0["shredded_at"] == .null })
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await versions().map { $0["shredded_at"] == .null } == [true, false])
            // The old secret may be stored again.
            _ = try await proven(vault)
        }
    }

    @Test func `a key long past its age is quarantined where the policy says so, and a rotation ends that`()
        async throws
    {
        try await Self.run { vault in
            try await setPolicy(
                vault, #"{"max_age_seconds":100,"quarantine_after_seconds":50,"recheck_every_seconds":null}"#)
            let id = try await proven(vault)
            vault.time.advance(by: 149)
            try await pass(vault)
            #expect(try await key(vault, id)["status"].string == "active")
            vault.time.advance(by: 1)
            try await pass(vault)
            #expect(try await key(vault, id)["status"].string == "quarantined")
            let rotated = try await vault.call(
                "POST", "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            #expect(rotated.json["status"].string == "active")
        }
    }

    @Test func `no call is made with a key where its provider's endpoint has changed`() async throws {
        let provider = ProviderSwitch()
        let made = Made()
        let quiet = { (endpoints: [ProviderID: String]) in
            VaultConfiguration(
                endpoints: endpoints, validationLimits: nil)
        }
        let vault = try await RunningVault.run(provider: provider.provider, configuration: quiet([:])) { vault in
            made.id = try await proven(vault)
            return vault
        }
        let elsewhere = quiet([.anthropic: "https://elsewhere.example"])
        try await vault.restarted(provider: provider.provider, configuration: elsewhere) { vault in
            vault.time.advance(by: 100_000)
            try await pass(vault)
            let checked = try await vault.call("POST", "/v1/keys/\(made.id)/check", "{}")
            #expect(checked.status == 200, "\(checked.text)")
            #expect(provider.calls == 1)
            #expect(checked.json["last_check"]["reason"].string == "endpoint_changed")
            #expect(checked.json["status"].string == "active")
            #expect(checked.json["verdict"]["code"].string == "valid")
            #expect(try await vault.call("POST", "/v1/keys/\(made.id)/reveal", "{}").status == 200)
            // A rotation binds anew.
            let rotated = try await vault.call(
                "POST", "/v1/keys/\(made.id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 2))"}"#)
            #expect(rotated.status == 200, "\(rotated.text)")
            let again = try await vault.call("POST", "/v1/keys/\(made.id)/check", "{}")
            #expect(again.json["last_check"]["reason"].string == "ok")
            #expect(provider.calls == 3)
        }
    }

    private final class Made { var id = "" }

    @Test func `a pass costs what is due`() async throws {
        try await Self.run { vault in
            for number in 0..<10 { _ = try await proven(vault, number) }
            #expect(try await RotationScheduler(vault.vault).pass() == 0)
            _ = try await proven(vault, 10, #","expires_at":"\#(vault.time.now() + 10)""#)
            // The end is near enough to be warned of at once, and then it comes.
            #expect(try await RotationScheduler(vault.vault).pass() == 1)
            #expect(try await RotationScheduler(vault.vault).pass() == 0)
            vault.time.advance(by: 10)
            #expect(try await RotationScheduler(vault.vault).pass() == 1)
            #expect(try await RotationScheduler(vault.vault).pass() == 0)
        }
    }

    @Test func `more keys than one batch are all looked at in one pass`() async throws {
        try await Self.run { vault in
            for number in 0..<210 { _ = try await vault.store(FakeKeys.anthropic("valid", number)) }
            try await setPolicy(vault, #"{"max_age_seconds":1,"recheck_every_seconds":null}"#)
            vault.time.advance(by: 1)
            #expect(try await RotationScheduler(vault.vault).pass() >= 210)
            let stats = try await vault.call("GET", "/v1/stats").json
            #expect(stats["by_stale_reason"]["age"].int == 210)
            #expect(try await RotationScheduler(vault.vault).pass() == 0)
        }
    }

    @Test func `the scheduler looks at every interval, and stops when it is cancelled`() async throws {
        try await RunningVault.run(configuration: VaultConfiguration(validationLimits: nil)) { vault in
            let id = try await vault.store(FakeKeys.anthropic())
            let scheduler = Task { await RotationScheduler(vault.vault).run() }
            try await eventually("the scheduler sleeps after its first pass") { vault.time.sleeperCount == 1 }
            #expect(try await vault.call("GET", "/v1/keys/\(id)").json["stale"]["is_stale"].bool == false)
            vault.time.advance(by: 90 * 86_400)
            try await eventually("the next pass flags the key") {
                try await vault.call("GET", "/v1/keys/\(id)").json["stale"]["is_stale"].bool == true
            }
            scheduler.cancel()
            await scheduler.value
            #expect(vault.time.sleeperCount == 0)
        }
    }
}
