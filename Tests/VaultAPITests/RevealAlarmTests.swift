import Testing
import VaultService
import VaultTestKit

/// A token that reveals many keys in a short time is spoken of in the audit log.
@Suite struct RevealAlarmTests {
    private static func alarms(_ vault: RunningVault) async throws -> [JSONTree] {
        try await vault.get("/v1/audit/entries?action=token.reveal_spike&limit=200", token: vault.adminToken)
            .json["data"].items
    }

    private static func withVault(_ body: (RunningVault) async throws -> Void) async throws {
        var configuration = Stage.quiet()
        configuration.revealAlarm = 3
        try await RunningVault.run(configuration: configuration, body)
    }

    @Test func `distinct keys by one token in ten minutes raise it once, and not again until they are over`()
        async throws
    {
        try await Self.withVault { vault in
            var ids: [String] = []
            for number in 0..<8 { ids.append(try await vault.store(FakeKeys.anthropic("alarm", number))) }
            func reveal(_ some: Range<Int>) async throws {
                for id in ids[some] { #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200) }
            }
            // The same keys again are not more of them, and two are too few.
            for _ in 0..<4 { try await reveal(0..<2) }
            #expect(try await Self.alarms(vault).isEmpty)
            try await reveal(2..<3)
            let raised = try await Self.alarms(vault)
            #expect(raised.count == 1)
            #expect(raised.first?["object"].string == raised.first?["actor"]["token_id"].string)
            #expect(raised.first?["project_id"].string == vault.projectID)
            #expect(raised.first?["reason"].string == "3 keys in 600 seconds")
            try await reveal(3..<8)
            #expect(try await Self.alarms(vault).count == 1)
            vault.time.advance(by: 600)
            try await reveal(0..<3)
            #expect(try await Self.alarms(vault).count == 2)
        }
    }

    @Test func `slowly, or by several tokens, the same number raises none`() async throws {
        try await Self.withVault { vault in
            for number in 0..<5 {
                let id = try await vault.store(FakeKeys.anthropic("alarm", number))
                #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
                vault.time.advance(by: 301)
            }
            let ids = [
                try await vault.store(FakeKeys.anthropic("other", 1)),
                try await vault.store(FakeKeys.anthropic("other", 2)),
            ]
            for _ in 0..<3 {
                let token = try await vault.token(scopes: "keys:reveal")
                for id in ids { #expect(try await vault.post("/v1/keys/\(id)/reveal", token: token).status == 200) }
            }
            #expect(try await Self.alarms(vault).isEmpty)
        }
    }
}
