import Testing
import VaultModel
import VaultTestKit

@testable import VaultService

/// Refused requests in the audit log.
@Suite struct RefusalCountTests {
    @Test func `U09 refused requests are counted exactly, and take few entries`() async throws {
        try await RunningVault.run { vault in
            for _ in 0..<40 { #expect(try await vault.call("GET", "/v1/keys", token: "kst_app_wrong").status == 401) }
            #expect(try await vault.call("GET", "/v1/projects").status == 403)
            let before = try await vault.auditEntries("&action=request.refused").count
            #expect(before == 0)
            for number in 0..<100_000 {
                vault.vault.noteRefusal("invalid_token", route: "GET /v1/route/\(number % 1000)", by: .anonymous)
            }
            await vault.vault.finish()
            let entries = try await vault.auditEntries("&action=request.refused")
            // A stranger makes one entry a minute of each kind, whatever he tries.
            #expect(entries.count == 2)
            func total(_ code: String) -> Int {
                entries.filter { $0["outcome"].string == code }
                    .reduce(0) { $0 + (Int($1["reason"].string?.dropFirst("count=".count) ?? "") ?? 0) }
            }
            #expect(total("invalid_token") == 100_040)
            #expect(total("insufficient_scope") == 1)
            let scope = try #require(entries.first { $0["outcome"].string == "insufficient_scope" })
            #expect(scope["object"].string == "GET /v1/projects")
            #expect(scope["actor"]["token_id"].string?.hasPrefix("tok_") == true)
            #expect(
                entries.filter { $0["outcome"].string == "invalid_token" }.allSatisfy {
                    $0["actor"]["token_id"] == .null
                })
        }
    }
}
