import Glibc
import Testing
import VaultCrypto
import VaultModel
import VaultTestKit

@testable import VaultService

/// Whoever writes the database cannot dress a project as another, and old rows are believed as before.
@Suite struct ProjectRowTests {
    private static let brand = ##"{"logo":"/logo.svg","accent_color":"#1f4fd8"}"##

    static let edits = [
        "logo = '/other.svg'", "logo = NULL", "accent_color = '#b00020'", "accent_color = NULL",
        "logo = NULL, accent_color = NULL", "logo = 'https://elsewhere.example/logo.svg'", "accent_color = 'crimson'",
    ]

    @Test(arguments: Moment.allCases, edits)
    func `a project whose logo or colour was edited acts as absent`(_ moment: Moment, _ edit: String) async throws {
        try await tamper(moment) { vault in
            let path = "/v1/projects/\(vault.projectID)"
            let branded = try await vault.call("PATCH", path, Self.brand, token: vault.adminToken)
            #expect(branded.status == 200)
            return path
        } attack: { intruder, _ in
            try intruder.change("UPDATE projects SET \(edit)")
        } look: { vault, path in
            #expect(try await vault.call("GET", path, token: vault.adminToken).status == 404)
            try await vault.findsForgery(of: "project", object: vault.projectID)
        }
    }

    @Test(arguments: Moment.allCases)
    func `a brand that is put on a project in its row is not believed`(_ moment: Moment) async throws {
        try await tamper(moment) { vault in
            "/v1/projects/\(vault.projectID)"
        } attack: { intruder, _ in
            try intruder.change("UPDATE projects SET logo = '/phish.svg'")
        } look: { vault, path in
            #expect(try await vault.call("GET", path, token: vault.adminToken).status == 404)
            try await vault.findsForgery(of: "project", object: vault.projectID)
        }
    }

    @Test func `a project of a vault that knew no brand is believed after the upgrade, and can be given one`()
        async throws
    {
        try await tamper(.stopped) { vault in
            ("/v1/projects/\(vault.projectID)", vault.directory.path + "/data/anchor")
        } attack: { intruder, scene in
            // The database as the step before left it.
            #expect(unlink(scene.1) == 0)
            for sql in [
                "DROP TABLE rekeys", "DROP TABLE terms", "DROP TABLE recovery_keyring", "DROP INDEX versions_by_term",
                "DROP TABLE signers", "DROP TABLE audit_heads", "DROP TABLE audit_drops",
                "DROP INDEX audit_of_ended_sessions", "DROP TABLE connect_sessions",
                "ALTER TABLE projects DROP COLUMN logo", "ALTER TABLE projects DROP COLUMN accent_color",
            ] {
                try intruder.run(sql)
            }
            try intruder.change("DELETE FROM migrations WHERE version >= 3")
        } look: { vault, scene in
            let path = scene.0
            let shown = try await vault.call("GET", path, token: vault.adminToken)
            #expect(shown.status == 200)
            #expect(shown.json["logo"] == .null && shown.json["accent_color"] == .null)
            let branded = try await vault.call("PATCH", path, Self.brand, token: vault.adminToken)
            #expect(branded.json["logo"].string == "/logo.svg")
        }
    }

    /// The recipe as it was before there was a brand, written out.
    @Test func `the MAC of a project without a brand is what it always was, and each part of a brand changes it`()
        async throws
    {
        try await RunningVault.run { vault in
            let keyring = try vault.vault.keyring
            let time = Timestamp(milliseconds: 1_800_000_000_000)
            var project = ProjectRecord(
                id: ProjectID(at: time), name: "app", allowedOrigins: ["https://a.example"],
                allowedProviders: [.anthropic], revealGrantedAt: time, createdAt: time, revision: 3)
            var row = CanonicalBytes()
            row.append("projects")
            row.append(project.id.bytes)
            row.append("app")
            row.append(1)
            row.append("https://a.example")
            row.append(1)
            row.append("anthropic")
            row.append(optional: 1_800_000_000_000)
            row.append(3)
            var macs = [try keyring.mac(of: project)]
            let before = try keyring.rowMAC(row.bytes)
            #expect(macs == [before])
            project.accentColor = AccentColor("#1f4fd8")
            macs.append(try keyring.mac(of: project))
            project.logo = Logo("/accent_color")
            macs.append(try keyring.mac(of: project))
            project.accentColor = nil
            macs.append(try keyring.mac(of: project))
            #expect(Set(macs).count == 4)
        }
    }
}
