import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// Nothing that the program reads turns its audit log off, when it starts or while it runs.
@Suite struct AuditSettingsTests {
    @Test func `U10 the settings that speak of the audit log are these, and none of them is a switch`() throws {
        func speaks(_ name: String) -> Bool {
            name.split(separator: "_").contains { ["AUDIT", "ANCHOR", "JOURNAL", "SINK", "TRAIL"].contains($0) }
        }
        let found = Setting.allCases.filter { speaks($0.rawValue) }
        #expect(Set(found) == [.auditAnchor, .auditKeep])
        #expect(Set(found.map(\.placeholder)).isSubset(of: ["FILE", "DURATION"]))
        // The control: one would be seen.
        #expect(speaks("KEYSTOW_NO_AUDIT") && speaks("KEYSTOW_AUDIT") && !speaks("KEYSTOW_LOG"))
    }

    @Test(arguments: ["--no-audit", "--audit=off", "--audit-log=/dev/null", "--no-log"])
    func `U10 a flag that would turn it off is refused`(_ flag: String) async throws {
        let directory = try TemporaryDirectory()
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data", flag], in: directory)
        #expect(try await program.wait() == ExitCode.usage.rawValue)
    }

    /// Changes something, and says whether that has its entry.
    private func isAudited(_ served: ServedProgram, _ name: String) async throws -> Bool {
        let (port, admin) = (served.port, served.admin)
        let headers = [("Authorization", "Bearer \(admin)"), ("Content-Type", "application/json")]
        let made = try await Threads.run {
            try HTTPExchange.send(
                port: port, "POST", "/v1/projects", headers: headers, body: Array(#"{"name":"\#(name)"}"#.utf8))
        }
        let log = try await Threads.run {
            try HTTPExchange.send(
                port: port, "GET", "/v1/audit/entries?limit=200&action=project.changed", headers: [headers[0]])
        }
        return made.status == 201
            && log.json["data"].items.contains {
                $0["object"].string == made.json["id"].string && $0["object"] != .null
            }
    }

    @Test func `U10 no variable, signal or file turns it off while the program runs`() async throws {
        let directory = try TemporaryDirectory()
        let off = [
            "KEYSTOW_AUDIT": "off", "KEYSTOW_AUDIT_LOG": "/dev/null", "KEYSTOW_AUDIT_ENABLED": "false",
            "KEYSTOW_NO_AUDIT": "1", "KEYSTOW_LOG": "error",
        ]
        var tokens: (app: String, admin: String)?
        for number in [SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT] {
            let served = try await ServedProgram.start(in: directory, off, tokens: tokens)
            tokens = (served.app, served.admin)
            #expect(try await isAudited(served, "before"))
            // What a reload would read, if there were one.
            for name in ["keystow.conf", "config.json", "keystow.env"] {
                let path = directory.path + "/data/" + name
                guard let file = fopen(path, "w") else { throw TestKitFailure("no file") }
                fputs("KEYSTOW_AUDIT=off\n{\"audit\":false}\n", file)
                fclose(file)
            }
            served.program.signal(number)
            if [SIGWINCH, SIGCONT].contains(number) {
                for _ in 0..<3 { #expect(try await isAudited(served, "after \(number)")) }
                served.program.signal(SIGTERM)
                #expect(try await served.program.wait() == 0)
            } else {
                // It reads nothing anew: what these signals mean to a program that has no use for them is its end.
                #expect(try await served.program.wait() == 128 + number)
            }
        }
        let served = try await ServedProgram.start(in: directory, tokens: tokens)
        #expect(try await isAudited(served, "at last"))
    }
}
