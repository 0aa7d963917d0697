import VaultCrypto
package import VaultModel
import VaultStore

/// What a new token is to be.
package struct TokenRequest: Sendable {
    package var projectID: ProjectID?
    package var kind: TokenKind
    package var scopes: [Scope]?
    package var name: String
    package var expiresAt: Timestamp?

    package init(kind: TokenKind, name: String) {
        self.kind = kind
        self.name = name
    }
}

/// A new token: its record, and its text, which is shown this once.
package struct MintedToken: ~Copyable, Sendable {
    package let record: TokenRecord
    package let text: SecretBytes
}

extension Vault {
    /// Makes a token that has no scope its maker lacks and ends no later; only an admin may give `keys:reveal`, to an app.
    package func createToken(_ request: TokenRequest, _ context: RequestContext) async throws(VaultError) -> MintedToken
    {
        try context.require(.tokensWrite)
        try requireNoCredential(in: request.name, of: "name")
        let now = time.now()
        var request = request
        request.expiresAt = try end(of: request, context, at: now)
        let project = try project(for: request, context)
        let scopes = try scopes(for: request, context)
        let minted = try mint(request, project: project, scopes: scopes, at: now)
        let record = minted.record
        _ = try await write(context) { [self] transaction in
            if let project {
                guard var owner = try believedProject(project, in: transaction) else { throw VaultError.notFound }
                if scopes.contains(.keysReveal), !context.caller.may(.keysReveal) {
                    try noteRevealGrant(to: record, &owner, in: transaction, context)
                }
            }
            try insert(record, in: transaction, context)
            return record
        }
        return minted
    }

    /// Until when the token is to be good: as asked, but no longer than the one that makes it, whose end it has unasked.
    private func end(
        of request: TokenRequest, _ context: RequestContext, at now: Timestamp
    ) throws(VaultError) -> Timestamp? {
        guard let end = request.expiresAt else { return context.caller.expiresAt }
        guard end > now else { throw .invalidField("expires_at", detail: "The time must lie in the future.") }
        guard end <= context.caller.expiresAt ?? end else {
            throw .invalidField("expires_at", detail: "A token cannot be good for longer than the one that makes it.")
        }
        return end
    }

    private func project(for request: TokenRequest, _ context: RequestContext) throws(VaultError) -> ProjectID? {
        switch request.kind {
        case .admin:
            guard context.caller.projectID == nil else { throw .insufficientScope(.tokensWrite) }
            guard request.projectID == nil else {
                throw .invalidField("project_id", detail: "An admin token is over the whole instance.")
            }
            return nil
        case .app:
            return try context.project(named: request.projectID)
        case .connect, .use:
            throw .invalidField("kind", detail: "Tokens of this kind are not made here; kinds are adm and app.")
        }
    }

    private func scopes(for request: TokenRequest, _ context: RequestContext) throws(VaultError) -> Scopes {
        let grantable =
            context.caller.projectID == nil && request.kind == .app
            ? context.caller.scopes.union(Scopes([.keysReveal])) : context.caller.scopes
        let ceiling: Scopes = request.kind == .admin ? .admin : .all
        guard let asked = request.scopes else {
            let usual: Scopes = request.kind == .admin ? .admin : .appDefault
            return usual.intersection(grantable)
        }
        guard !asked.isEmpty else { throw .invalidField("scopes", detail: "A token needs at least one scope.") }
        for scope in asked {
            guard ceiling.contains(scope) else {
                throw .invalidField(
                    "scopes", detail: "An admin token cannot have keys:reveal; give it to an app token.")
            }
            guard grantable.contains(scope) else { throw .insufficientScope(scope) }
        }
        return Scopes(asked)
    }

