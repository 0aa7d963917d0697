package import VaultModel
import VaultProviders
import VaultStore

/// What a user pasted into the page.
package struct ConnectPaste: ~Copyable, Sendable {
    package var provider: ProviderID?
    package var label: String?
    package var wantsFundingCheck = false
    package var paste: WipedBuffer

    package init(paste: consuming WipedBuffer) {
        self.paste = paste
    }
}

/// What came of saving a key on the page.
package struct ConnectedKey: Sendable {
    package enum Outcome: Sendable {
        case stored, replaced
        /// The user had saved the same key before; the link is used up all the same.
        case alreadySaved
        /// The same, but the user has replaced it since: the one in use is another.
        case alreadyReplaced
    }

    package let key: KeyView
    package let outcome: Outcome
}

// What the page may do with its link. Everything here is about keys of the link's user, and of nobody else.
extension Vault {
    /// How often the key that a link has saved can be checked with it, since that can cost its user something.
    static let checksOfSavedKey = 5
    /// The same for a link to manage keys.
    static let checksOfManagedKeys = 50

    /// Saves the pasted key and uses the link up, in one transaction.
    ///
    /// - Throws: as `create` and `rotate` do, `sessionUsed` when another was first, `wrongState` for a link to manage
    ///   keys. In every case the link stays what it was, and nothing is stored.
    package func save(
        _ paste: consuming ConnectPaste, _ context: RequestContext
    ) async throws(VaultError) -> ConnectedKey {
        let id = try context.connectSession
        // A closure cannot consume what it captures.
        var paste: ConnectPaste? = paste
        return try await turns.run(id) { () async throws(VaultError) in
            let session = try await keepOpen(id)
            guard let paste = paste.take() else { throw .overloaded }
            switch session.purpose {
            case .store: return try await store(paste, with: session, context)
            case .replace: return try await replace(paste, with: session, context)
            case .manage:
                throw .wrongState(
                    detail: "This link is for managing keys; it saves no new ones.",
                    hint: "Ask the app for a link to save a key.")
            }
        }
    }

    private func store(
        _ paste: consuming ConnectPaste, with session: ConnectSession, _ context: RequestContext
    ) async throws(VaultError) -> ConnectedKey {
        let diagnosis = try judge(paste.paste, chosen: paste.provider, try taken(by: session))
        guard diagnosis.isStorable, let provider = diagnosis.provider else { throw .refused(diagnosis) }
        let index = try index(of: paste.paste, of: provider, session)
        // Of a key whose ciphertext is lost its user has only the same again.
        if let damaged = try undecryptable(index, of: provider, session) {
            let key = try await rotate(damaged, to: replacement(paste), context) { [self] transaction in
                try complete(session.id, with: damaged, reason: "healed", in: transaction, context)
            }
            return ConnectedKey(key: key, outcome: .replaced)
        }
        let (label, wantsFunding) = (paste.label, paste.wantsFundingCheck)
        var intake = KeyIntake(owner: session.owner, paste: paste.paste)
        intake.provider = provider
        intake.label = label
        intake.wantsFundingCheck = wantsFunding
        do {
            let key = try await create(intake, context) { [self] transaction, key in
                try complete(session.id, with: key, reason: "stored", in: transaction, context)
            }
            return ConnectedKey(key: key, outcome: .stored)
        } catch .duplicate(let existing) {
            let key = try await write { [self] transaction in
                let key = try ownKey(existing, of: session, in: transaction)
                guard key.status != .revoked else {
                    throw VaultError.wrongState(
                        detail: "This key is being revoked at this moment, with others. Nothing was stored.",
                        hint: "Paste a new key, or try again in a minute.")
                }
                try complete(session.id, with: existing, reason: "already saved", in: transaction, context)
                return key
            }
            return ConnectedKey(
                key: key, outcome: key.record.blindIndex == index ? .alreadySaved : .alreadyReplaced)
        }
    }

    /// What names the pasted secret among those of the project.
    private func index(
        of paste: borrowing WipedBuffer, of provider: ProviderID, _ session: ConnectSession
    ) throws(VaultError) -> [UInt8] {
        let accepted = try accept(paste, chosen: provider)
        return try blindIndex(of: accepted.secret, project: session.projectID, provider: provider)
    }

