import Testing
import VaultModel
import VaultTestKit

/// The table of states in `api.md`, cell by cell, over HTTP.
struct StateTableTests {
    enum State: String, CaseIterable, Sendable {
        case active, unverified, failing, quarantined, expired, undecryptable, edited, revoked

        /// The `status` that a key in it shows.
        var status: String { self == .edited ? "undecryptable" : rawValue }
        var isWorking: Bool { self == .active || self == .unverified || self == .failing }
        var isUnbelievable: Bool { self == .undecryptable || self == .edited }
    }

    /// Keys of one vault, each brought into a state in the way in which keys get there.
    struct Keys {
        let vault: RunningVault
        let provider: ProviderSwitch
        let state: State

        func make(_ number: Int) async throws -> String {
            provider.answers(.accepting)
            let secret = FakeKeys.anthropic("valid", number)
            switch state {
            case .active: return try await vault.proven(secret)
            case .unverified: return try await vault.store(secret)
            case .failing:
                let id = try await vault.proven(secret)
                provider.answers(.refusing)
                _ = try await vault.post("/v1/keys/\(id)/check")
                vault.time.advance(by: 600)
                _ = try await vault.post("/v1/keys/\(id)/check")
                provider.answers(.accepting)
                return id
            case .quarantined:
                let id = try await vault.proven(secret)
                _ = try await vault.post("/v1/keys/\(id)/quarantine")
                return id
            case .expired:
                let id = try await vault.proven(secret, #""expires_at":"\#(vault.time.now() + 10)""#)
                vault.time.advance(by: 10)
                return id
            case .undecryptable:
                let id = try await vault.proven(secret)
                try vault.tamper("UPDATE versions SET box = zeroblob(length(box))")
                _ = try await vault.post("/v1/keys/\(id)/reveal")
                return id
            case .edited:
                let id = try await vault.proven(secret)
                try vault.tamper("UPDATE keys SET endpoint = 'https://elsewhere.example'")
                return id
            case .revoked:
                let id = try await vault.proven(secret)
                _ = try await vault.post("/v1/keys/\(id)/revoke")
                return id
            }
        }
    }

    /// What an operation answers: the status and, for a problem, its code.
    private func expect(
        _ answer: HTTPAnswer, _ status: Int, _ code: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
        if status >= 400 { #expect(answer.json["code"].string == code, sourceLocation: sourceLocation) }
    }

    private func refusal(_ state: State) -> (Int, String) {
        state == .revoked ? (410, "key_revoked") : (409, "wrong_state")
    }

    private func inState(
        _ state: State, _ body: (RunningVault, Keys) async throws -> Void
    ) async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            try await body(vault, Keys(vault: vault, provider: provider, state: state))
        }
    }

