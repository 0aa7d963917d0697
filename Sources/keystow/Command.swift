import VaultCrypto
import VaultModel
import VaultService

/// What the command line asks for.
enum Command: Sendable, Equatable {
    /// With a user: a link for this user is made and printed as soon as the server listens.
    /// An audit log that is older than its anchor is taken where that is said.
    case serve(SettingFlags, connect: UserID? = nil)
    case initialize(SettingFlags, withRecoveryKey: Bool = false)
    case doctor(SettingFlags, asJSON: Bool, egress: EgressChecks.Scope = .all)
    case token(TokenCommand)
    case keys(KeysCommand)
    case connect(ConnectCommand)
    case importKeys(ImportCommand)
    case rebind(RebindCommand)
    case rekey(RekeyCommand)
    case recovery(RecoveryCommand)
    case audit(AuditCommand)
    case backup(BackupCommand)
    case restore(RestoreCommand)
    case version(asJSON: Bool)
    case help(HelpTopic)
}

/// Settings that stand on the command line, as they were written.
struct SettingFlags: Sendable, Equatable {
    var values: [Setting: String] = [:]
    /// In the order given; a later one for the same provider wins.
    var endpoints: [Endpoint] = []

    struct Endpoint: Sendable, Equatable {
        let provider: String
        let url: String
    }
}

/// `keystow token …`: over HTTP where a server is named, else on the data directory.
struct TokenCommand: Sendable, Equatable {
    enum Act: Sendable, Equatable {
        case create(TokenOrder)
        case list(project: ProjectID?)
        case revoke(TokenName, isSure: Bool)
    }

    var act: Act
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// What somebody calls a token.
enum TokenName: Sendable, Equatable {
    case id(TokenID)
    case name(String)
}

/// A token that somebody wants.
struct TokenOrder: Sendable, Equatable {
    var kind: TokenKind
    var name: String
    /// Given for `app`, absent for `adm`.
    var project: ProjectID?
    /// `nil`: what the kind has by default.
    var scopes: Scopes?
    var expiresAt: Timestamp?
}

/// `keystow import …`: always over HTTP.
struct ImportCommand: Sendable, Equatable {
    var source: ImportSource
    /// `nil`: as the name of the file or its first lines tell.
    var format: ImportFormat?
    /// Who owns the keys for which the file names nobody.
    var user: UserID?
    /// Needed with an admin's token.
    var project: ProjectID?
    /// Whether keys are really stored.
    var isApplied: Bool
    /// `nil`: the server's default.
    var validation: Validation?
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// `keystow connect …`: always over HTTP.
struct ConnectCommand: Sendable, Equatable {
    var order: ConnectOrder
    /// Whether the end of the link is waited for.
    var waits: Bool
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// A link that somebody wants for one user; what is `nil` is left to the server.
struct ConnectOrder: Sendable, Equatable {
    var user: UserID
    /// What the page calls the user.
    var label: String?
    var purpose: ConnectPurpose
    /// The key that is to be replaced: given for `replace`, and for nothing else.
    var key: KeyID?
    var providers: [ProviderID]?
    /// Where the page leads back to.
    var returnURL: String?
    /// The page that opens the link in a popup.
    var origin: WebOrigin?
    var lifetimeSeconds: Int?
    var locale: String?
    /// Needed with an admin's token.
    var project: ProjectID?
}

/// `keystow rebind …`: on the data directory.
struct RebindCommand: Sendable, Equatable {
    var provider: ProviderID
    /// Whether it is only counted.
    var isDryRun: Bool
    var flags: SettingFlags
    var asJSON: Bool
}

/// `keystow rekey …`: always over HTTP.
struct RekeyCommand: Sendable, Equatable {
    enum Act: Sendable, Equatable {
        /// A fresh KEK term.
        case term
        /// The master key that its source gives now.
        case master
        /// Nothing is changed: what goes on is shown.
        case status
    }

    var act: Act
    /// Whether the end of the rekey is waited for.
    var waits: Bool
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// `keystow audit …`: `verify` and `key` on the data directory or on files, `export` over HTTP.
struct AuditCommand: Sendable, Equatable {
    enum Act: Sendable, Equatable {
        case verify(AuditCheck)
        case export(AuditExport)
        case key
    }

    var act: Act
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// What `audit verify` is to look at.
struct AuditCheck: Sendable, Equatable {
    /// A file of exported entries, in place of the data directory.
    var file: String?
    /// The anchor, where it is not the configured one.
    var anchor: String?
    /// Whether it is to do without.
    var isWithoutAnchor = false
    /// Public keys that are known from elsewhere.
    var keys: [NoteKey] = []
}

/// Which entries are wanted, and where they go.
struct AuditExport: Sendable, Equatable {
    /// `nil`: standard output.
    var output: String?
    var after = 0
    var since: Timestamp?
    /// `key_id`, `token_id`, `action` and `until`, as the API takes them: what they pick out is no chain.
    var filters: [String: String] = [:]

    /// Whether what comes out can be proven.
    var isChain: Bool { filters.isEmpty }
}
