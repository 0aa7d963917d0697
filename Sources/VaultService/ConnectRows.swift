import VaultCrypto
import VaultModel
import VaultStore

// Believing, moving and ending rows of connect sessions.

extension Vault {
    /// How long what became of a link can still be asked, in seconds after its end.
    static let sessionsAreKept = 30 * 86_400

    /// The session; a row whose MAC does not fit, or that was put back after the session's or its project's end, acts as
    /// absent, and is noted.
    func believed(_ stored: StoredConnectSession, in transaction: ReadTransaction) throws -> ConnectSession? {
        let session = stored.record
        guard try ConstantTime.areEqual(keyring.mac(of: session), stored.mac),
            try session.state != .pending || !transaction.hasEnded(session.id),
            try !transaction.hasEnded(session.projectID)
        else {
            noteForgery(of: "connect_session", object: "\(session.id)", project: session.projectID)
            return nil
        }
        return session
    }

    func believedSession(_ id: ConnectSessionID, in transaction: ReadTransaction) throws -> ConnectSession? {
        try transaction.connectSession(id).flatMap { stored in try believed(stored, in: transaction) }
    }

    /// The session of the page that asks, while its link is good for what it is for.
    ///
    /// - Throws: `sessionUsed`, `sessionExpired`; `invalidToken` when it was forgotten meanwhile.
    func openSession(_ id: ConnectSessionID, in transaction: ReadTransaction) throws -> ConnectSession {
        guard let session = try believedSession(id, in: transaction) else { throw VaultError.invalidToken }
        switch session.state(at: time.now()) {
        case .pending: return session
        case .completed:
            throw session.expiresAt > time.now() ? VaultError.sessionUsed : .sessionExpired(.time)
        case .expired: throw VaultError.sessionExpired(.time)
        case .cancelled: throw VaultError.sessionExpired(.withdrawn)
        }
    }

    /// The open session of the page that asks, its end moved because the page is open.
    func keepOpen(_ id: ConnectSessionID) async throws(VaultError) -> ConnectSession {
        let session = try reading { transaction in try openSession(id, in: transaction) }
        guard session.end(whenUsedAt: time.now()) > session.expiresAt else { return session }
        return try await write { [self] transaction in
            var session = try openSession(id, in: transaction)
            session.expiresAt = session.end(whenUsedAt: time.now())
            try transaction.update(session, mac: keyring.mac(of: session))
            return session
        }
    }

    /// Uses the link up, in the transaction of what it was for.
    ///
    /// Whoever began while the link was good is not too late for having waited for a provider; whoever is not the first
    /// is.
    func complete(
        _ id: ConnectSessionID, with key: KeyID, reason: String, in transaction: WriteTransaction,
        _ context: RequestContext
    ) throws {
        guard var session = try believedSession(id, in: transaction) else { throw VaultError.invalidToken }
        switch session.state {
        case .pending: break
        case .completed: throw VaultError.sessionUsed
        case .expired: throw VaultError.sessionExpired(.time)
        case .cancelled: throw VaultError.sessionExpired(.withdrawn)
        }
        session.keyID = key
        try end(&session, .completed, reason: "\(reason) \(key)", in: transaction, context)
    }

    /// Writes that the session has ended, and how.
    func end(
        _ session: inout ConnectSession, _ state: ConnectState, reason: String = "", in transaction: WriteTransaction,
        _ context: RequestContext
    ) throws {
        let action: AuditAction
        switch state {
        case .completed: action = .connectCompleted
        case .cancelled: action = .connectCancelled
        case .expired, .pending: action = .connectExpired
        }
        session.state = state
        session.endedAt = time.now()
        try transaction.update(session, mac: keyring.mac(of: session))
        _ = try transaction.append(
            AuditEntry(
                at: time.now(), actor: context.caller, action: action, object: "\(session.id)",
                projectID: session.projectID, requestID: context.requestID, reason: reason))
    }

    /// Ends the links whose time is over, a batch at a time, and forgets those that ended long ago.
    func sweepConnectSessions() async throws(VaultError) {
        let size = 100
        var hasMore = true
        while hasMore, !Task.isCancelled {
            hasMore = try await write { [self] transaction in
                let overdue = try transaction.overdueConnectSessions(at: time.now(), limit: size)
                // Who began while the link was good is not too late.
                let ended = overdue.filter { !turns.isTaken($0.record.id) }
                for stored in ended {
                    guard var session = try believed(stored, in: transaction) else {
                        // It admits nobody, and would be found here again at every pass.
                        try transaction.delete(connectSession: stored.record.id)
                        continue
                    }
                    try end(&session, .expired, in: transaction, RequestContext(caller: .vault))
                }
                return overdue.count == size && !ended.isEmpty
            }
        }
        let past = time.now() - Self.sessionsAreKept
        _ = try await write { transaction in try transaction.purgeConnectSessions(before: past) }
    }

    /// Ends a user's open links and forgets all of theirs, with what the app called the user.
    func deleteConnectSessions(
        of owner: UserID, project: ProjectID, in transaction: WriteTransaction, _ context: RequestContext
    ) throws {
        for stored in try transaction.connectSessions(project: project, owner: owner) {
            if var session = try believed(stored, in: transaction), session.state == .pending {
                try end(&session, .cancelled, reason: "user deleted", in: transaction, context)
            }
            try transaction.delete(connectSession: stored.record.id)
        }
    }
}
