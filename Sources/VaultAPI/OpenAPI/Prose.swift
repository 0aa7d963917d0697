/// What the documents tell of a call beyond its one-line summary.
struct Prose: Sendable {
    /// `operationId`: unique and stable, what generated clients call it.
    let name: String
    /// Whole sentences; code in backticks. May be empty where the summary says it all.
    let detail: String

    init(_ name: String, _ detail: String = "") {
        self.name = name
        self.detail = detail
    }

    /// `nil` for a route that has none, which a test finds.
    static func of(_ route: Route) -> Prose? { all["\(route.method) \(route.path)"] }

    /// By method and path.
    static let all = [keys, connect, page, admin, server].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    static let server: [String: Prose] = [
        "GET /healthz": Prose("alive", "For a watchdog. Says nothing of the storage; see `GET /readyz`."),
        "GET /readyz": Prose(
            "ready", "For a load balancer: 503 while the vault is sealed or its storage does not answer."),
        "GET /metrics": Prose(
            "metrics",
            "For Prometheus, with an admin token of the scope `metrics:read`. Labels come from closed sets: route templates,"
                + " statuses, the catalogue's providers, codes. What is counted of keys may be ten seconds old."),
        "GET /openapi.json": Prose("openapi", "Written from the table by which the server itself routes requests."),
        "GET /docs": Prose("docs", "Written from the same: without script, and without anything from elsewhere."),
        "GET /.well-known/security.txt": Prose(
            "securityText", "404 where the operator has named nobody; see `KEYSTOW_SECURITY_CONTACT`."),
    ]
}
