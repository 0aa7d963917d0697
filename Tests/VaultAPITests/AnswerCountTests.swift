import HTTPServer
import Synchronization
import Testing
import VaultTestKit

@testable import VaultAPI

/// Every request has one line in the log and counts once, whoever answered it: docs/alerts.yml says so.
@Suite struct AnswerCountTests {
    private final class Lines: Sendable {
        private let lines = Mutex<[AnsweredRequest]>([])

        var all: [AnsweredRequest] { lines.withLock { $0 } }
        func add(_ line: AnsweredRequest) { lines.withLock { $0.append(line) } }
    }

    /// How often what was answered so was counted.
    private func count(_ vault: RunningVault, _ route: String, _ status: Int) async throws -> Double {
        var text = ""
        // Where the time of a request is short, a busy machine may take more than that for this one.
        try await eventually("the numbers are told") {
            let answer = try await vault.get("/metrics", token: vault.adminToken)
            text = answer.text
            return answer.status == 200
        }
        return try MetricsScrape(text).value(
            "keystow_http_requests_total", ["route": route, "status": "\(status)"]) ?? 0
    }

    @Test func `what the transport refuses has its line and counts once, before it has a route`() async throws {
        let lines = Lines()
        try await RunningVault.run(configuration: Stage.quiet(), observe: { lines.add($0) }) { vault in
            for (head, status) in [
                ("POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n", 400),
                ("POST /v1/keys HTTP/1.1\r\nHost: localhost\r\nContent-Length: 65537\r\n", 413),
                ("GET /\(String(repeating: "a", count: 5_000)) HTTP/1.1\r\nHost: localhost\r\n", 414),
                ("GET / HTTP/1.1\r\nHost: localhost\r\nX-A: \(String(repeating: "a", count: 16_384))\r\n", 431),
            ] {
                let before = lines.all.count
                let raw = try await Threads.run { [port = vault.port] in
                    try HTTPExchange.raw(port: port, Array((head + "Connection: close\r\n\r\n").utf8))
                }
                let answer = try HTTPExchange.answer(in: raw)
                #expect(answer.status == status)
                #expect(lines.all.count == before + 1, "\(status)")
                let line = try #require(lines.all.last)
                #expect(line.status == status && line.route == "" && line.tokenID == nil)
                #expect("\(line.requestID)" == answer.header("request-id"))
                #expect(try await count(vault, "", status) == 1)
            }
        }
    }

    @Test func `an answer that was given up has one line, with its route, and counts once`() async throws {
        let (lines, provider) = (Lines(), ProviderSwitch())
        var limits = RunningVault.patient
        limits.requestSeconds = 1
        provider.hold()
        defer { provider.letGo() }
        func given() -> [AnsweredRequest] { lines.all.filter { $0.route == "POST /v1/keys" } }
        try await RunningVault.run(
            provider: provider.provider, configuration: Stage.quiet(), limits: limits, observe: { lines.add($0) }
        ) { vault in
            let answer = try await vault.post("/v1/keys", #"{"user_id":"u","key":"\#(FakeKeys.anthropic())"}"#)
            #expect(answer.status == 503)
            #expect(answer.json["detail"].string?.contains("It may be that what was asked for was done.") == true)
            #expect(given().map(\.status) == [503])
            #expect(given().first.map { "\($0.requestID)" } == answer.header("request-id"))
            #expect(given().first?.tokenID != nil)
            // What it had begun comes to its end, too late to be an answer.
            provider.letGo()
            #expect(try await count(vault, "POST /v1/keys", 503) == 1)
            #expect(try await count(vault, "", 503) == 0)
        }
        #expect(given().count == 1)
    }
}
