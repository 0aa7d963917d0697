package import VaultModel
import VaultProviders
import VaultStore

/// What a new connect link is to be.
package struct ConnectSessionRequest: Sendable {
    package var projectID: ProjectID?
    package var owner: UserID
    package var userLabel: String?
    package var purpose = ConnectPurpose.store
    package var keyID: KeyID?
    package var providers: [ProviderID] = []
    package var returnURL: String?
    package var origin: String?
    /// How long the link is good, in seconds.
    package var ttlSeconds = ConnectSessionRequest.usualSeconds
    package var locale: String?

    package static let usualSeconds = 1800
    package static let longestSeconds = 604_800

    package init(owner: UserID) {
        self.owner = owner
    }
}

/// A new connect session: its record, and the token that is its link, which is shown this once.
package struct MintedConnectSession: ~Copyable, Sendable {
    package let record: ConnectSession
    package let text: SecretBytes
}

// The app's side of connect sessions; the page's is in ConnectPage and ConnectKeys.
extension Vault {
    /// Makes a link by which one user saves, replaces or manages keys.
    ///
    /// - Throws: `invalidField` for what cannot be; `notFound` and `keyRevoked` for the key to be replaced.
    package func createConnectSession(
        _ request: ConnectSessionRequest, _ context: RequestContext
    ) async throws(VaultError) -> MintedConnectSession {
        try context.require(.connectWrite)
        let projectID = try context.project(named: request.projectID)
        let now = time.now()
        let text = try tokenText(of: .connect)
        var session = ConnectSession(
            id: ConnectSessionID(at: now), lookup: try lookup(of: text), projectID: projectID, owner: request.owner,
            purpose: request.purpose, createdAt: now, givenEnd: now + request.ttlSeconds)
        session.userLabel = try checked(label: request.userLabel)
        session.locale = try checked(locale: request.locale)
        session.returnURL = request.returnURL
        session.origin = request.origin
        session.keyID = request.keyID
        session.providers = request.providers
        let asked = session
        let record = try await write(context) { [self] transaction in
            guard let project = try believedProject(projectID, in: transaction) else { throw VaultError.notFound }
            var session = asked
            session.origin = try checked(origin: asked.origin, in: project)
            try check(returnURL: asked.returnURL, in: project)
            try check(key: session, for: context.caller, in: transaction)
            try check(providers: session, in: project)
            try transaction.insert(session, mac: keyring.mac(of: session))
            _ = try transaction.append(
                AuditEntry(
                    at: now, actor: context.caller, action: .connectCreated, object: "\(session.id)",
                    projectID: projectID, requestID: context.requestID, reason: session.purpose.rawValue))
            return session
        }
        return MintedConnectSession(record: record, text: text)
    }

    /// What became of a link. Its state is the one that holds now.
    package func connectSession(
        _ id: ConnectSessionID, _ context: RequestContext
    ) throws(VaultError) -> ConnectSession {
        try context.require(.connectWrite)
        return try reading { transaction in try visibleSession(id, context, in: transaction) }
    }

    /// Withdraws a link: it opens nothing any more.
    ///
    /// - Throws: `wrongState` when it has been used.
    package func cancelConnectSession(
        _ id: ConnectSessionID, _ context: RequestContext
    ) async throws(VaultError) -> ConnectSession {
        try context.require(.connectWrite)
        return try await write(context, isEnding: true) { [self] transaction in
            var session = try visibleSession(id, context, in: transaction)
            guard session.state != .completed else {
                throw VaultError.wrongState(
                    detail: "The link has been used; the key that was saved by it stays.",
                    hint: "Revoke the key if it is not wanted.")
            }
            guard session.state == .pending else { return session }
            try end(&session, .cancelled, in: transaction, context)
            return session
        }
    }

    private func visibleSession(
        _ id: ConnectSessionID, _ context: RequestContext, in transaction: ReadTransaction
    ) throws -> ConnectSession {
        guard var session = try believedSession(id, in: transaction), context.caller.sees(session.projectID) else {
            throw VaultError.notFound
        }
        session.state = session.state(at: time.now())
        return session
    }
}

// What a link may be made of.
extension Vault {
    private func checked(label: String?) throws(VaultError) -> String? {
        guard let label else { return nil }
        guard !label.hasControlCharacters else {
            throw .invalidField("user_label", detail: "The text must be free of control characters.")
        }
        return label
    }

    private func checked(locale: String?) throws(VaultError) -> String? {
        guard let locale else { return nil }
        guard (2...35).contains(locale.utf8.count),
            locale.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
            })
        else { throw .invalidField("locale", detail: "The text must be a language tag such as en or de-AT.") }
        return locale
    }

    private func checked(origin: String?, in project: ProjectRecord) throws(VaultError) -> String? {
        guard let origin else { return nil }
        guard let checked = WebOrigin(origin) else {
            throw .invalidField(
                "origin", detail: "The text must be an origin: https://host[:port], or http on loopback.")
        }
        try require(checked, allowedIn: project, field: "origin")
        return checked.description
    }

    private func check(returnURL: String?, in project: ProjectRecord) throws(VaultError) {
        guard let returnURL else { return }
        guard returnURL.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            let origin = WebOrigin(ofURL: returnURL)
        else {
            throw .invalidField(
                "return_url", detail: "The text must be a web address with https, or with http on loopback.")
        }
        try require(origin, allowedIn: project, field: "return_url")
    }

    private func require(
        _ origin: WebOrigin, allowedIn project: ProjectRecord, field: String
    ) throws(VaultError) {
        guard project.allowedOrigins.isEmpty || project.allowedOrigins.contains(origin.description) else {
            throw .invalidField(field, detail: "Its origin is not one of the project's allowed origins.")
        }
    }

    /// A replacement names a key of its user that can still be replaced; other purposes name none.
    private func check(key session: ConnectSession, for caller: Caller, in transaction: ReadTransaction) throws {
        guard session.purpose == .replace else {
            guard session.keyID == nil else {
                throw VaultError.invalidField("key_id", detail: "Only a link of purpose replace names a key.")
            }
            return
        }
        guard let id = session.keyID else {
            throw VaultError.invalidField("key_id", detail: "A link of purpose replace names the key to be replaced.")
        }
        let key = try ownKey(id, of: session, in: transaction)
        try KeyStates.require(.rotate, of: key.record)
        guard session.providers.isEmpty || session.providers.contains(key.record.provider) else {
            throw VaultError.invalidField("providers", detail: "The key to be replaced is of another provider.")
        }
    }

    private func check(providers session: ConnectSession, in project: ProjectRecord) throws(VaultError) {
        for id in session.providers {
            guard let provider = catalogue[id], provider.hasKeys else {
                throw .invalidField(
                    "providers", detail: "The catalogue has no such provider; see GET /v1/providers.")
            }
            // What is stored can be managed, whatever the project takes now.
            guard
                session.purpose != .store || project.allowedProviders.isEmpty || project.allowedProviders.contains(id)
            else {
                throw .invalidField("providers", detail: "This project does not take keys of one of them.")
            }
            guard session.purpose != .store || provider.params.isEmpty else {
                throw .invalidField(
                    "providers",
                    detail: "Keys of \(provider.name) need params, for which the page does not ask; use POST /v1/keys.")
            }
        }
        guard session.purpose != .store || !providers(of: session, in: project).isEmpty else {
            throw .invalidField(
                "providers", detail: "This project takes keys of no provider that the page can ask for.")
        }
    }
}
