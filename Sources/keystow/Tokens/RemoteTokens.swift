import VaultModel

/// Tokens of a running server.
struct RemoteTokens: ~Copyable, TokenDesk {
    let vault: RemoteVault

    /// The body of `POST /v1/tokens`, its members named as in the API.
    private struct Order: Encodable {
        let kind: String
        let name: String
        let project_id: String?
        let scopes: [String]?
        let expires_at: String?
    }

    private struct Made: Decodable {
        let token: String
    }

    private struct Page: Decodable {
        let data: [TokenRow]
        let next_cursor: String?
    }

    private struct Caller: Decodable {
        let id: String?
    }

    func create(_ order: TokenOrder) async throws(CommandFailure) -> (token: String, json: String) {
        let body = Order(
            kind: order.kind.rawValue, name: order.name, project_id: order.project?.description,
            scopes: order.scopes?.names, expires_at: order.expiresAt?.description)
        let answer = try await vault.submit("/v1/tokens", body)
        return (try answer.understood(as: Made.self).token, HarmlessText.json(answer.body))
    }

    func each(
        in project: ProjectID?, _ take: ([TokenRow], [[UInt8]]) throws(CommandFailure) -> Bool
    ) async throws(CommandFailure) {
        var cursor: String?
        repeat {
            let query = (project.map { "&project_id=\($0)" } ?? "") + (cursor.map { "&cursor=\($0)" } ?? "")
            let answer = try await vault.fetch("/v1/tokens?limit=200\(query)")
            let page = try answer.understood(as: Page.self)
            let texts = ListedObjects.of(answer.body)
            guard texts.count == page.data.count else {
                throw CommandFailure("the server's answer was not understood", .unavailable)
            }
            guard try take(page.data, texts.map { Array($0) }) else { return }
            cursor = page.next_cursor
        } while cursor != nil
    }

    func revoke(_ id: TokenID) async throws(CommandFailure) { _ = try await vault.remove("/v1/tokens/\(id)") }

    func ownID() async throws(CommandFailure) -> String? {
        try await vault.fetch("/v1/token").understood(as: Caller.self).id
    }
}
