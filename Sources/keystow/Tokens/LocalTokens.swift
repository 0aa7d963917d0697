import VaultAPI
import VaultModel
import VaultService

/// Tokens of the vault in the data directory.
struct LocalTokens: TokenDesk {
    let vault: Vault
    private let context = RequestContext(caller: .terminal)

    init(vault: Vault) { self.vault = vault }

    func create(_ order: TokenOrder) async throws(CommandFailure) -> (token: String, json: String) {
        var request = TokenRequest(kind: order.kind, name: order.name)
        request.projectID = order.project
        request.expiresAt = order.expiresAt
        request.scopes = order.scopes.map { scopes in Scope.allCases.filter { scopes.contains($0) } }
        do {
            let minted = try await vault.createToken(request, context)
            let text = minted.text.withBytes { bytes in
                unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            }
            return (text, "{\"id\":\"\(minted.record.id)\",\"token\":\"\(text)\"}")
        } catch {
            throw CommandFailure(error)
        }
    }

    func each(
        in project: ProjectID?, _ take: ([TokenRow], [[UInt8]]) throws(CommandFailure) -> Bool
    ) async throws(CommandFailure) {
        var cursor: String?
        repeat {
            let page: Page<TokenRecord>
            do {
                page = try vault.tokens(project: project, limit: 200, cursor: cursor, context)
            } catch {
                throw CommandFailure(error)
            }
            guard try take(page.items.map(TokenRow.init), page.items.map(\.json)) else { return }
            cursor = page.nextCursor
        } while cursor != nil
    }

    func revoke(_ id: TokenID) async throws(CommandFailure) {
        do {
            _ = try await vault.revokeToken(id, context)
        } catch {
            throw CommandFailure(error)
        }
    }

    func ownID() async throws(CommandFailure) -> String? { nil }
}

extension TokenRow {
    fileprivate init(_ record: TokenRecord) {
        id = "\(record.id)"
        kind = record.kind.rawValue
        name = record.name
        project_id = record.projectID?.description
        scopes = record.scopes.names
        created_at = record.createdAt.description
        expires_at = record.expiresAt?.description
        last_used_at = record.lastUsedAt?.description
    }
}

extension TokenRecord {
    /// As `GET /v1/tokens` has it.
    fileprivate var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        writer.member("id", "\(id)")
        writer.member("kind", kind.rawValue)
        writer.member("name", name)
        writer.member("project_id", projectID?.description)
        writer.member("scopes", scopes.names)
        writer.member("created_at", createdAt)
        writer.member("expires_at", expiresAt)
        writer.member("last_used_at", lastUsedAt)
        writer.member("revoked_at", revokedAt)
        writer.endObject()
        return writer.finish().withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Array($0) } }
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