    /// The user's key of the same secret that does not open any more.
    private func undecryptable(
        _ index: [UInt8], of provider: ProviderID, _ session: ConnectSession
    ) throws(VaultError) -> KeyID? {
        try reading { transaction in
            let existing = try transaction.duplicate(
                project: session.projectID, owner: session.owner, provider: provider, blindIndex: index)
            guard let existing else { return nil }
            return try ownKey(existing, of: session, in: transaction).status == .undecryptable ? existing : nil
        }
    }

    private func replace(
        _ paste: consuming ConnectPaste, with session: ConnectSession, _ context: RequestContext
    ) async throws(VaultError) -> ConnectedKey {
        let id = try reading { transaction in try replaced(by: session, in: transaction).record.id }
        let key = try await rotate(id, to: replacement(paste), context) { [self] transaction in
            try complete(session.id, with: id, reason: "replaced", in: transaction, context)
        }
        return ConnectedKey(key: key, outcome: .replaced)
    }

    /// Puts a new key in the place of one of the user's, on a link to manage them.
    package func replace(
        _ id: KeyID, with paste: consuming ConnectPaste, _ context: RequestContext
    ) async throws(VaultError) -> KeyView {
        let session = try await managed(id, context)
        var paste: ConnectPaste? = paste
        return try await turns.run(session.id) { () async throws(VaultError) in
            guard let paste = paste.take() else { throw .overloaded }
            return try await rotate(id, to: replacement(paste), context)
        }
    }

    /// Removes one of the user's keys, on a link to manage them: its secrets are shredded.
    package func remove(_ id: KeyID, _ context: RequestContext) async throws(VaultError) -> KeyView {
        _ = try await managed(id, context)
        return try await revoke(id, reason: "removed by its user", context)
    }

    /// Tests the key that the link has saved, or one of those that it manages.
    ///
    /// - Throws: `wrongState` when that was done often enough: a test of its credit costs the user something.
    package func check(
        _ id: KeyID, wantsFunding: Bool, onPage context: RequestContext
    ) async throws(VaultError) -> KeyView {
        let sessionID = try context.connectSession
        return try await turns.run(sessionID) { () async throws(VaultError) in
            try await count(checkOf: id, with: sessionID)
            return try await check(id, wantsFunding: wantsFunding, context)
        }
    }

    private func count(checkOf id: KeyID, with sessionID: ConnectSessionID) async throws(VaultError) {
        _ = try await write { [self] transaction in
            guard var session = try believedSession(sessionID, in: transaction) else { throw VaultError.invalidToken }
            guard session.expiresAt > time.now(), session.state == .completed || session.state == .pending else {
                throw VaultError.sessionExpired(session.state == .cancelled ? .withdrawn : .time)
            }
            let mine = session.purpose == .manage || (session.state == .completed && session.keyID == id)
            guard mine else { throw VaultError.notFound }
            _ = try ownKey(id, of: session, in: transaction)
            let most = session.purpose == .manage ? Self.checksOfManagedKeys : Self.checksOfSavedKey
            guard session.checks < most else {
                throw VaultError.wrongState(
                    detail: "The key has been checked \(most) times with this link.",
                    hint: "It is checked again on its own, or by the app.")
            }
            session.checks += 1
            try transaction.update(session, mac: keyring.mac(of: session))
        }
    }

    /// The open session, when it manages this key.
    private func managed(_ id: KeyID, _ context: RequestContext) async throws(VaultError) -> ConnectSession {
        let session = try await keepOpen(try context.connectSession)
        guard session.purpose == .manage else { throw .notFound }
        _ = try reading { transaction in try ownKey(id, of: session, in: transaction) }
        return session
    }

    /// A user who replaces a key waits for its verdict: an outage changes nothing.
    private func replacement(_ paste: consuming ConnectPaste) -> KeyReplacement {
        let wantsFunding = paste.wantsFundingCheck
        var replacement = KeyReplacement(paste: paste.paste)
        replacement.wantsFundingCheck = wantsFunding
        return replacement
    }
}
