import VaultModel
import VaultService

/// Every call of the API.
enum Routes {
    static let all =
        (HealthRoutes.all + DocumentRoutes.all + KeyRoutes.all + TokenRoutes.all + VaultRoutes.all + ConnectRoutes.all
        + PageRoutes.all
        + (ProjectRoutes.all + PolicyRoutes.all + KeyringRoutes.all + BackupRoutes.all + AuditRoutes.all
        + MetricsRoutes.all)
        .map(
            \.forAdmins)).numbered
}

extension [Route] {
    /// The same, each with its place.
    fileprivate var numbered: [Route] {
        enumerated().map { index, route in
            var route = route
            route.number = index + 1
            return route
        }
    }
}

enum HealthRoutes {
    static let all: [Route] = [
        Route(
            "GET", "/healthz", .anyone, "Whether the process is alive.",
            successes: [.json(.health, 200, "It is alive.")]
        ) { _ in .status("alive") },
        Route(
            "GET", "/readyz", .anyone, "Whether requests can be served: unsealed, and the storage answers.",
            successes: [.json(.health, 200, "They can.")]
        ) { call in
            try call.vault.readiness()
            return .status("ready")
        }.with(refuses: [.sealed, .storageUnavailable, .auditUnavailable]),
    ]
}

extension Answer {
    fileprivate static func status(_ status: String) -> Answer {
        .json(200) { writer in
            writer.beginObject()
            writer.member("status", status)
            writer.endObject()
        }
    }
}
