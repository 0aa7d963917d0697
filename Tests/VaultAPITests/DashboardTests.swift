import FoundationEssentials
import Testing
import VaultModel
import VaultTestKit

@testable import VaultAPI

/// The dashboard and the alert rules ask for what `/metrics` tells.
@Suite struct DashboardTests {
    private static let files = ["docs/alerts.yml", "docs/grafana/keystow.json"]

    private static func text(of path: String) throws -> String {
        let root = #filePath.dropLast("Tests/VaultAPITests/DashboardTests.swift".count)
        return String(decoding: try #require(FileManager.default.contents(atPath: root + path)), as: UTF8.self)
    }

    /// What `text` names and `scrape` does not have: metrics, and values of labels that are from a closed set.
    private static func unknown(in text: String, _ scrape: MetricsScrape) -> Set<String> {
        let names = Set(text.matches(of: /\b(?:keystow|process)_[a-z_]+\b/).map { String($0.output) })
        let routes = Set(Routes.all.map { "\($0.method) \($0.path)" })
        let plain = text.replacing("\\\"", with: "\"")
        let labels = Set(plain.matches(of: /\b(route|code|reason|result)="([^"]*)"/).map { "\($0.1)=\($0.2)" })
        let known = Set(
            routes.map { "route=\($0)" } + VerdictCode.allCases.map { "code=\($0.rawValue)" }
                + StaleReason.allCases.map { "reason=\($0.rawValue)" } + ["result=ok", "result=failed"])
        let statuses = plain.matches(of: /\bstatus(?:=|!=)"([a-z0-9_]+)"/).map { String($0.1) }
            .filter { KeyStatus(rawValue: $0) == nil && !RequestMeter.statuses.map(String.init).contains($0) }
        return names.subtracting(scrape.names).union(labels.subtracting(known)).union(statuses)
    }

    @Test func `every metric, route and code that they name is there`() async throws {
        try await Stage.run { vault in
            let scrape = try MetricsScrape(try await vault.get("/metrics", token: vault.adminToken).text)
            var named: Set<Substring> = []
            for path in Self.files {
                let text = try Self.text(of: path)
                #expect(Self.unknown(in: text, scrape) == [], "\(path)")
                named.formUnion(text.matches(of: /\b(?:keystow|process)_[a-z_]+\b/).map(\.output))
            }
            // What nobody looks at need not be counted.
            #expect(scrape.kinds.keys.filter { kind in !named.contains { $0.hasPrefix(kind) } } == [])
            let invented = [
                "rate(keystow_wishes_total[5m])", #"keystow_keys{status="happy"}"#,
                #"keystow_http_requests_total{route="GET /v1/wishes"}"#, #"keystow_verdicts_total{code="maybe"}"#,
            ]
            for query in invented { #expect(Self.unknown(in: query, scrape).count == 1, "\(query)") }
        }
    }

    @Test func `the dashboard is JSON whose panels all ask for something`() throws {
        let text = try Self.text(of: "docs/grafana/keystow.json")
        let dashboard = try JSONDecoder().decode(JSONTree.self, from: Data(text.utf8))
        let panels = dashboard["panels"].items.filter { $0["type"].string != "row" }
        #expect(panels.count > 20)
        for panel in panels {
            #expect(!panel["targets"].items.isEmpty, "\(panel["title"].string ?? "")")
            #expect(panel["targets"].items.allSatisfy { $0["expr"].string?.isEmpty == false })
        }
        #expect(Set(panels.compactMap { $0["id"].int }).count == panels.count)
    }
}
