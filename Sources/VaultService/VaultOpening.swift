import Synchronization
import VaultCrypto
package import VaultModel
package import VaultProviders
import VaultStore

/// Where a vault lies.
package struct VaultLocation: Sendable {
    package let directory: String
    package let masterKey: MasterKeySource
    /// The master key before this one, for as long as the vault may still be wrapped under it.
    package let previousMasterKey: MasterKeySource?
    /// What opens the vault in place of both, where the master key is lost.
    package var recoveryKey: MasterKeyFile?
    /// Whether nothing is going to be written, so that the anchor may be another's at the time.
    var isOnlyLookedAt = false
    /// Whether what is kept of the previous one is needed again after the vault was opened once.
    var isOpenedAgain = false
    /// The file that signed heads of the audit log are appended to.
    package let anchor: String

    /// - Parameter anchor: `nil` for the file `anchor` in the directory.
    package init(
        directory: String, masterKey: MasterKeySource, previousMasterKey: MasterKeySource? = nil, anchor: String? = nil
    ) {
        self.directory = directory
        self.masterKey = masterKey
        self.previousMasterKey = previousMasterKey
        self.anchor = anchor ?? "\(directory)/anchor"
    }
}

/// What a new vault can be used with; shown once.
package struct FirstAccess: ~Copyable, Sendable {
    package let adminToken: SecretBytes
    package let projectID: ProjectID
    package let appToken: SecretBytes
    /// 44 characters of base64; `nil` unless it was asked for.
    package let recoveryKey: SecretBytes?
}

/// What was found to open a vault.
package struct ExaminedKeys: Sendable, Equatable {
    package let openedBy: MasterKeys.Opener
    package let hasRecoveryKey: Bool
    package let isRecoveryDamaged: Bool
}

extension Vault {
    /// Whether there is a vault in `directory`.
    ///
    /// - Throws: `store` when that cannot be told; then nothing may be made there.
    package static func exists(in directory: String) throws(OpeningError) -> Bool {
        do {
            return try Store.peek(directory: directory) != nil
        } catch {
            throw .store(error)
        }
    }

    /// Makes a vault: its master key unless there is one, keyring, a first project and two tokens, in one transaction.
    ///
    /// - Parameter hasRecoveryKey: whether it gets an offline recovery key as well.
    /// - Throws: `alreadyInitialised`, and then nothing was changed.
    package static func initialise(
        at location: VaultLocation, withRecoveryKey hasRecoveryKey: Bool = false, time: any TimeSource = SystemTime()
    ) async throws(OpeningError) -> FirstAccess {
        guard try !exists(in: location.directory) else { throw .alreadyInitialised(directory: location.directory) }
        try installSecureHeap()
        do { try Store.prepare(directory: location.directory) } catch { throw .store(error) }
        let master = try location.masterKey.readOrCreate()
        let store = try openStore(location)
        defer { store.close() }
        let now = time.now()
        let instance = InstanceID(at: now)
        let masterID = MasterKeyID(at: now)
        do {
            let (made, held) = try Keyring.create(master: master, instance: instance)
            let (keyring, added) = hasRecoveryKey ? try made.withRecoveryKey() : (made, [])
            let catalogue = try Catalogue.embedded()
            let vault = try Vault(
                instance: instance, keyring: keyring, masterKeys: MasterKeys(location.masterKey, openedBy: .current),
                store: store, catalogue: catalogue,
                probe: Probe(catalogue: catalogue, time: time) { _ in .failure(.refused) }, anchor: location.anchor,
                time: time)
            let access = try await vault.grantFirstAccess { transaction in
                try transaction.createInstance(instance, master: masterID, rows: held + added, at: now)
            }
            // A vault without an anchor is one all the same: its first start begins it.
            try? await vault.settle()
            return access
        } catch {
            throw .vault(VaultError(thrown: error))
        }
    }

    /// Makes a project and two tokens in one transaction with what `prepare` does.
    private func grantFirstAccess(
        after prepare: @escaping @Sendable (WriteTransaction) throws -> Void
    ) async throws(VaultError) -> FirstAccess {
        let context = RequestContext(caller: .terminal)
        let now = time.now()
        var project = ProjectRecord(id: ProjectID(at: now), name: "default", createdAt: now)
        let admin = try mint(TokenRequest(kind: .admin, name: "first admin"), project: nil, scopes: .admin, at: now)
        let app = try mint(
            TokenRequest(kind: .app, name: "first app"), project: project.id, scopes: .appDefault, at: now)
        project.revealGrantedAt = now
        let (adminRecord, appRecord) = (admin.record, app.record)
        _ = try await write { [self, project] transaction in
            try prepare(transaction)
            var project = project
            try transaction.insert(project, mac: keyring.mac(of: project))
            try insert(adminRecord, in: transaction, context)
            try insert(appRecord, in: transaction, context)
            try noteRevealGrant(to: appRecord, &project, in: transaction, context)
        }
        let opened = try self.keyring
        return FirstAccess(
            adminToken: admin.text, projectID: project.id, appToken: app.text,
            recoveryKey: opened.hasRecoveryKey ? try Self.recoveryKeyText(of: opened) : nil)
    }

    /// What opens the vault at `location`; changes nothing.
    ///
    /// - Throws: `wrongMasterKey` when neither master key does, or why it cannot be told.
    package static func examineKeys(at location: VaultLocation) throws(OpeningError) -> ExaminedKeys {
        let (_, keyring, masterKeys) = try unlock(location)
        return ExaminedKeys(
            openedBy: masterKeys.openedBy, hasRecoveryKey: keyring.hasRecoveryKey,
            isRecoveryDamaged: keyring.isRecoveryDamaged)
    }

