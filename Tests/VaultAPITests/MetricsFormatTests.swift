import Testing
import VaultTestKit

/// The tests' own reader of the format refuses what the format does: without that, what it reads would prove nothing.
@Suite struct MetricsFormatTests {
    private static let good = """
        # HELP a_total Some.
        # TYPE a_total counter
        a_total{route="GET /x",status="200"} 3
        a_total{route="",status="404"} 1
        # HELP t_seconds Times.
        # TYPE t_seconds histogram
        t_seconds_bucket{le="0.5"} 1
        t_seconds_bucket{le="+Inf"} 2
        t_seconds_sum 1.25
        t_seconds_count 2

        """

    @Test func `the reader takes what is right`() throws {
        let scrape = try MetricsScrape(Self.good)
        #expect(scrape.value("a_total", ["route": "GET /x", "status": "200"]) == 3)
        #expect(scrape.value("a_total", ["route": "GET /x"]) == nil)
        #expect(scrape.names == ["a_total", "t_seconds_bucket", "t_seconds_sum", "t_seconds_count"])
    }

    @Test(arguments: [
        ("# HELP a_total Some.\n", ""),
        ("# TYPE a_total counter\n", ""),
        ("counter", "number"),
        ("a_total{route=\"\",status=\"404\"} 1", "a_total{route=\"GET /x\",status=\"200\"} 1"),
        ("a_total{route=\"\",status=\"404\"} 1", "b_total{status=\"404\"} 1"),
        ("a_total{route=\"\",status=\"404\"} 1", "a_total{route=\"a\"b\"} 1"),
        ("a_total{route=\"\",status=\"404\"} 1", "a_total{status=\"404\",status=\"404\"} 1"),
        ("a_total{route=\"\",status=\"404\"} 1", "a_total -1"),
        ("a_total{route=\"\",status=\"404\"} 1", ""),
        ("t_seconds_bucket{le=\"0.5\"} 1", "t_seconds_bucket{le=\"0.5\"} 3"),
        ("t_seconds_bucket{le=\"+Inf\"} 2\n", ""),
        ("t_seconds_count 2", "t_seconds_count 3"),
        ("t_seconds_sum 1.25\n", ""),
        ("t_seconds_count 2\n", "t_seconds_count 2"),
        ("t_seconds_sum 1.25", "t_seconds_sum 1.25 x"),
    ])
    func `the reader refuses what is not the format`(_ part: String, _ other: String) {
        let text = Self.good.replacing(part, with: other, maxReplacements: 1)
        #expect(text != Self.good)
        #expect(throws: TestKitFailure.self) { try MetricsScrape(text) }
    }
}
