import Glibc
import HTTPClient
import Synchronization
import Testing
import VaultModel
import VaultProviders
import VaultService
import VaultTestKit

@testable import keystow

/// Whole imports against a real vault behind a real socket.
@Suite struct ImportSessionTests {
    /// What watched an import, and may stop it. Safe to use from any thread.
    private final class Watch: Sendable {
        private let lines = Mutex<[String]>([])
        private let signal = Mutex<Int32?>(nil)

        var seen: [String] { lines.withLock { $0 } }
        func note(_ progress: ImportProgress) { lines.withLock { $0.append(progress.line) } }
        func stop(by number: Int32) { signal.withLock { $0 = number } }
        var stopSignal: Int32? { signal.withLock { $0 } }
    }

    /// Imports CSV into `vault`.
    private func run(
        _ csv: String, into vault: RunningVault, at port: UInt16? = nil, isDryRun: Bool = false, token: String? = nil,
        project: ProjectID? = nil, validation: Validation? = nil, watch: Watch = Watch()
    ) async throws -> ImportReport {
        let catalogue = try Catalogue.embedded()
        let records = try WipedBuffer(csv).withBytes { try CSVFile.read($0, 0..<$0.byteCount) }
        let plan = ImportPlan(
            records, user: nil, providers: KnownProviders(catalogue), doctor: KeyDoctor(catalogue))
        let client = try HTTPClient(version: "test")
        defer { client.close() }
        let secret = try WipedBuffer(token ?? vault.appToken).withBytes { try SecretBytes(copying: $0) }
        let server = try #require(BaseURL("http://127.0.0.1:\(port ?? vault.port)"))
        let session = ImportSession(
            vault: RemoteVault(server: server, client: client, token: secret), isDryRun: isDryRun, project: project,
            validation: validation, time: vault.time, stopSignal: { watch.stopSignal }, watch: { watch.note($0) })
        return await session.run(plan, source: .file("keys.csv"))
    }

    /// Lets time go by while `body` waits in it, so that whoever sleeps wakes at once.
    private func passing<R: Sendable>(_ time: ManualTime, _ body: () async throws -> R) async throws -> R {
        let clock = Task {
            while !Task.isCancelled {
                if time.sleeperCount > 0 { time.advance(by: 1) }
                await Task.yield()
                usleep(200)
            }
        }
        defer { clock.cancel() }
        return try await body()
    }

    private func codes(_ report: ImportReport) -> [String] {
        report.entries.map { entry in
            switch entry.outcome {
            case .storable: "storable"
            case .stored: "stored"
            case .alreadyThere: "already there"
            case .refused(let refusal): refusal.code
            case .postponed(let refusal): "not now: \(refusal.code)"
            case .notReached: "not reached"
            }
        }
    }

    private func rows(_ keys: [String], user: String? = nil) -> String {
        keys.enumerated().map { "\(user ?? "user-\($0.offset)"),anthropic,\($0.element)\n" }.joined()
    }

