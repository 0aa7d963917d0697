import Glibc
import HTTPClient
import VaultCrypto
import VaultModel
import VaultProviders
import VaultService
import VaultStore

/// Why a command ended early: what to tell, and the code to end with.
struct CommandFailure: Error {
    let message: String
    let code: ExitCode

    init(_ message: String, _ code: ExitCode) {
        self.message = message
        self.code = code
    }

    init(_ error: OpeningError) {
        switch error {
        case .masterKeyMissing(let path):
            self.init(
                "there is no master key at \(path); set KEYSTOW_MASTER_KEY_FILE to where it is, or see `keystow recovery "
                    + "--help` if it is lost", .configuration)
        case .masterKeyMalformed(let place): self.init(malformed: place)
        case .masterKeyDescriptor(let number, let fault): self.init(fault, ofDescriptor: number)
        case .masterKeyCommand(let setting, let fault): self.init(fault, of: setting)
        case .masterKeyTaken: self.init("the master key could be read once only, and was", .configuration)
        case .masterKeyExposed(let path):
            self.init(
                "\(path) must belong to this user or root and be closed to all others: chmod 0400", .configuration)
        case .masterKeyUnreadable(let path, let code):
            self.init("cannot use the master key at \(path): \(Self.text(of: code))", .configuration)
        case .masterKeyNotAFile(let path):
            self.init("\(path) must be a file itself, and no link to one, directory or pipe", .configuration)
        case .wrongMasterKey(let expected):
            self.init("wrong master key: this vault expects \(expected); nothing was changed", .configuration)
        case .recoveryKeyMissing(let path): self.init("there is no recovery key at \(path)", .noInput)
        case .wrongRecoveryKey:
            self.init(
                "that is not this vault's recovery key: a vault opens with its newest, and a backup with the newest at its "
                    + "time; nothing was changed", .configuration)
        case .noRecoveryKey:
            self.init(
                "this vault has no recovery key, or had none when the backup was made; nothing was changed",
                .configuration)
        case .notInitialised(let directory):
            self.init("there is no vault in \(directory); `keystow init` makes one", .unavailable)
        case .alreadyInitialised(let directory):
            self.init("there is a vault in \(directory) already; it was left as it is", .cannotCreate)
        case .rolledBack(let stored, let anchored, let path, let note):
            self.init(
                "the audit log ends at entry \(stored), but \(path) has entry \(anchored) signed: an older database was put "
                    + "in place. Put the newest back, or, if this is a backup that you took back, \(Self.accepting(note))",
                .configuration)
        case .rewritten(let entry, let path, let note):
            self.init(
                "entry \(entry) of the audit log is not what was signed in \(path): entries were forged, or it is a database "
                    + "that was given up when an older one was taken back. `keystow audit verify` tells from where on. Put "
                    + "the right one back; to go on with this one, " + Self.accepting(note),
                .configuration)
        case .anchorMissing(let path, let note):
            self.init(
                "the anchor \(path) is gone, to which the audit log's heads were written. Put it back (KEYSTOW_AUDIT_ANCHOR "
                    + "says where it is); to begin another, \(Self.accepting(note))",
                .configuration)
        case .anchorCut(let path, let note):
            self.init(
                "notes that were in the anchor \(path) are gone. Put it back as it was; to go on without them, "
                    + Self.accepting(note),
                .configuration)
        case .anchorForeign(let path, let note):
            self.init(
                "nothing in the anchor \(path) was signed by this vault; KEYSTOW_AUDIT_ANCHOR must name its own. If the "
                    + "database is a backup from before its signer was made, \(Self.accepting(note))",
                .configuration)
        case .anchorInUse(let path):
            self.init(
                "another vault is being served with the anchor \(path): stop that, or give this one an anchor of its own, a copy "
                    + "for a drill (KEYSTOW_AUDIT_ANCHOR)", .temporary)
        case .anchorUnreadable(let path, let code):
            self.init("cannot read the anchor \(path): \(Self.text(of: code))", .configuration)
        case .backup(let fault): self.init(fault)
        case .notSettled:
            self.init(
                "the backup is in place; what the anchor says has ended is ended by the next start, which tells what keeps it",
                .inputOutput)
        case .store(let error): self.init(error)
        case .vault(let error): self.init("the vault cannot be opened: \(error)", .software)
        case .crypto(.heapUnavailable):
            self.init(
                "no memory for secrets can be locked: raise the limit RLIMIT_MEMLOCK to 1 MiB at least (LimitMEMLOCK=8M in "
                    + "the unit, or ulimit -l)", .system)
        case .crypto(.cannotOpen):
            self.init(
                "the master key is right, and keys of the vault that it opens are damaged: take back a backup with "
                    + "`keystow restore --replace`; nothing was changed", .dataFault)
        case .crypto(let error): self.init("the cryptographic library refused: \(error)", .software)
        }
    }

