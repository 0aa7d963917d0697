import VaultModel
import VaultService

enum MetricsRoutes {
    static let all: [Route] = [metrics]

    private static let metrics: Route = {
        var route = Route(
            "GET", "/metrics", .instance(.metricsRead), "How the server is, in numbers, in Prometheus's text format.",
            successes: [.file("text/plain", "The numbers.")]
        ) { call in
            let measured = try call.vault.measurements(call.context)
            var answer = Answer(200, body: call.metrics.text(measured, call.vault))
            answer.contentType = MetricsText.contentType
            return answer
        }
        route.produces = ["text/plain"]
        return route
    }()
}