    @Test func `a dry run stores nothing, asks no provider and tells what would happen`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let csv = """
                user_id,provider,key
                u,anthropic,\(FakeKeys.anthropic())
                v,,\(FakeKeys.anthropic("other"))
                w,anthropic,\(FakeKeys.oauthAccessToken())
                x,openai,\(FakeKeys.anthropic())
                y,anthropic,"line
                break"
                """
            let report = try await run(csv, into: vault, isDryRun: true)
            #expect(
                codes(report) == ["storable", "storable", "oauth_token_rejected", "wrong_provider", "malformed_key"])
            #expect(report.entries.map(\.line) == [2, 3, 4, 5, 6])
            #expect(report.entries.map(\.provider) == ["anthropic", "anthropic", "anthropic", "openai", "anthropic"])
            #expect(report.entries[0].kind == "api_key")
            #expect(report.exitCode == .dataFault)
            #expect(provider.calls == 0)
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.isEmpty)
            let text = report.lines.joined(separator: "\n")
            #expect(text.contains("line 4, w, anthropic, oauth_token_rejected: OAuth authentication is currently"))
            #expect(text.contains("5 keys: 2 would be stored, 3 refused."))
            #expect(text.contains("With --apply"))
            #expect(text.hasSuffix("The keys still lie in keys.csv in clear: delete it once this is done."))
            let watch = Watch()
            let good = try await run(rows([FakeKeys.anthropic()]), into: vault, isDryRun: true, watch: watch)
            #expect(watch.seen == ["0 of 1, 0 stored, 0 refused", "1 of 1, 1 storable, 0 refused"])
            #expect(good.exitCode == .ok)
        }
    }

    @Test func `no text is so odd that the keys after it are not reached`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let longest = KeyDoctor.longestPaste
            let odd = [
                String(repeating: "\u{1B}", count: longest), String(repeating: "\u{1}", count: longest / 2),
                String(repeating: "\"\"", count: longest), String(repeating: "\\", count: longest),
                String(repeating: "x", count: longest + 1), String(repeating: "\u{1F511}", count: longest / 4), "", " ",
            ]
            let csv = odd.map { "u,anthropic,\"\($0)\"\n" }.joined() + rows([FakeKeys.anthropic()])
            for isDryRun in [true, false] {
                let report = try await run(csv, into: vault, isDryRun: isDryRun)
                #expect(codes(report).dropLast() == Array(repeating: "malformed_key", count: odd.count)[...])
                #expect(codes(report).last == (isDryRun ? "storable" : "stored"))
            }
        }
    }

    @Test func `keys are stored, a second import finds them there`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let keys = (0..<3).map { FakeKeys.anthropic("valid", $0) }
            let watch = Watch()
            let report = try await run(rows(keys) + "user-0,anthropic,\(keys[0])\n", into: vault, watch: watch)
            #expect(codes(report) == ["stored", "stored", "stored", "already there"])
            #expect(report.exitCode == .ok)
            #expect(provider.calls == 3)
            #expect(watch.seen.first == "0 of 4, 0 stored, 0 refused")
            #expect(watch.seen.last == "4 of 4, 3 stored, 1 already there, 0 refused")
            let stored = try await vault.call("GET", "/v1/keys").json["data"].items
            #expect(Set(stored.compactMap { $0["user_id"].string }) == ["user-0", "user-1", "user-2"])
            #expect(stored.allSatisfy { $0["status"].string == "active" })
            let ids = report.entries.prefix(3).map { entry -> String? in
                if case .stored(let id) = entry.outcome { id?.description } else { nil }
            }
            #expect(Set(ids) == Set(stored.map { $0["id"].string }))
            let again = try await run(rows(keys), into: vault)
            #expect(codes(again) == ["already there", "already there", "already there"])
            #expect(again.exitCode == .ok)
            #expect(provider.calls == 3)
            let revealed = try await vault.call("POST", "/v1/keys/\(ids[1] ?? "")/reveal")
            #expect(revealed.json["key"].string == keys[1])
        }
    }

    @Test func `what the provider refuses is in the report, and the rest goes on`() async throws {
        let provider = ProviderSwitch(.refusing)
        try await RunningVault.run(provider: provider.provider) { vault in
            let watch = Watch()
            let csv = rows([FakeKeys.anthropic("valid", 1), "sk-ant-api03-short", FakeKeys.anthropic("valid", 2)])
            let report = try await run(csv, into: vault, watch: watch)
            #expect(codes(report) == ["invalid_key", "truncated_key", "invalid_key"])
            #expect(report.exitCode == .dataFault)
            #expect(provider.calls == 2)
            provider.answers(.overloaded)
            let busy = try await run(csv, into: vault, validation: .required)
            #expect(codes(busy) == ["not now: provider_unavailable", "truncated_key", "not now: provider_unavailable"])
            let unsure = try await run(csv, into: vault, validation: .bestEffort)
            #expect(codes(unsure) == ["stored", "truncated_key", "stored"])
            provider.answers(.accepting)
            let calls = provider.calls
            let skipped = try await run(rows([FakeKeys.anthropic("valid", 3)]), into: vault, validation: .skip)
            #expect(codes(skipped) == ["stored"])
            #expect(provider.calls == calls)
            #expect(unsure.exitCode == .dataFault)
        }
    }

    @Test func `an outage of the provider alone is worth another try, not a fault of the file`() async throws {
        try await RunningVault.run(provider: ProviderSwitch(.overloaded).provider) { vault in
            let report = try await run(rows([FakeKeys.anthropic()]), into: vault, validation: .required)
            #expect(report.exitCode == .temporary)
        }
    }

    @Test func `V11 a limit on test calls is waited for with a countdown, and then it goes on`() async throws {
        let provider = ProviderSwitch()
        let limits = VaultConfiguration(validationLimits: .standard)
        try await RunningVault.run(provider: provider.provider, configuration: limits) { vault in
            let watch = Watch()
            let keys = (0..<7).map { FakeKeys.anthropic("valid", $0) }
            let start = vault.time.now()
            let report = try await passing(vault.time) {
                try await run(rows(keys, user: "u"), into: vault, watch: watch)
            }
            #expect(codes(report) == Array(repeating: "stored", count: 7))
            #expect(report.exitCode == .ok)
            #expect(provider.calls == 7)
            #expect(vault.time.now().seconds(since: start) >= 60)
            #expect(watch.seen.contains { $0.hasPrefix("5 of 7, 5 stored, 0 refused, waiting 60 s: This user") })
            #expect(watch.seen.contains { $0.hasPrefix("5 of 7, 5 stored, 0 refused, waiting 1 s: ") })
        }
    }

    @Test func `V11 a limit of a day is not waited for: the user's keys are left, another's go on`() async throws {
        let provider = ProviderSwitch(.refusing)
        let limits = VaultConfiguration(validationLimits: .standard)
        try await RunningVault.run(provider: provider.provider, configuration: limits) { vault in
            let keys = (0..<7).map { FakeKeys.anthropic("valid", $0) }
            let report = try await passing(vault.time) {
                try await run(
                    rows(keys, user: "u") + "v,anthropic,\(FakeKeys.anthropic("last"))", into: vault)
            }
            let expected =
                Array(repeating: "invalid_key", count: 5) + Array(repeating: "not now: validation_limit", count: 2)
                + ["invalid_key"]
            #expect(codes(report) == expected)
            #expect(provider.calls == 6)
        }
    }

    @Test func `a stop ends it after the key that is under way, and is not lost in a wait`() async throws {
        let provider = ProviderSwitch()
        let limits = VaultConfiguration(validationLimits: .standard)
        try await RunningVault.run(provider: provider.provider, configuration: limits) { vault in
            let watch = Watch()
            let keys = (0..<7).map { FakeKeys.anthropic("valid", $0) }
            provider.hold()
            async let running = run(rows(keys, user: "u"), into: vault, watch: watch)
            try await eventually("the first test call") { provider.calls == 1 }
            watch.stop(by: SIGINT)
            provider.letGo()
            let report = try await running
            #expect(codes(report) == ["stored"] + Array(repeating: "not reached", count: 6))
            #expect(report.ending == .interrupted(SIGINT))
            #expect(report.exitCode == .interrupted)

            let second = Watch()
            async let waiting = run(rows(keys, user: "u"), into: vault, watch: second)
            try await eventually("it waits") {
                vault.time.sleeperCount > 0 && second.seen.last?.contains("waiting") == true
            }
            second.stop(by: SIGTERM)
            vault.time.advance(by: 1)
            let later = try await waiting
            #expect(
                codes(later) == ["already there"] + Array(repeating: "stored", count: 4) + [
                    "not reached", "not reached",
                ])
            #expect(later.exitCode == .terminated)
        }
    }

    @Test func `an answer that is lost is asked for again, and the key is stored once`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let proxy = try LossyProxy(to: vault.port, losing: 2)
            let report = try await passing(vault.time) {
                try await run(rows([FakeKeys.anthropic("a"), FakeKeys.anthropic("b")]), into: vault, at: proxy.port)
            }
            #expect(codes(report) == ["stored", "stored"])
            #expect(proxy.lost == 2)
            // A stop that comes while an answer is missing waits for that answer.
            let stopped = Watch()
            let second = try LossyProxy(to: vault.port, losing: 1)
            let keys = [FakeKeys.anthropic("c"), FakeKeys.anthropic("d")]
            provider.hold()
            async let running = passing(vault.time) {
                try await run(rows(keys), into: vault, at: second.port, watch: stopped)
            }
            try await eventually("the test call") { provider.calls == 3 }
            stopped.stop(by: SIGINT)
            provider.letGo()
            #expect(codes(try await running) == ["stored", "not reached"])
            #expect(second.lost == 1)
            #expect(provider.calls == 3)
            #expect(try await vault.call("GET", "/v1/keys").json["data"].items.count == 3)
        }
    }

    @Test func `a lost connection stops it, with what was done`() async throws {
        let provider = ProviderSwitch()
        try await RunningVault.run(provider: provider.provider) { vault in
            let proxy = try LossyProxy(to: vault.port, losing: .max, after: 1)
            let keys = (0..<3).map { FakeKeys.anthropic("valid", $0) }
            let report = try await passing(vault.time) { try await run(rows(keys), into: vault, at: proxy.port) }
            #expect(codes(report) == ["stored", "not now: no_answer", "not reached"])
            #expect(report.exitCode == .unavailable)
            let text = report.lines.joined(separator: "\n")
            #expect(text.contains("3 keys: 1 stored, 1 not imported now, 1 not reached."))
            #expect(text.contains("does not answer any more"))
            #expect(text.contains("running this again is safe"))
            // The second was stored though nobody heard of it: again is safe indeed.
            #expect(codes(try await run(rows(keys), into: vault)) == ["already there", "already there", "stored"])
        }
    }

    @Test func `a token that is revoked on the way ends it`() async throws {
        try await RunningVault.run(provider: ProviderSwitch().provider) { vault in
            let admin = try #require(ProjectID(vault.projectID))
            let report = try await run(
                rows([FakeKeys.anthropic()]), into: vault, token: vault.adminToken, project: admin)
            #expect(codes(report) == ["stored"])
            let stranger = "kst_app_" + String(vault.appToken.dropFirst(8).reversed())
            let refused = try await run(rows([FakeKeys.anthropic()]), into: vault, token: stranger)
            #expect(codes(refused) == ["not reached"])
            #expect(refused.exitCode == .noPermission)
            let elsewhere = try #require(ProjectID("prj_01jd0000000000000000000000"))
            let lost = try await run(
                rows([FakeKeys.anthropic()]), into: vault, token: vault.adminToken, project: elsewhere)
            #expect(lost.ending == .noProject)
        }
    }
}
