import Testing
import VaultModel
import VaultService
import VaultTestKit

/// Rotation, rollback and the grace time, as `api.md` writes them.
struct RotationTests {
    private func secret(_ number: Int) -> String { FakeKeys.anthropic("valid", number) }

    private func rotate(_ vault: RunningVault, _ id: String, _ key: String, _ more: String = "") async throws
        -> HTTPAnswer
    {
        try await vault.post("/v1/keys/\(id)/rotate", #"{"key":"\#(key)"\#(more)}"#)
    }

    private func revealed(_ vault: RunningVault, _ id: String) async throws -> String? {
        try await vault.post("/v1/keys/\(id)/reveal").json["key"].string
    }

    private func states(_ vault: RunningVault, _ id: String) async throws -> [String?] {
        try await vault.get("/v1/keys/\(id)/versions").json["data"].items.map { version in
            guard let number = version["version"].int, let state = version["state"].string else { return nil }
            return "\(number) \(state)\(version["shredded_at"] == .null ? "" : " shredded")"
        }
    }

    @Test func `a rotation keeps the id and shreds the version before the previous one`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(secret(1))
            vault.time.advance(by: 10)
            let second = try await rotate(vault, id, secret(2))
            #expect(second.status == 200, "\(second.text)")
            #expect(second.json["id"].string == id)
            #expect(second.json["version"].int == 2)
            #expect(second.json["rotated_at"].string == "\(vault.time.now())")
            #expect(second.json["stale"]["rotate_by"].string == "\(vault.time.now() + 7_776_000)")
            #expect(try await revealed(vault, id) == secret(2))
            #expect(try await states(vault, id) == ["2 current", "1 previous"])
            _ = try await rotate(vault, id, secret(3))
            #expect(try await states(vault, id) == ["3 current", "2 previous", "1 retired shredded"])
        }
    }

    @Test func `a new key that the provider refuses changes nothing`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(secret(1))
            let before = try await vault.key(id)
            provider.answers(.refusing)
            expectProblem(try await rotate(vault, id, secret(2)), 422, "invalid_key", ["provider_error", "docs_url"])
            provider.answers(.overloaded)
            let outage = try await rotate(vault, id, secret(2))
            expectProblem(outage, 503, "provider_unavailable", ["provider_error", "docs_url"])
            #expect(try await vault.key(id) == before)
            #expect(try await states(vault, id) == ["1 current"])
            #expect(try await revealed(vault, id) == secret(1))
            // Unless the caller prefers to have it.
            let stored = try await rotate(vault, id, secret(2), #","validation":"best_effort""#)
            #expect(stored.status == 200)
            #expect(stored.json["status"].string == "unverified")
        }
    }

    @Test func `the same secret is a duplicate, and another provider's key is named`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(secret(1))
            let same = try await rotate(vault, id, secret(1))
            expectProblem(same, 409, "duplicate_key", ["key_id"])
            #expect(same.json["key_id"].string == id)
            let groq = "gs" + "k_" + String(repeating: "aB3d", count: 13)
            let other = try await rotate(vault, id, groq)
            #expect(other.status == 422)
            #expect(other.json["code"].string == "wrong_provider")
            #expect(other.json["detected_provider"].string == "groq")
            #expect(provider.calls == 1)
        }
    }

    @Test func `without grace the old secret is shredded at once`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(secret(1))
            _ = try await rotate(vault, id, secret(2), #","grace_seconds":0"#)
            #expect(try await states(vault, id) == ["2 current", "1 retired shredded"])
            expectProblem(try await vault.post("/v1/keys/\(id)/rollback"), 409, "wrong_state")
        }
    }

    @Test func `a rollback makes the previous secret current, and no number is used twice`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(secret(1))
            let before = try await vault.get("/v1/keys/\(id)")
            _ = try await rotate(vault, id, secret(2), #","grace_seconds":60"#)
            vault.time.advance(by: 59)
            let back = try await vault.post("/v1/keys/\(id)/rollback")
            #expect(back.status == 200, "\(back.text)")
            #expect(back.json["version"].int == 1)
            #expect(back.json["status"].string == "active")
            #expect(back.json["verdict"]["code"].string == "valid")
            #expect(back.json["account"] == before.json["account"])
            #expect(try await revealed(vault, id) == secret(1))
            #expect(try await states(vault, id) == ["2 retired shredded", "1 current"])
            #expect(try await rotate(vault, id, secret(3)).json["version"].int == 3)
            #expect(try await vault.actions(of: id).contains("key.rolled_back"))
        }
    }

    @Test func `after the grace time there is no way back, before any pass of the scheduler`() async throws {
        try await Stage.run { vault in
            let id = try await vault.proven(secret(1))
            _ = try await rotate(vault, id, secret(2), #","grace_seconds":60"#)
            vault.time.advance(by: 60)
            expectProblem(try await vault.post("/v1/keys/\(id)/rollback"), 409, "wrong_state")
            try await RotationScheduler(vault.vault).pass()
            #expect(try await states(vault, id) == ["2 current", "1 retired shredded"])
            #expect(try await vault.actions(of: id).contains("key.version_shredded"))
        }
    }

    @Test func `a rotation that is under way is not overtaken by another`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            let id = try await vault.proven(secret(1))
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 2...9 { group.addTask { try await rotate(vault, id, secret(number)).status } }
                for try await status in group { #expect(status == 200) }
            }
            let key = try await vault.key(id)
            #expect(key["version"].int == 9)
            let states = try await states(vault, id).compactMap(\.self)
            #expect(states.count == 9)
            #expect(states.filter { $0.hasSuffix("current") } == ["9 current"])
            #expect(states.filter { $0.hasSuffix("previous") } == ["8 previous"])
        }
    }
}
