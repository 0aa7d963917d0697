import VaultModel
import VaultService

/// What the command line asks for.
enum Command: Sendable, Equatable {
    case serve(SettingFlags)
    case initialize(SettingFlags)
    case doctor(SettingFlags, asJSON: Bool)
    case token(TokenCommand)
    case importKeys(ImportCommand)
    case rebind(RebindCommand)
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
        case revoke(TokenID)
    }

    var act: Act
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
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

/// `keystow rebind …`: on the data directory.
struct RebindCommand: Sendable, Equatable {
    var provider: ProviderID
    /// Whether it is only counted.
    var isDryRun: Bool
    var flags: SettingFlags
    var asJSON: Bool
}
