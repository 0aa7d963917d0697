package import VaultModel
import VaultProviders
import VaultStore

/// What the page behind a link shows before anything is pasted.
package struct ConnectPage: Sendable {
    package let session: ConnectSession
    package let project: ProjectRecord
    /// Whose keys it takes, in the order in which they are offered.
    package let providers: [ProviderSummary]
    /// The key to be replaced, or the one that was saved.
    package let key: KeyView?
    /// For a link to manage keys: the user's, newest first, none that is revoked.
    package let keys: [KeyView]
    /// How many of the project's access tokens may read a key back.
    package let readers: Int
    /// Whether something asked with this link is being worked on now.
    package let isChecking: Bool
    package let now: Timestamp
}

extension Vault {
    /// Who holds a connect link (RFC 6750 §2.1), whether it is still good or not.
    ///
    /// - Throws: `missingToken`, `invalidToken`.
    package func caller(holdingLink authorization: String?) throws(VaultError) -> Caller {
        try BearerHeader.lend(authorization, of: [.connect]) { (token: RawSpan) throws(VaultError) in
            try session(holding: token).page
        }
    }

    private func session(holding token: RawSpan) throws(VaultError) -> ConnectSession {
        let lookup = try lookup(of: token)
        let session = try reading { transaction in
            try transaction.connectSession(lookup: lookup).flatMap { try believed($0, in: transaction) }
        }
        guard let session else { throw .invalidToken }
        return session
    }

    /// What to show; the page is open, so the link's end moves.
    ///
    /// - Throws: `sessionExpired`; not `sessionUsed`: of a link that was used it shows what came of it.
    package func connectPage(_ context: RequestContext) async throws(VaultError) -> ConnectPage {
        let id = try context.connectSession
        let isChecking = turns.isTaken(id)
        do {
            _ = try await keepOpen(id)
        } catch .sessionUsed {}
        return try reading { transaction in
            guard let session = try believedSession(id, in: transaction),
                let project = try believedProject(session.projectID, in: transaction)
            else { throw VaultError.invalidToken }
            let key = try session.keyID.flatMap { key in try shown(key, of: session, in: transaction) }
            var providers = providers(of: session, in: project)
            if session.purpose == .replace, let key { providers = [summary(of: key.record.provider)] }
            if providers.isEmpty, session.purpose == .store, session.state == .pending {
                throw VaultError.sessionExpired(.notTaken)
            }
            return ConnectPage(
                session: session, project: project, providers: providers, key: key,
                keys: session.purpose == .manage ? try keys(of: session, in: transaction) : [],
                readers: try readers(of: project, in: transaction), isChecking: isChecking, now: time.now())
        }
    }

    /// Whose keys a link takes: those it was made for, else those that its project takes and the page can ask for.
    func providers(of session: ConnectSession, in project: ProjectRecord) -> [ProviderSummary] {
        let isTaken = { (id: ProviderID) in
            (session.providers.isEmpty || session.providers.contains(id))
                && (project.allowedProviders.isEmpty || project.allowedProviders.contains(id))
        }
        return catalogue.providers
            .filter { $0.hasKeys && isTaken($0.id) && (session.purpose != .store || $0.params.isEmpty) }
            .map(summary)
            .sorted { $0.name < $1.name }
    }

    /// The key that the page names; `nil` where it was saved by the link and is gone since.
    private func shown(
        _ id: KeyID, of session: ConnectSession, in transaction: ReadTransaction
    ) throws -> KeyView? {
        if session.state != .completed { return try replaced(by: session, in: transaction) }
        return try transaction.key(id) == nil ? nil : try ownKey(id, of: session, in: transaction)
    }

    /// The key that a link is to replace.
    ///
    /// - Throws: `sessionExpired` when it cannot be replaced any more: then the link is good for nothing.
    func replaced(by session: ConnectSession, in transaction: ReadTransaction) throws -> KeyView {
        guard let id = session.keyID else { throw VaultError.sessionExpired(.keyGone) }
        do {
            let key = try ownKey(id, of: session, in: transaction)
            try KeyStates.require(.rotate, of: key.record)
            return key
        } catch VaultError.notFound, VaultError.keyRevoked {
            throw VaultError.sessionExpired(.keyGone)
        }
    }

    /// A key of the link's user, whatever was made of its row.
    ///
    /// - Throws: `notFound` when it is absent or not this user's.
    func ownKey(_ id: KeyID, of session: ConnectSession, in transaction: ReadTransaction) throws -> KeyView {
        let view = try find(id, for: session.page, in: transaction)
        guard view.record.owner == session.owner, try isOwn(view, of: session, in: transaction) else {
            throw VaultError.notFound
        }
        return view
    }

    /// Whether the key is the user's by what its row vouches for, or, where that cannot be believed, by what it was
    /// sealed for.
    private func isOwn(_ view: KeyView, of session: ConnectSession, in transaction: ReadTransaction) throws -> Bool {
        guard view.integrity != .sound else { return true }
        do {
            return try proven(view, for: session.page, in: transaction).owner == session.owner
        } catch VaultError.notFound, VaultError.keyRevoked {
            return false
        }
    }

    /// The newest of the user's keys that are not revoked.
    private func keys(of session: ConnectSession, in transaction: ReadTransaction) throws -> [KeyView] {
        var filter = KeyFilter()
        filter.projectID = session.projectID
        filter.owner = session.owner
        let (most, batch) = (1000, 200)
        var live: [KeyView] = []
        var before: KeyID?
        while live.count < most {
            let page = try transaction.keys(matching: filter, before: before, limit: batch)
            for stored in page {
                let view = try believe(stored, under: policy(for: stored.record, in: transaction))
                if view.status != .revoked, try isOwn(view, of: session, in: transaction) { live.append(view) }
            }
            guard page.count == batch, let last = page.last else { break }
            before = last.record.id
        }
        return live
    }

    private func readers(of project: ProjectRecord, in transaction: ReadTransaction) throws -> Int {
        try transaction.tokens(project: project.id, having: .keysReveal, at: time.now()).count { stored in
            try believed(stored, in: transaction) != nil
        }
    }
}

extension ConnectSession {
    /// The page that asks with this session's link: it may do what its calls do with keys, and is refused all others.
    fileprivate var page: Caller {
        Caller(
            tokenID: nil, name: "\(id)", kind: .connect(id), projectID: projectID,
            scopes: Scopes([.keysRead, .keysWrite]))
    }
}

extension RequestContext {
    /// The link that the page asks with.
    ///
    /// - Throws: `invalidToken` when it is not a page that asks.
    var connectSession: ConnectSessionID {
        get throws(VaultError) {
            guard case .connect(let id) = caller.kind else { throw .invalidToken }
            return id
        }
    }
}