    @Test(arguments: State.allCases)
    func `reading is possible in every state`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let key = try await vault.get("/v1/keys/\(id)")
            expect(key, 200)
            #expect(key.json["status"].string == state.status)
            expect(try await vault.get("/v1/keys/\(id)/versions"), 200)
            expect(try await vault.get("/v1/keys/\(id)/events"), 200)
            let list = try await vault.get("/v1/keys?status=\(state.status)")
            expect(list, 200)
            #expect(list.json["data"].items.map { $0["id"].string } == [id])
        }
    }

    @Test(arguments: State.allCases)
    func `reveal and check are for what works, and check for the quarantined too`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let (status, code) = refusal(state)
            let reveal = try await vault.post("/v1/keys/\(id)/reveal")
            state.isWorking ? expect(reveal, 200) : expect(reveal, status, code)
            let check = try await vault.post("/v1/keys/\(id)/check")
            if state.isWorking || state == .quarantined {
                expect(check, 200)
                #expect(check.json["status"].string == (state == .quarantined ? "quarantined" : "active"))
            } else {
                expect(check, status, code)
            }
        }
    }

    @Test(arguments: State.allCases)
    func `rotation heals every state but the revoked, and ends no quarantine of an admin's`(_ state: State)
        async throws
    {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let answer = try await vault.post(
                "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 100))"}"#)
            guard state != .revoked else { return expect(answer, 410, "key_revoked") }
            expect(answer, 200)
            #expect(answer.json["status"].string == (state == .quarantined ? "quarantined" : "active"))
            #expect(answer.json["expires_at"] == .null)
            #expect(answer.json["version"].int == 2)
            guard state != .quarantined else { return }
            let reveal = try await vault.post("/v1/keys/\(id)/reveal")
            #expect(reveal.json["key"].string == FakeKeys.anthropic("valid", 100))
        }
    }

    @Test(arguments: [State.undecryptable, .edited])
    func `a key whose secret is lost is healed by the same secret too`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let answer = try await vault.post(
                "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 1))"}"#)
            expect(answer, 200)
            #expect(answer.json["status"].string == "active")
            let reveal = try await vault.post("/v1/keys/\(id)/reveal")
            #expect(reveal.json["key"].string == FakeKeys.anthropic("valid", 1))
        }
    }

    @Test(arguments: State.allCases)
    func `rollback is for what works, within the grace time`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let (status, code) = refusal(state)
            // Nothing to go back to.
            expect(try await vault.post("/v1/keys/\(id)/rollback"), status, code)
            guard state.isWorking else { return }
            _ = try await vault.post(
                "/v1/keys/\(id)/rotate", #"{"key":"\#(FakeKeys.anthropic("valid", 100))","grace_seconds":60}"#)
            expect(try await vault.post("/v1/keys/\(id)/rollback"), 200)
        }
    }

    @Test(arguments: State.allCases)
    func `quarantine and release are for what works and what is quarantined`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let first = try await keys.make(1)
            let (status, code) = refusal(state)
            let quarantine = try await vault.post("/v1/keys/\(first)/quarantine")
            if state.isWorking || state == .quarantined {
                expect(quarantine, 200)
                #expect(quarantine.json["status"].string == "quarantined")
            } else {
                expect(quarantine, status, code)
            }
            let second = try await keys.make(2)
            let release = try await vault.post("/v1/keys/\(second)/release")
            state == .quarantined ? expect(release, 200) : expect(release, status, code)
        }
    }

    @Test(arguments: State.allCases)
    func `PATCH is possible in every state but revoked, and makes no key believable`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let answer = try await vault.call("PATCH", "/v1/keys/\(id)", #"{"label":"new"}"#)
            guard state != .revoked else { return expect(answer, 410, "key_revoked") }
            expect(answer, 200)
            #expect(answer.json["label"].string == "new")
            #expect(try await vault.key(id)["status"].string == state.status)
            #expect(try await vault.key(id)["label"].string == "new")
        }
    }

    @Test(arguments: State.allCases)
    func `revoking is possible in every state`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            let answer = try await vault.post("/v1/keys/\(id)/revoke")
            expect(answer, 200)
            #expect(answer.json["status"].string == "revoked")
            #expect(try await vault.post("/v1/keys/\(id)/revoke").body == answer.body)
            expect(try await vault.post("/v1/keys/\(id)/reveal"), 410, "key_revoked")
        }
    }

    @Test(arguments: State.allCases)
    func `deleting is possible in every state, and then there is nothing`(_ state: State) async throws {
        try await inState(state) { vault, keys in
            let id = try await keys.make(1)
            expect(try await vault.call("DELETE", "/v1/keys/\(id)"), 204)
            expect(try await vault.get("/v1/keys/\(id)"), 404, "not_found")
            expect(try await vault.call("DELETE", "/v1/keys/\(id)"), 404, "not_found")
        }
    }

    @Test func `one key that does not open harms no list that it is in`() async throws {
        try await Stage.run { vault in
            let damaged = try await vault.proven(FakeKeys.anthropic("valid", 1))
            try vault.tamper("UPDATE versions SET box = zeroblob(length(box))")
            _ = try await vault.post("/v1/keys/\(damaged)/reveal")
            vault.time.advance(by: 1)
            let whole = try await vault.proven(FakeKeys.anthropic("valid", 2))
            let list = try await vault.get("/v1/keys").json["data"].items
            #expect(list.map { $0["id"].string } == [whole, damaged])
            #expect(list.map { $0["status"].string } == ["active", "undecryptable"])
            #expect(try await vault.actions(of: damaged).contains("key.undecryptable"))
        }
    }
}
