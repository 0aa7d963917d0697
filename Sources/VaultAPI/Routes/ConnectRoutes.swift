import VaultModel
import VaultService

private enum Field {
    static let userID = Member.text("user_id", 1...200).required
        .means("Whose key it will be: the app's own name for the user, 1 to 200 bytes.", as: .userID)
    static let userLabel = Member.text("user_label", 1...200).nullable
        .means("What the page calls the user; the id where it is left out.", such: .text("Ada"))
    static let purpose = Member.choice("purpose", ConnectPurpose.allCases.map(\.rawValue))
        .means("`store` where it is left out.", as: .purpose)
    static let keyID = Member.text("key_id", 1...40).nullable
        .means("The key to be replaced: with `replace`, and with nothing else.", as: .id(KeyID.self))
    static let providers = Member.texts("providers", count: 1...100, each: 1...40).nullable
        .means("Whose keys it takes; the project's where it is left out.", as: .list(.provider, count: 1...100))
    static let returnURL = Member.text("return_url", 1...2000).nullable
        .means(
            "Where the page leads back to: https, or http on loopback; an allowed origin's where the project lists any.",
            such: .text("https://notes.example/settings"))
    static let origin = Member.text("origin", 1...300).nullable
        .means("The only origin that the page tells what came of it; an allowed one where the project lists any.")
    static let ttl = Member.integer("ttl_seconds", 1...ConnectSessionRequest.longestSeconds)
        .means("How long it works; 1,800 where it is left out.")
    static let locale = Member.text("locale", 1...35).nullable
        .means("The page's language as a tag (RFC 5646); the browser's where it is left out.")
    static let projectID = Member.text("project_id", 1...40)
        .means("Whose it shall be: for an admin, who has to name one.", as: .id(ProjectID.self))
}

/// The app's calls about the links by which its users save their own keys.
enum ConnectRoutes {
    static let all: [Route] = [
        create,
        .returning(
            "GET", "/v1/connect/sessions/{id}", .scope(.connectWrite), "Tell what became of a connect link.",
            successes: [.json(.connectSession, 200, "The session.")], answer: session
        ) { call in
            try call.vault.connectSession(try call.id(), call.context)
        },
        .returning(
            "DELETE", "/v1/connect/sessions/{id}", .scope(.connectWrite), "Withdraw a connect link.",
            successes: [.json(.connectSession, 200, "The session as it is now.")], refuses: [.wrongState],
            answer: session
        ) { call in
            try await call.vault.cancelConnectSession(try call.id(), call.context)
        },
    ]

    private static func session(_ session: ConnectSession) -> Answer { .json(200) { $0.value(session) } }

    /// The one answer with a link; its repetition has null there.
    private static var create: Route {
        var route = Route(
            "POST", "/v1/connect/sessions", .scope(.connectWrite),
            "Make a link by which a user saves, replaces or manages keys; it is shown this once.",
            successes: [.json(.mintedSession, 201, "Made.")]
        ) { call in
            let minted = try await call.vault.createConnectSession(try request(call), call.context)
            let token = minted.text.withBytes { bytes in
                unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            }
            return answer(minted.record, token: token, url: call.site.link(with: token))
        }
        route = route.with(
            shape: Shape(
                Field.userID, Field.userLabel, Field.purpose, Field.keyID, Field.providers, Field.returnURL,
                Field.origin, Field.ttl, Field.locale, Field.projectID),
            refuses: [.notFound] + .ofState)
        route.keeps = Route.keeping { (session: ConnectSession) in answer(session, token: nil, url: nil) }
        return route
    }

    private static func answer(_ session: ConnectSession, token: String?, url: String?) -> Answer {
        .json(201) { writer in
            writer.beginObject()
            writer.member("id", "\(session.id)")
            writer.member("token", token)
            writer.member("url", url)
            writer.member("expires_at", session.expiresAt)
            writer.endObject()
        }
    }

    private static func request(_ call: borrowing Call) throws -> ConnectSessionRequest {
        var request = ConnectSessionRequest(owner: try call.body.require(Field.userID) { UserID($0) })
        request.userLabel = call.body[Field.userLabel]
        request.purpose = call.body[Field.purpose].flatMap(ConnectPurpose.init) ?? .store
        request.keyID = try call.body[Field.keyID].map { text throws(VaultError) in
            guard let id = KeyID(text) else { throw .notFound }
            return id
        }
        request.providers = try call.body.optional(Field.providers) { ProviderID.all($0) } ?? []
        request.returnURL = call.body[Field.returnURL]
        request.origin = call.body[Field.origin]
        request.ttlSeconds = call.body[Field.ttl] ?? ConnectSessionRequest.usualSeconds
        request.locale = call.body[Field.locale]
        request.projectID = try call.project(Field.projectID)
        return request
    }
}