    /// Opens the vault at `location`.
    ///
    /// The canaries are opened, through a read-only connection, before a byte of the database is written: with the
    /// wrong master key the files are left as they were.
    ///
    /// - Throws: `notInitialised`, `wrongMasterKey`, or why the key or the store could not be opened; what the anchor
    ///   says against the audit log, unless the configuration accepts that up to the anchor's newest note.
    package static func open(
        at location: VaultLocation, configuration: VaultConfiguration = VaultConfiguration(),
        catalogue: Catalogue, probe: Probe, time: any TimeSource = SystemTime()
    ) throws(OpeningError) -> Vault {
        let (peek, keyring, masterKeys) = try unlock(location)
        let store = try openStore(location, patience: configuration.writePatience)
        let vault: Vault
        do {
            vault = try Vault(
                instance: peek.instance, keyring: keyring, masterKeys: masterKeys, store: store, catalogue: catalogue,
                probe: probe, anchor: location.anchor, time: time, configuration: configuration)
        } catch {
            throw .vault(error)
        }
        // Keys that may be known to others are no use: the vault seals itself.
        Random.whenRepeating { [weak vault] in vault?.forgetKeys() }
        do throws(OpeningError) {
            if !location.isOnlyLookedAt { try vault.lockAnchor() }
            let opening = try vault.checkAnchor()
            if let refusal = OpeningError(opening, at: location.anchor),
                configuration.acceptedNote != opening.newest
            {
                throw refusal
            }
            if masterKeys.openedBy == .previous { vault.tell(.openedByPreviousMasterKey) }
            if keyring.isRecoveryDamaged { vault.tell(.recoveryKeyDamaged) }
            vault.opening = opening
            vault.anchor.tip = opening.tip
            vault.signing.noteSigned(through: opening.signedThrough)
        } catch {
            vault.close()
            throw error
        }
        return vault
    }

    /// Reads the keyring and opens its canaries, without writing a byte of the database: under the recovery key, where
    /// that is to be used; else under the current master key and, where that is not the one and there is another, under
    /// the previous one.
    static func unlock(
        _ location: VaultLocation
    ) throws(OpeningError) -> (peek: KeyringPeek, keyring: Keyring, masterKeys: MasterKeys) {
        try installSecureHeap()
        let peek: KeyringPeek?
        do { peek = try Store.peek(directory: location.directory) } catch { throw .store(error) }
        guard let peek else { throw .notInitialised(directory: location.directory) }
        if let recoveryKey = location.recoveryKey {
            let keyring = try open(peek, underRecoveryKey: recoveryKey)
            return (peek, keyring, MasterKeys(location.masterKey, openedBy: .recovery))
        }
        defer { if !location.isOpenedAgain { location.previousMasterKey?.forget() } }
        do throws(OpeningError) {
            let keyring = try open(peek, under: location.masterKey)
            return (peek, keyring, MasterKeys(location.masterKey, openedBy: .current))
        } catch {
            guard case .wrongMasterKey = error, let previous = location.previousMasterKey else { throw error }
            let keyring = try open(peek, under: previous)
            return (peek, keyring, MasterKeys(location.masterKey, openedBy: .previous))
        }
    }

    private static func open(_ peek: KeyringPeek, under source: MasterKeySource) throws(OpeningError) -> Keyring {
        let master = try source.read()
        do {
            return try Keyring(master: master, instance: peek.instance, rows: peek.rows)
        } catch {
            throw error == .wrongMasterKey ? .wrongMasterKey(expected: peek.master) : .crypto(error)
        }
    }

    private static func open(
        _ peek: KeyringPeek, underRecoveryKey file: MasterKeyFile
    ) throws(OpeningError) -> Keyring {
        guard peek.rows.contains(where: { $0.holder == .recovery }) else { throw .noRecoveryKey }
        let key: SecretBytes
        do {
            key = try file.read()
        } catch .masterKeyMissing(let path) {
            throw .recoveryKeyMissing(path: path)
        }
        do {
            return try Keyring(master: key, holder: .recovery, instance: peek.instance, rows: peek.rows)
        } catch {
            throw error == .wrongMasterKey ? .wrongRecoveryKey : .crypto(error)
        }
    }

    private static func openStore(
        _ location: VaultLocation, patience: Duration = VaultConfiguration().writePatience
    ) throws(OpeningError) -> Store {
        do {
            return try Store(
                directory: location.directory, chain: { try Digest.sha256($0, $1) }, patience: patience)
        } catch {
            throw .store(error)
        }
    }

    static func installSecureHeap() throws(OpeningError) {
        do { try SecureHeap.install() } catch { throw .crypto(error) }
    }

    /// Keeps others from writing the anchor, once there is one.
    ///
    /// - Throws: `anchorInUse`.
    func lockAnchor() throws(OpeningError) {
        try anchorLock.withLock { held throws(OpeningError) in
            if held == nil { held = try AnchorLock(anchor.path) }
        }
    }

    /// Records that a server has started with this vault.
    package func noteStart(version: String) async throws(VaultError) {
        _ = try await write { [self] transaction in
            try transaction.append(
                AuditEntry(
                    at: time.now(), actor: .terminal, action: .configStarted, object: "\(instance)", reason: version))
        }
    }
}
