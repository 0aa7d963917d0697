import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import VaultAPI

/// `GET /metrics`, as Prometheus asks for it.
@Suite struct MetricsTests {
    private static func scrape(_ vault: RunningVault) async throws -> MetricsScrape {
        let answer = try await vault.get("/metrics", token: vault.adminToken)
        try #require(answer.status == 200, "\(answer.text)")
        return try MetricsScrape(answer.text)
    }

    private static func series(_ scrape: MetricsScrape) -> Set<String> {
        Set(scrape.samples.map { "\($0.name) \($0.labels.sorted { $0.key < $1.key })" })
    }

    @Test func `what was answered is counted by the template of its route, and timed`() async throws {
        try await Stage.run { vault in
            let first = try await vault.store(FakeKeys.anthropic("a"))
            _ = try await vault.store(FakeKeys.anthropic("b"))
            for _ in 0..<5 { #expect(try await vault.get("/v1/keys/\(first)").status == 200) }
            #expect(try await vault.get("/v1/keys/key_0").status == 404)
            #expect(try await vault.get("/nowhere").status == 404)
            #expect(try await vault.get("/v1/keys", token: "x").status == 401)
            let scrape = try await Self.scrape(vault)
            func count(_ route: String, _ status: Int) -> Double? {
                scrape.value("keystow_http_requests_total", ["route": route, "status": "\(status)"])
            }
            #expect(count("POST /v1/keys", 201) == 2)
            #expect(count("GET /v1/keys/{id}", 200) == 5)
            #expect(count("GET /v1/keys/{id}", 404) == 1)
            #expect(count("", 404) == 1)
            #expect(count("", 401) == 1)
            #expect(count("GET /v1/keys", 200) == nil)
            let timed = ["route": "GET /v1/keys/{id}"]
            #expect(scrape.value("keystow_http_request_duration_seconds_count", timed) == 6)
            let sum = try #require(scrape.value("keystow_http_request_duration_seconds_sum", timed))
            #expect(sum > 0 && sum < 300)
            // The one that asks is not answered yet; the next one sees it.
            #expect(count("GET /metrics", 200) == nil)
            let next = try await Self.scrape(vault)
            #expect(next.value("keystow_http_requests_total", ["route": "GET /metrics", "status": "200"]) == 1)
        }
    }

    @Test func `keys are counted by provider, status, stale reason and age, ten seconds late at most`() async throws {
        let provider = ProviderSwitch()
        try await Stage.run(provider) { vault in
            #expect(try await Self.scrape(vault).values("keystow_keys").isEmpty)
            let old = try await vault.proven(FakeKeys.anthropic("old"))
            vault.time.advance(by: 40 * 86_400)
            _ = try await vault.proven(FakeKeys.anthropic("new"))
            _ = try await vault.store(FakeKeys.azure(), user: "u", validation: "skip", provider: "azure_openai")
            let gone = try await vault.proven(FakeKeys.anthropic("gone"))
            #expect(try await vault.post("/v1/keys/\(gone)/revoke").status == 200)
            provider.answers(.refusing)
            #expect(try await vault.post("/v1/keys/\(old)/check").status == 200)

            let scrape = try await Self.scrape(vault)
            func keys(_ provider: String, _ status: String) -> Double? {
                scrape.value("keystow_keys", ["provider": provider, "status": status])
            }
            #expect(keys("anthropic", "active") == 2)
            #expect(keys("anthropic", "revoked") == 1)
            #expect(keys("azure_openai", "unverified") == 1)
            #expect(keys("anthropic", "unverified") == nil)
            #expect(scrape.value("keystow_keys_stale", ["reason": "check_failed"]) == 1)
            #expect(scrape.value("keystow_keys_stale", ["reason": "leaked"]) == 0)
            #expect(scrape.value("keystow_keys_by_age", ["days": "30-60"]) == 1)
            #expect(scrape.value("keystow_keys_by_age", ["days": "0-1"]) == 2)
            #expect(scrape.value("keystow_keys_by_age", ["days": "365-"]) == 0)
            func verdicts(_ code: String) -> Double? {
                scrape.value("keystow_verdicts_total", ["provider": "anthropic", "code": code])
            }
            #expect(verdicts("valid") == 3)
            #expect(verdicts("invalid") == 1)
            #expect(verdicts("unverified") == nil)

            _ = try await vault.store(FakeKeys.anthropic("more"))
            vault.time.advance(by: 9)
            func unverified(_ scrape: MetricsScrape) -> Double? {
                scrape.value("keystow_keys", ["provider": "anthropic", "status": "unverified"])
            }
            #expect(unverified(try await Self.scrape(vault)) == nil)
            vault.time.advance(by: 1)
            #expect(unverified(try await Self.scrape(vault)) == 1)
        }
    }

    @Test func `the scheduler's lag grows until it has passed`() async throws {
        try await Stage.run { vault in
            _ = try await vault.proven(FakeKeys.anthropic())
            #expect(try await Self.scrape(vault).value("keystow_scheduler_lag_seconds") == 0)
            // Due for its next test after a day and at most a tenth more.
            vault.time.advance(by: 2 * 86_400)
            let late = try await Self.scrape(vault)
            #expect(late.value("keystow_scheduler_overdue_keys") == 1)
            #expect(try #require(late.value("keystow_scheduler_lag_seconds")) >= 0.8 * 86_400)
            #expect(late.value("keystow_scheduler_last_pass_timestamp_seconds") == 0)
            try await RotationScheduler(vault.vault).pass()
            let passed = try await Self.scrape(vault)
            #expect(passed.value("keystow_scheduler_overdue_keys") == 0)
            #expect(passed.value("keystow_scheduler_lag_seconds") == 0)
            #expect(passed.value("keystow_scheduler_passes_total", ["result": "ok"]) == 1)
            let now = Double(vault.time.now().milliseconds) / 1000
            #expect(passed.value("keystow_scheduler_last_pass_timestamp_seconds") == now)
        }
    }

    @Test func `an order to revoke counts what it has still to shred`() async throws {
        try await Stage.run { vault in
            for number in 0..<3 { _ = try await vault.store(FakeKeys.anthropic("mass", number)) }
            let order = #"{"all":true,"reason":"r"}"#
            #expect(try await vault.post("/v1/revoke", order).json["revoked"].int == 3)
            try await eventually("the order is carried out") {
                try await Self.scrape(vault).value("keystow_revocation_pending_keys") == 0
            }
            vault.time.advance(by: 60)
            let done = try await Self.scrape(vault)
            #expect(done.value("keystow_revocation_lag_seconds") == 0)
            #expect(done.value("keystow_keys", ["provider": "anthropic", "status": "revoked"]) == 3)
        }
    }

    @Test func `the server tells of its log, memory, connections and itself`() async throws {
        try await Stage.run { vault in
            let before = try await Self.scrape(vault)
            let head = try await vault.get("/v1/audit/head", token: vault.adminToken).json["seq"].int
            #expect(before.value("keystow_audit_sequence") == head.map(Double.init))
            _ = try await vault.store(FakeKeys.anthropic())
            let after = try await Self.scrape(vault)
            #expect(after.value("keystow_audit_sequence") == head.map { Double($0 + 1) })
            #expect(after.value("keystow_secure_heap_size_bytes") == 1_048_576)
            #expect((1...1_048_576).contains(try #require(after.value("keystow_secure_heap_used_bytes"))))
            #expect(try #require(after.value("keystow_http_connections")) >= 1)
            #expect(after.value("keystow_http_connections_limit") == 1024)
            #expect(after.value("keystow_http_bodies_bytes") == 0)
            #expect(after.value("keystow_http_bodies_limit_bytes") == 16_777_216)
            #expect(after.value("keystow_store_waiting_writes") == 0)
            #expect(after.value("keystow_store_readers", ["state": "lent"]).map { $0 >= 0 } == true)
            #expect(after.value("keystow_build_info", ["version": "test"]) == 1)
            #expect(try #require(after.value("process_resident_memory_bytes")) > 1_000_000)
            #expect(try #require(after.value("process_open_fds")) > 3)
            #expect(try #require(after.value("process_max_fds")) > 3)
            #expect(try #require(after.value("process_cpu_seconds_total")) > 0)
        }
    }

    @Test func `an alarm about reveals is counted`() async throws {
        var configuration = Stage.quiet()
        configuration.revealAlarm = 2
        try await RunningVault.run(configuration: configuration) { vault in
            for number in 0..<2 {
                let id = try await vault.store(FakeKeys.anthropic("alarm", number))
                #expect(try await vault.post("/v1/keys/\(id)/reveal").status == 200)
            }
            #expect(try await Self.scrape(vault).value("keystow_reveal_alarms_total") == 1)
        }
    }

    @Test func `only a token with metrics:read above all projects is answered, and in plain text`() async throws {
        try await Stage.run { vault in
            let answer = try await vault.get("/metrics", token: vault.adminToken)
            #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.header("cache-control") == "no-store")
            let prometheus = try await vault.token(#"{"kind":"adm","name":"prometheus","scopes":["metrics:read"]}"#)
            let accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
            #expect(
                try await vault.call("GET", "/metrics", token: prometheus, headers: [("Accept", accept)]).status == 200)
            expectProblem(try await vault.get("/v1/stats", token: prometheus), 403, "insufficient_scope")
            let app = try await vault.token(scopes: "metrics:read")
            expectProblem(try await vault.get("/metrics", token: app), 403, "insufficient_scope")
            let other = try await vault.token(#"{"kind":"adm","name":"other","scopes":["keys:read"]}"#)
            expectProblem(try await vault.get("/metrics", token: other), 403, "insufficient_scope")
        }
    }

    @Test func `nothing of the input is a label, and no input makes a series of its own`() async throws {
        let mark = "zqMARKERqz"
        try await Stage.run { vault in
            func everything(_ number: Int) async throws {
                let word = "\(mark)\(number)"
                _ = try await vault.get("/\(word)")
                _ = try await vault.get("/v1/keys/\(word)")
                _ = try await vault.get("/v1/keys?user_id=\(word)")
                _ = try await vault.get("/v1/keys?\(word)=1")
                _ = try await vault.get("/connect/texts/\(word)")
                _ = try await vault.get("/v1/token", token: word)
                _ = try await vault.call("GET", "/v1/token", headers: [("Host", word), ("X-\(word)", word)])
                _ = try await vault.call("GET", "/v1/token", headers: [("Accept", "\(word)/x"), ("User-Agent", word)])
                _ = try await vault.post("/v1/keys", #"{"user_id":"\#(word)","key":"\#(word)"}"#)
                _ = try await vault.post("/v1/keys", #"{"user_id":"u","key":"k","provider":"\#(word.lowercased())"}"#)
                _ = try await vault.post("/v1/keys", #"{"\#(word)":1}"#)
                _ = try await vault.create(FakeKeys.anthropic(word), user: word, #""label":"\#(word)""#)
                _ = try await vault.call("POST", "/v1/projects", #"{"name":"\#(word)"}"#, token: vault.adminToken)
                let port = vault.port
                for line in ["\(word) / HTTP/1.1", "GET /v1/token HTTP/1.1\r\nHost: \(word)", "GET /\(word) HTTP/1.1"] {
                    let bytes = Array("\(line)\r\nConnection: close\r\n\r\n".utf8)
                    _ = try await Threads.run { try HTTPExchange.raw(port: port, bytes) }
                }
            }
            try await everything(0)
            vault.time.advance(by: 60)
            let before = try await vault.get("/metrics", token: vault.adminToken)
            _ = try await Self.scrape(vault)
            vault.time.advance(by: 60)
            let known = Self.series(try await Self.scrape(vault))
            for number in 1...20 { try await everything(number) }
            vault.time.advance(by: 60)
            let after = try await vault.get("/metrics", token: vault.adminToken)
            #expect(Self.series(try MetricsScrape(after.text)).subtracting(known) == [])
            for answer in [before, after] {
                #expect(!answer.text.lowercased().contains(mark.lowercased()))
            }
            // A row that somebody else wrote brings no name into it either.
            try vault.tamper("UPDATE keys SET provider = '\(mark.lowercased())'")
            vault.time.advance(by: 60)
            let forged = try await vault.get("/metrics", token: vault.adminToken)
            #expect(!forged.text.contains(mark.lowercased()))
            let counts = try MetricsScrape(forged.text).samples.filter { $0.name == "keystow_keys" }
            #expect(counts.contains { $0.labels["provider"] == "unknown" && $0.value == 21 })
        }
    }

    @Test func `there is a number for every status that a route or a problem answers with, and one for the rest`() {
        let meter = RequestMeter()
        for status in RequestMeter.statuses + [299, 999] { meter.note(nil, status: status, taken: .milliseconds(3)) }
        let counts = meter.rows[0].statuses.map(\.value)
        #expect(counts == [3] + [Int](repeating: 1, count: RequestMeter.statuses.count - 1))
        #expect(meter.rows[0].buckets.map(\.value).reduce(0, +) == RequestMeter.statuses.count + 2)
        #expect(meter.rows[0].buckets[3].value == RequestMeter.statuses.count + 2)
        meter.note(nil, status: 200, taken: .seconds(31))
        #expect(meter.rows[0].buckets.last?.value == 1)
    }

    @Test func `many threads at once lose no count`() async throws {
        let meter = RequestMeter()
        let route = try #require(RouteTable(Routes.all).routes.last)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 { meter.note(route, status: 200, taken: .microseconds(700)) }
                }
            }
        }
        let row = meter.rows[route.number]
        #expect(row.label.text == "\(route.method) \(route.path)")
        #expect(row.statuses.map(\.value).reduce(0, +) == 80_000)
        #expect(row.buckets[1].value == 80_000)
        #expect(row.microseconds.value == 56_000_000)
    }
}

extension RunningVault {
    fileprivate func store(
        _ key: String, user: String, validation: String, provider: String
    ) async throws -> String {
        let answer = try await create(
            key, user: user, #""provider":"\#(provider)","validation":"\#(validation)","params":{"resource":"abc"}"#)
        return try #require(answer.json["id"].string, "\(answer.text)")
    }
}
