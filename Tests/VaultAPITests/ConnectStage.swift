import Testing
import VaultTestKit

/// What a connect link is, as its app got it.
struct Link {
    let id: String
    let token: String
    let url: String
}

extension RunningVault {
    /// Makes a connect session of the app's project; `more` are further members.
    func link(user: String = "ada", _ more: String = "", token: String? = nil) async throws -> Link {
        let answer = try await call(
            "POST", "/v1/connect/sessions", #"{"user_id":"\#(user)"\#(more.isEmpty ? "" : ",")\#(more)}"#, token: token)
        guard answer.status == 201, let id = answer.json["id"].string, let token = answer.json["token"].string,
            let url = answer.json["url"].string
        else { throw TestKitFailure("no link: \(answer.status) \(answer.text)") }
        return Link(id: id, token: token, url: url)
    }

    /// What became of the link, as its app is told.
    func state(of link: Link) async throws -> JSONTree { try await get("/v1/connect/sessions/\(link.id)").json }

    /// What the page is told.
    func page(_ link: Link, headers: [(String, String)] = []) async throws -> HTTPAnswer {
        try await call("GET", "/connect/session", token: link.token, headers: headers)
    }

    /// Pastes a key into the page and saves it.
    func save(
        _ key: String, _ link: Link, _ more: String = "", headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await call(
            "POST", "/connect/keys", #"{"key":"\#(key)"\#(more.isEmpty ? "" : ",")\#(more)}"#, token: link.token,
            headers: headers)
    }

    /// How many keys the app's project has.
    func keyCount() async throws -> Int { try await get("/v1/keys?limit=200").json["data"].items.count }
}
