import Testing
import VaultModel
import VaultTestKit

@testable import VaultAPI

/// No call turns the audit log off or leads it elsewhere.
@Suite struct AuditAlwaysOnTests {
    /// Words in the name of whatever could.
    private static let words: Set<Substring> = [
        "audit", "auditing", "anchor", "log", "logs", "logging", "logger", "sink", "journal", "entries", "config",
        "configuration", "settings", "options", "debug", "reload", "retention", "keep",
    ]

    private static func isTelling(_ name: String) -> Bool {
        name.split { !$0.isLetter }.contains { words.contains($0) }
    }

    /// Calls that change something and that by their path, a query or a member of their body could be about the log.
    private static func switches(in routes: [Route]) -> [String] {
        routes.flatMap { route -> [String] in
            let call = "\(route.method) \(route.path)"
            guard route.method != "GET" else { return [] }
            let names = [route.path] + route.query + members(of: route.shape)
            return names.filter(isTelling).map { "\(call): \($0)" }
        }
    }

    private static func members(of shape: Shape?) -> [String] {
        (shape?.members ?? []).flatMap { member -> [String] in
            if case .object(let inner) = member.kind { return [member.name] + members(of: inner) }
            return [member.name]
        }
    }

    @Test
    func `U10 no call has a path, a query or a member by which the log could be turned off, and a new one is found`() {
        #expect(Self.switches(in: Routes.all) == [])
        func route(_ method: String, _ path: String, _ shape: Shape) -> Route {
            Route(method, path, .instance(.keyringWrite), "A call that must not be.", successes: [.done]) { _ in
                .noContent
            }.with(shape: shape)
        }
        let planted = [
            route("PUT", "/v1/audit", Shape()), route("POST", "/v1/projects/{id}/logging", Shape()),
            route("PATCH", "/v1/vault", Shape(Member.boolean("audit_enabled"))),
            route("PATCH", "/v1/vault", Shape(Member.object("vault", Shape(Member.text("anchor_path", 1...9))))),
        ]
        #expect(Self.switches(in: Routes.all + planted).count == 4)
    }

    private static let tries = [
        #""audit":false"#, #""audit":{"enabled":false}"#, #""audit":"/dev/null""#, #""audit_log":"off""#,
        #""audit_anchor":"/dev/null""#, #""audit_keep":"0s""#, #""log":"off""#, #""KEYSTOW_AUDIT_ANCHOR":"/dev/null""#,
        #""scopes_without_audit":true"#, #""silent":true"#,
    ]
    private static let headers = [
        ("X-Audit", "off"), ("X-Keystow-Audit", "off"), ("X-No-Log", "1"), ("Keystow-Audit-Anchor", "/dev/null"),
        ("DNT", "1"), ("X-HTTP-Method-Override", "DELETE"),
    ]
    private static let guesses = [
        "/v1/audit", "/v1/audit/entries", "/v1/audit/entries/1", "/v1/audit/head", "/v1/audit/anchor", "/v1/audit/log",
        "/v1/config", "/v1/settings", "/v1/log", "/v1/logging", "/v1/reload", "/v1/debug", "/v1/keyring/open",
        "/metrics",
        "/v1/admin/audit",
    ]
    /// Those that change nothing, so that there is nothing to tell.
    private static let silent: Set = [
        "POST /v1/inspect", "POST /connect/inspect", "POST /v1/revoke", "DELETE /v1/users/{user_id}",
    ]

    @Test func `U10 whatever an admin tries on any call, every change still has its entry in the log where it was`()
        async throws
    {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            let files = Set(TemporaryDirectory.names(in: vault.directory.path))
            var number = 1000
            for row in AuthorizationMatrixTests.rows {
                number += 1
                let attempt = try await cast.attempt(row, .admin, number)
                let inner = (attempt.json ?? "{}").dropFirst().dropLast()
                var attempts: [Attempt] = []
                if attempt.method != "GET" {
                    attempts = Self.tries.map { tried in
                        attempt.with { $0.json = "{\(inner)\(inner.isEmpty ? "" : ",")\(tried)}" }
                    }
                }
                if !row.call.contains("/connect") && row.call.contains("/v1/") {
                    attempts += ["audit=off", "log=off", "audit_anchor=/dev/null"].map { attempt.with(query: $0) }
                }
                for (tried, answer) in zip(attempts, try await attempts.send(to: vault)) {
                    #expect(!(200..<300).contains(answer.status), "\(row.call) \(tried.json ?? tried.target)")
                }
            }
            let guessed = Self.guesses.flatMap { path in
                ["POST", "PUT", "PATCH", "DELETE"].map { method in
                    Attempt(
                        method: method, target: path, json: method == "DELETE" ? nil : #"{"enabled":false}"#,
                        token: vault.adminToken)
                }
            }
            #expect(Set(try await guessed.send(to: vault).map(\.status)).isSubset(of: [404, 405]))

            for row in AuthorizationMatrixTests.repeatable where !row.call.hasPrefix("GET") && row.status < 300 {
                number += 1
                let role = cast.guest(of: row)
                let attempt = try await cast.attempt(row, role, number).with { $0.headers += Self.headers }
                let answer = try await attempt.send(to: vault)
                #expect(answer.status == row.status, "\(row.call): \(answer.text)")
                let request = try #require(answer.header("request-id").flatMap { RequestID($0) })
                let hex = request.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                let entries = try vault.ask("SELECT count(*) FROM audit WHERE request_id = x'\(hex)'")
                #expect((entries == "0") == Self.silent.contains(row.call), "\(row.call): \(entries) entries")
            }
            // What the API tells is what lies in the one database, and there are no other files.
            let head = try await vault.call("GET", "/v1/audit/head", token: vault.adminToken)
            #expect(try vault.ask("SELECT max(seq) FROM audit") == "\(head.json["seq"].int ?? 0)")
            #expect(Set(TemporaryDirectory.names(in: vault.directory.path)).subtracting(files) == [])
        }
    }
}
