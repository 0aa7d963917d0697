import Glibc
import Synchronization
import Testing
import VaultModel
import VaultStore
import VaultTestKit

@testable import VaultCrypto
@testable import VaultService

/// What is forgotten of the audit log after its time, and what is not.
@Suite struct AuditDroppingTests {
    private static func report(_ vault: RunningVault) throws -> AuditReport {
        let data = vault.directory.path + "/data"
        return try AuditVerification.run(AuditVerificationOrder(directory: data, anchor: data + "/anchor"))
    }

    /// Where the vault said that its log is not what was signed.
    private final class Told: Sendable {
        let entries = Mutex<[Int]>([])
        var count: Int { entries.withLock(\.count) }
    }

    private static func keeping30Days(_ observe: (@Sendable (VaultNotice) -> Void)? = nil) -> VaultConfiguration {
        var configuration = VaultConfiguration(validationLimits: nil)
        configuration.auditKeepSeconds = 30 * 86_400
        configuration.observe = observe
        return configuration
    }

    @Test func `what is dropped after its time lets no old row back in, and the rest can still be proven`() async throws
    {
        let keep = Self.keeping30Days()
        let vault = try await RunningVault.run(configuration: keep) { vault in
            let key = try await vault.store(FakeKeys.anthropic("old", 1))
            let made = try await vault.call(
                "POST", "/v1/tokens", #"{"kind":"app","project_id":"\#(vault.projectID)","name":"old"}"#,
                token: vault.adminToken)
            let (token, text) = (made.json["id"].string ?? "", made.json["token"].string ?? "")
            let intruder = try Intruder(vault)
            let rows = try [
                intruder.copy("keys", where: "id = ?1", [.id(key)]),
                intruder.copy("versions", where: "key_id = ?1", [.id(key)]),
                intruder.copy("tokens", where: "id = ?1", [.id(token)]),
            ]
            for _ in 0..<20 { _ = try await vault.call("POST", "/v1/keys/\(key)/reveal") }
            #expect(try await vault.call("POST", "/v1/keys/\(key)/revoke").status == 200)
            #expect(try await vault.call("DELETE", "/v1/tokens/\(token)", token: vault.adminToken).status == 204)
            try await vault.vault.signHead()
            #expect(try await vault.vault.dropOldEntries() == 0)
            vault.time.advance(by: 40 * 86_400)
            // The newest head of all stays, whatever its age: the next start compares it.
            #expect(try await vault.vault.dropOldEntries() == 0)
            _ = try await vault.store(FakeKeys.anthropic("old", 2))
            try await vault.vault.signHead()
            #expect(try await vault.vault.dropOldEntries() > 20)
            #expect(try await vault.vault.dropOldEntries() == 0)
            for row in rows { try intruder.putBack(row) }
            #expect(try await vault.reveal(key).status == 409)
            #expect(try await vault.call("GET", "/v1/token", token: text).status == 401)
            return vault
        }
        let report = try Self.report(vault)
        #expect(report.isWell)
        #expect(report.base > 20)
        #expect(report.kept >= 2)
        try await vault.restarted(configuration: keep) { _ in }
        let intruder = try Intruder(vault)
        try intruder.change("DELETE FROM audit WHERE action = 'token.revoked' AND seq <= \(report.base)")
        #expect(try Self.report(vault).finding?.kind == .keptChanged)
    }

    /// A vault with a month of old entries that may be dropped, and what it has told.
    private static func aged(
        _ body: (RunningVault, Intruder, Told) async throws -> Void
    ) async throws {
        let told = Told()
        let configuration = keeping30Days { notice in
            if case .auditTampered(let entry) = notice { told.entries.withLock { $0.append(entry) } }
        }
        try await RunningVault.run(configuration: configuration) { vault in
            let key = try await vault.store(FakeKeys.anthropic("aged", 1))
            for _ in 0..<20 { _ = try await vault.call("POST", "/v1/keys/\(key)/reveal") }
            try await vault.vault.signHead()
            vault.time.advance(by: 40 * 86_400)
            _ = try await vault.call("POST", "/v1/keys/\(key)/reveal")
            try await vault.vault.signHead()
            try await body(vault, try Intruder(vault), told)
        }
    }