    private init(_ error: StoreError) {
        switch error {
        case .locked(let holder):
            self.init("the data directory is in use by \(holder); stop it, or speak to it with --url", .temporary)
        case .newerSchema(let version):
            self.init("the database has schema \(version), made by a newer keystow; run that one", .configuration)
        case .changedMigration(let name):
            self.init("the database was made with another text of migration \(name); nothing was changed", .software)
        case .full: self.init("the disk is full", .inputOutput)
        case .corrupt(let what):
            self.init("the database cannot be opened: \(what); take back a copy of it", .inputOutput)
        case .unavailable(_, let what): self.init("the database cannot be opened: \(what)", .inputOutput)
        default: self.init("the database cannot be opened: \(error)", .inputOutput)
        }
    }

    /// Why a vault that was opened could not be put in order.
    init(settling error: VaultError, _ vault: Vault) {
        self.init(
            vault.isAnchorWritable
                ? "the vault cannot be written to: \(error)"
                : "no anchor can be begun at \(vault.anchorPath): look at its folder and its mode; nothing was given up",
            .inputOutput)
    }

    private static func accepting(_ note: Int) -> String {
        "start it with KEYSTOW_ACCEPT_ROLLBACK=\(note) (`keystow serve --accept-rollback \(note)`), which is good once"
    }

    static func text(of code: Int32) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}

extension Configuration {
    /// Where the vault lies.
    var location: VaultLocation {
        VaultLocation(
            directory: dataDirectory, masterKey: masterKey, previousMasterKey: previousMasterKey, anchor: auditAnchor)
    }

    /// The file with a new vault's first tokens.
    var firstTokensFile: String { "\(dataDirectory)/first-tokens.json" }

    /// The providers that this program knows, an operator's own among them.
    func catalogue() throws(CommandFailure) -> Catalogue {
        do {
            return try ProviderFiles.catalogue(adding: providersDirectory)
        } catch {
            throw CommandFailure("the providers' file \(error.file): \(error.reason)", .configuration)
        }
    }

    /// Opens the vault, with a probe that really calls.
    ///
    /// - Parameter recoveryKey: what opens it in place of the master key.
    func openVault(
        client: HTTPClient, recoveryKey: String? = nil, observe: (@Sendable (VaultNotice) -> Void)? = nil
    ) throws(CommandFailure) -> Vault {
        let catalogue = try catalogue()
        var settings = VaultConfiguration()
        settings.endpoints = endpoints.mapValues(\.description)
        settings.schedulerInterval = schedulerInterval
        settings.revealAlarm = revealAlarm
        settings.validationLimits = validationLimits.map { limits in
            VaultService.ValidationLimits(
                userPerMinute: limits.userPerMinute, userKeysPerDay: limits.userPerDay,
                projectPerMinute: limits.projectPerMinute, projectKeysPerDay: limits.projectPerDay)
        }
        settings.firstTokensFile = firstTokensFile
        settings.observe = observe
        settings.auditKeepSeconds = auditKeep.map { Int($0 / .seconds(1)) }
        settings.acceptedNote = acceptRollback
        let probe = Probe(catalogue: catalogue, client: client, time: SystemTime())
        var location = location
        location.recoveryKey = recoveryKey.map { MasterKeyFile(path: $0) }
        do {
            return try Vault.open(at: location, configuration: settings, catalogue: catalogue, probe: probe)
        } catch {
            throw CommandFailure(error)
        }
    }

    static func client(
        longest: Duration = HTTPClient.longestTimeout
    ) throws(CommandFailure) -> HTTPClient {
        do {
            return try HTTPClient(version: Version.number, longest: longest)
        } catch {
            throw CommandFailure("libcurl cannot be started: \(error)", .software)
        }
    }
}

extension Vault {
    /// Does what the anchor demands, before a command on the data directory does anything else.
    func settleForCommand() async throws(CommandFailure) {
        do {
            try await settle()
        } catch {
            throw CommandFailure(settling: error, self)
        }
    }
}
