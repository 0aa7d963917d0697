import Testing
import VaultTestKit

/// What a provider says of one secret is never kept for another.
struct VerdictBindingTests {
    /// A check begins; meanwhile `replace` gives the key another secret; then the provider refuses the first one.
    private func expectNoRefusal(
        of replacement: String, _ replace: (RunningVault, String) async throws -> Void
    ) async throws {
        let provider = ProviderSwitch(.refusing)
        try await RunningVault.run(provider: provider.provider) { vault in
            let id = try await vault.store(FakeKeys.anthropic("first"))
            provider.hold()
            async let checking = vault.call("POST", "/v1/keys/\(id)/check")
            try await eventually("the first secret is with the provider") { provider.calls == 1 }
            try await replace(vault, id)
            provider.letGo()
            let checked = try await checking
            #expect(checked.status == 200, "\(checked.text)")
            // The verdict is about the secret that the key has now: it was asked for again.
            #expect(provider.calls == 2)
            let entries = try await vault.auditEntries("&key_id=\(id)&action=key.checked")
            #expect(entries.count == 1)
            try await vault.expectUnharmed(id, replacement)
        }
    }

    @Test func `a verdict on a secret that was rotated away meanwhile is dropped`() async throws {
        let new = FakeKeys.anthropic("second")
        try await expectNoRefusal(of: new) { vault, id in
            let rotated = try await vault.rotate(id, to: new)
            #expect(rotated.status == 200, "\(rotated.text)")
        }
    }

    @Test func `a verdict is dropped also where the number of the version was given out again`() async throws {
        let new = FakeKeys.anthropic("second")
        try await expectNoRefusal(of: new) { vault, id in
            let intruder = try Intruder(vault)
            try intruder.change("UPDATE keys SET last_version = 7 WHERE id = ?1", [.id(id)])
            try intruder.change("DELETE FROM versions WHERE key_id = ?1", [.id(id)])
            let rotated = try await vault.rotate(id, to: new)
            #expect(rotated.status == 200, "\(rotated.text)")
            #expect(rotated.json["version"].int == 1)
        }
    }
}
