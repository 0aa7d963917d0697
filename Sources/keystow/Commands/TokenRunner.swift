import FoundationEssentials
import Glibc
import HTTPClient
import VaultModel
import VaultService

/// `keystow token …`: over HTTP where a server is named, else on the data directory, with the server stopped.
enum TokenRunner {
    static func run(_ command: TokenCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let client = try Configuration.client()
        defer { client.close() }
        if let server = configuration.server {
            let token = try TokenSource.read(file: command.tokenFile)
            let vault = RemoteVault(server: server, client: client, token: token)
            return try await RemoteTokens(vault: vault, asJSON: command.asJSON).run(command.act)
        }
        let vault = try configuration.openVault(client: client)
        defer { vault.close() }
        return try await LocalTokens(vault: vault, asJSON: command.asJSON).run(command.act)
    }
}

/// Tokens of the vault in the data directory.
private struct LocalTokens {
    let vault: Vault
    let asJSON: Bool

    func run(_ act: TokenCommand.Act) async throws(CommandFailure) -> ExitCode {
        let context = RequestContext(caller: .terminal)
        do {
            switch act {
            case .create(let order):
                var request = TokenRequest(kind: order.kind, name: order.name)
                request.projectID = order.project
                request.expiresAt = order.expiresAt
                request.scopes = order.scopes.map { scopes in Scope.allCases.filter { scopes.contains($0) } }
                let minted = try await vault.createToken(request, context)
                let text = minted.text.withBytes { bytes in
                    unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
                }
                return Console.say(asJSON ? "{\"id\":\"\(minted.record.id)\",\"token\":\"\(text)\"}" : text)
            case .list(let project):
                var rows: [TokenRow] = []
                var cursor: String?
                repeat {
                    let page = try vault.tokens(project: project, limit: 200, cursor: cursor, context)
                    rows += page.items.map(TokenRow.init)
                    cursor = page.nextCursor
                } while cursor != nil
                return TokenRow.show(rows, asJSON: asJSON)
            case .revoke(let id):
                _ = try await vault.revokeToken(id, context)
                Console.tell("\(id) is revoked")
                return .ok
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}

extension CommandFailure {
    fileprivate init(_ error: VaultError) {
        switch error {
        case .notFound: self.init("there is no such thing here", .noInput)
        case .invalidField(let field, let detail): self.init("\(field): \(detail)", .usage)
        case .insufficientScope(let scope): self.init("the scope \(scope.rawValue) is missing", .noPermission)
        default: self.init("the vault refused: \(error)", .unavailable)
        }
    }
}

/// Tokens of a running server.
private struct RemoteTokens: ~Copyable {
    let vault: RemoteVault
    let asJSON: Bool

    func run(_ act: TokenCommand.Act) async throws(CommandFailure) -> ExitCode {
        switch act {
        case .create(let order):
            let body = TokenBody(
                kind: order.kind.rawValue, name: order.name, project_id: order.project?.description,
                scopes: order.scopes?.names, expires_at: order.expiresAt?.description)
            let answer = try await vault.submit("/v1/tokens", body)
            let made = try answer.understood(as: MadeToken.self)
            return Console.say(asJSON ? String(decoding: answer.body, as: UTF8.self) : made.token)
        case .list(let project):
            let query = project.map { "&project_id=\($0)" } ?? ""
            let answer = try await vault.fetch("/v1/tokens?limit=200\(query)")
            return TokenRow.show(try answer.understood(as: TokenPage.self).data, asJSON: asJSON)
        case .revoke(let id):
            _ = try await vault.remove("/v1/tokens/\(id)")
            Console.tell("\(id) is revoked")
            return .ok
        }
    }
}

/// The body of `POST /v1/tokens`, its members named as in the API.
private struct TokenBody: Encodable {
    let kind: String
    let name: String
    let project_id: String?
    let scopes: [String]?
    let expires_at: String?
}

private struct MadeToken: Decodable {
    let token: String
}

private struct TokenPage: Decodable {
    let data: [TokenRow]
}

/// A token in a list, its members named as in the API.
private struct TokenRow: Codable {
    let id: String
    let kind: String
    let name: String
    let project_id: String?
    let scopes: [String]
    let expires_at: String?
    let last_used_at: String?

    init(_ record: TokenRecord) {
        id = "\(record.id)"
        kind = record.kind.rawValue
        name = record.name
        project_id = record.projectID?.description
        scopes = record.scopes.names
        expires_at = record.expiresAt?.description
        last_used_at = record.lastUsedAt?.description
    }

    static func show(_ rows: [TokenRow], asJSON: Bool) -> ExitCode {
        if asJSON {
            guard let json = try? JSONEncoder().encode(rows) else { return .software }
            return Console.say(String(decoding: json, as: UTF8.self))
        }
        for row in rows {
            let place = row.project_id ?? "the whole instance"
            let used = row.last_used_at.map { "last used \($0)" } ?? "never used"
            Console.say("\(row.id)  \(row.kind)  \(row.name)  \(place)  \(used)  \(row.scopes.joined(separator: " "))")
        }
        return .ok
    }
}