    @Test func `U04 an entry that is put in below where the log was dropped is named`() async throws {
        try await Self.aged { vault, intruder, told in
            let kept = try intruder.copy("audit", where: "seq = ?1", [.integer(5)])
            #expect(try await vault.vault.dropOldEntries() > 10)
            #expect(try Self.report(vault).isWell)
            try intruder.putBack(kept)
            let report = try Self.report(vault)
            #expect(report.finding == AuditFinding(.inserted, at: 5))
            // The vault finds it too, before it drops again.
            vault.time.advance(by: 40 * 86_400)
            _ = try await vault.store(FakeKeys.anthropic("aged", 2))
            try await vault.vault.signHead()
            #expect(told.count == 0)
            #expect(try await vault.vault.dropOldEntries() == 0)
            #expect(told.count == 1)
            let metrics = try await vault.call("GET", "/metrics", token: vault.adminToken)
            #expect(metrics.text.contains("\nkeystow_audit_tampered 1\n"))
        }
    }

    @Test func `what was begun is gone on with, and until then is a note`() async throws {
        try await Self.aged { vault, intruder, _ in
            let kept = try intruder.copy("audit", where: "seq = ?1", [.integer(5)])
            #expect(try await vault.vault.dropOldEntries() > 10)
            try intruder.putBack(kept)
            try intruder.change("UPDATE audit_drops SET complete = 0")
            let report = try Self.report(vault)
            #expect(report.isWell)
            #expect(report.awaitingDeletion == 1)
            #expect(try await vault.vault.dropOldEntries() == 1)
            #expect(try Self.report(vault).awaitingDeletion == 0)
        }
    }

    @Test func `a log of which something was dropped can be proven also with another anchor`() async throws {
        let (vault, note) = try await RunningVault.run(configuration: Self.keeping30Days()) { vault in
            for _ in 0..<2 {
                for number in 0..<3 { _ = try await vault.store(FakeKeys.anthropic("other", number)) }
                try await vault.vault.signHead()
                vault.time.advance(by: 40 * 86_400)
                _ = try await vault.call("DELETE", "/v1/users/user-1")
                try await vault.vault.signHead()
            }
            #expect(try await vault.vault.dropOldEntries() > 0)
            return (vault, vault.vault.anchor.tip.sequence)
        }
        unlink(vault.directory.path + "/data/anchor")
        for number in (note - 10)...note {
            var configuration = Self.keeping30Days()
            configuration.acceptedNote = number
            do { try await vault.restarted(configuration: configuration) { _ in } } catch is OpeningError { continue }
            break
        }
        let report = try Self.report(vault)
        #expect(report.isWell)
        #expect(report.base > 0)
        #expect(report.restarts == 1)
    }

    @Test func `a young log is not dropped because the database says that its heads are old`() async throws {
        let told = Told()
        let configuration = Self.keeping30Days { notice in
            if case .auditTampered(let entry) = notice { told.entries.withLock { $0.append(entry) } }
        }
        try await RunningVault.run(configuration: configuration) { vault in
            for number in 0..<3 {
                _ = try await vault.store(FakeKeys.anthropic("young", number))
                try await vault.vault.signHead()
            }
            let before = try await vault.auditEntries().count
            try Intruder(vault).change(
                "UPDATE audit_heads SET at = 1000 WHERE seq < (SELECT max(seq) FROM audit_heads)")
            #expect(try await vault.vault.dropOldEntries() == 0)
            #expect(try await vault.auditEntries().count == before)
            #expect(told.count == 1)
        }
    }

    @Test func `nothing is deleted on the word of a note that the vault did not sign, or of a log that was changed`()
        async throws
    {
        for attack in [
            "INSERT INTO audit_drops (one, through, note, complete) VALUES (1, 1000000000, 'x', 0)",
            "UPDATE audit SET reason = 'forged' WHERE seq = 6",
        ] {
            try await Self.aged { vault, intruder, told in
                let before = try await vault.auditEntries().count
                try intruder.change(attack)
                #expect(try await vault.vault.dropOldEntries() == 0)
                #expect(try await vault.auditEntries().count == before)
                #expect(told.count == 1)
                // Said once.
                #expect(try await vault.vault.dropOldEntries() == 0)
                #expect(told.count == 1)
            }
        }
    }
}