    /// A token's text and the record that will know it again.
    func mint(
        _ request: TokenRequest, project: ProjectID?, scopes: Scopes, at now: Timestamp
    ) throws(VaultError) -> MintedToken {
        let text = try tokenText(of: request.kind)
        let record = TokenRecord(
            id: TokenID(at: now), lookup: try lookup(of: text), projectID: project, kind: request.kind, scopes: scopes,
            name: request.name, createdAt: now, expiresAt: request.expiresAt)
        return MintedToken(record: record, text: text)
    }

    /// A fresh token's text.
    func tokenText(of kind: TokenKind) throws(VaultError) -> SecretBytes {
        do {
            guard let text = try TokenText.make(kind: kind, random: try Random.secret(TokenText.randomCount)) else {
                throw VaultError.overloaded
            }
            return text
        } catch {
            throw VaultError(thrown: error)
        }
    }

    /// What a token is known again by.
    func lookup(of text: borrowing SecretBytes) throws(VaultError) -> [UInt8] {
        try text.withBytes { bytes throws(VaultError) in try lookup(of: bytes) }
    }

    func lookup(of token: RawSpan) throws(VaultError) -> [UInt8] {
        do {
            return try keyring.tokenLookup(token)
        } catch {
            throw VaultError(thrown: error)
        }
    }

    func insert(_ record: TokenRecord, in transaction: WriteTransaction, _ context: RequestContext) throws {
        try transaction.insert(record, mac: keyring.mac(of: record))
        _ = try transaction.append(
            AuditEntry(
                at: record.createdAt, actor: context.caller, action: .tokenCreated, object: "\(record.id)",
                projectID: record.projectID, requestID: context.requestID,
                reason: record.scopes.names.joined(separator: " ")))
    }

    /// That an app may read keys is an entry of its own, and stands on the project.
    func noteRevealGrant(
        to token: TokenRecord, _ project: inout ProjectRecord, in transaction: WriteTransaction,
        _ context: RequestContext
    ) throws {
        if project.revealGrantedAt == nil {
            project.revealGrantedAt = token.createdAt
            project.revision = project.revision.next
            try transaction.update(project, mac: keyring.mac(of: project))
        }
        _ = try transaction.append(
            AuditEntry(
                at: token.createdAt, actor: context.caller, action: .projectChanged, object: "\(project.id)",
                projectID: project.id, requestID: context.requestID, reason: "keys:reveal granted to \(token.id)"))
    }

    /// Tokens, newest first; revoked ones are not listed.
    package func tokens(
        project: ProjectID?, limit: Int, cursor: String?, _ context: RequestContext
    ) throws(VaultError) -> Page<TokenRecord> {
        try context.require(.tokensWrite)
        if let own = context.caller.projectID, let project, project != own { throw .notFound }
        let scope = CursorScope(list: "tokens", project: context.caller.projectID ?? project)
        let before = try cursor.map { cursor throws(VaultError) in try open(cursor: cursor, scope) }.map(TokenID.init)
        return try reading { transaction in
            let rows = try transaction.tokens(project: scope.project, before: before, limit: limit + 1)
            return try page(of: rows, limit: limit, scope, id: \.record.id.uuid) { stored in
                try believed(stored, in: transaction).flatMap { $0.revokedAt == nil ? $0 : nil }
            }
        }
    }

    /// Ends a token: the next request with it is refused.
    package func revokeToken(_ id: TokenID, _ context: RequestContext) async throws(VaultError) -> Deleted {
        try context.require(.tokensWrite)
        defer { tokenCache.forget() }
        return try await write(context, isEnding: true) { [self] transaction in
            guard let stored = try transaction.token(id), var record = try believed(stored, in: transaction),
                context.caller.projectID == nil || record.projectID == context.caller.projectID,
                record.revokedAt == nil
            else { throw VaultError.notFound }
            record.revokedAt = time.now()
            try transaction.update(record, mac: keyring.mac(of: record))
            _ = try transaction.append(
                AuditEntry(
                    at: time.now(), actor: context.caller, action: .tokenRevoked, object: "\(id)",
                    projectID: record.projectID, requestID: context.requestID))
            return Deleted()
        }
    }
}
