import VaultModel
import VaultService

/// Every call of the API.
enum Routes {
    static let all =
        HealthRoutes.all + KeyRoutes.all + TokenRoutes.all + VaultRoutes.all + ConnectRoutes.all + PageRoutes.all
        + (ProjectRoutes.all + PolicyRoutes.all + AuditRoutes.all).map(\.forAdmins)
}

enum HealthRoutes {
    static let all: [Route] = [
        Route("GET", "/healthz", .anyone, "Whether the process is alive.") { _ in .status("alive") },
        Route("GET", "/readyz", .anyone, "Whether requests can be served: unsealed, and the storage answers.") { call in
            try call.vault.readiness()
            return .status("ready")
        },
        Route("GET", "/openapi.json", .anyone, "This document.") { _ in
            var body = WipedBuffer(capacity: OpenAPI.document.count)
            body.append(OpenAPI.document)
            return Answer(200, body: body)
        },
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
