/// One name that configuration goes by: an environment variable and, where it is no secret, a flag over it.
///
/// The command line's help and the check for unknown names are made from these cases.
/// `KEYSTOW_ENDPOINT_<PROVIDER>` is not among them: it is a family, see ``endpointPrefix``.
enum Setting: String, CaseIterable, Sendable {
    case listen = "KEYSTOW_LISTEN"
    case adminListen = "KEYSTOW_ADMIN_LISTEN"
    case dataDirectory = "KEYSTOW_DATA_DIR"
    case databaseURL = "KEYSTOW_DATABASE_URL"
    case masterKeyFile = "KEYSTOW_MASTER_KEY_FILE"
    case masterKeyDescriptor = "KEYSTOW_MASTER_KEY_FD"
    case masterKeyCommand = "KEYSTOW_MASTER_KEY_COMMAND"
    case masterKey = "KEYSTOW_MASTER_KEY"
    case masterKeyPreviousFile = "KEYSTOW_MASTER_KEY_PREVIOUS_FILE"
    case masterKeyPreviousDescriptor = "KEYSTOW_MASTER_KEY_PREVIOUS_FD"
    case masterKeyPreviousCommand = "KEYSTOW_MASTER_KEY_PREVIOUS_COMMAND"
    case masterKeyPrevious = "KEYSTOW_MASTER_KEY_PREVIOUS"
    case publicURL = "KEYSTOW_PUBLIC_URL"
    case hosts = "KEYSTOW_HOSTS"
    case providersDirectory = "KEYSTOW_PROVIDERS_DIR"
    case schedulerInterval = "KEYSTOW_SCHEDULER_INTERVAL"
    case validationLimits = "KEYSTOW_VALIDATION_LIMITS"
    case rateLimit = "KEYSTOW_RATE_LIMIT"
    case auditAnchor = "KEYSTOW_AUDIT_ANCHOR"
    case auditKeep = "KEYSTOW_AUDIT_KEEP"
    case acceptRollback = "KEYSTOW_ACCEPT_ROLLBACK"
    case revealAlarm = "KEYSTOW_REVEAL_ALARM"
    case securityContact = "KEYSTOW_SECURITY_CONTACT"
    case tlsCertificate = "KEYSTOW_TLS_CERT"
    case tlsKey = "KEYSTOW_TLS_KEY"
    case behindProxy = "KEYSTOW_BEHIND_PROXY"
    case log = "KEYSTOW_LOG"
    case url = "KEYSTOW_URL"
    case token = "KEYSTOW_TOKEN"

    static let endpointPrefix = "KEYSTOW_ENDPOINT_"
    static let endpointFlag = "--endpoint"

    /// Settings that are refused with a clear word, because what they ask for is not built yet.
    ///
    /// To build one is to take it off this list; `docs/operating.md` says the same and a test compares.
    static let notInThisVersion: Set<Setting> = [.databaseURL]

    /// Settings whose value is a secret: never a flag (others can read a command line), never kept as text.
    static let secret: Set<Setting> = [.masterKey, .masterKeyPrevious, .token]

    /// What the commands on the data directory need, and nothing about the network.
    static let ofVault: [Setting] = [
        .dataDirectory, .databaseURL, .masterKeyFile, .masterKeyDescriptor, .masterKeyCommand, .masterKeyPreviousFile,
        .masterKeyPreviousDescriptor, .masterKeyPreviousCommand, .auditAnchor, .providersDirectory, .log,
    ]

    /// Everything that a server takes as flags, too.
    static let ofServer: [Setting] = allCases.filter { $0 != .url && !secret.contains($0) }

    /// Variables that whatever opens the vault takes, and that are no flags.
    static let masterKeys: [Setting] = [.masterKey, .masterKeyPrevious]

    /// `--data-dir` for `KEYSTOW_DATA_DIR`.
    var flag: String {
        "--" + rawValue.dropFirst("KEYSTOW_".count).lowercased().split(separator: "_").joined(separator: "-")
    }

    /// What stands for the value in the help.
    var placeholder: String {
        switch self {
        case .listen, .adminListen: "ADDRESS:PORT"
        case .dataDirectory, .providersDirectory: "DIRECTORY"
        case .databaseURL, .publicURL, .url: "URL"
        case .masterKeyFile, .masterKeyPreviousFile, .auditAnchor, .tlsCertificate, .tlsKey: "FILE"
        case .masterKeyDescriptor, .masterKeyPreviousDescriptor, .revealAlarm, .acceptRollback: "NUMBER"
        case .masterKeyCommand, .masterKeyPreviousCommand: "COMMAND"
        case .hosts: "HOST,…"
        case .securityContact: "URI"
        case .schedulerInterval, .auditKeep: "DURATION"
        case .validationLimits: "LIMITS"
        case .rateLimit: "RATE"
        case .behindProxy: "ADDRESS[/BITS],…"
        case .log: "LEVEL"
        case .masterKey, .masterKeyPrevious, .token: "SECRET"
        }
    }

    /// The value where none is given, as one would write it; `nil` where there is none.
    var defaultText: String? {
        switch self {
        case .listen: "127.0.0.1:8420"
        case .dataDirectory: "./keystow-data"
        case .masterKeyFile: "<data dir>/master.key"
        case .publicURL: "http(s)://<listen>"
        case .schedulerInterval: "60s"
        case .validationLimits: "5/min,20/day,60/min,2000/day"
        case .auditAnchor: "<data dir>/anchor"
        case .revealAlarm: "100"
        case .log: "info"
        default: nil
        }
    }

    /// One line for the help.
    var summary: String {
        switch self {
        case .listen: "address and port; `:0` takes a free port of 127.0.0.1 and prints it"
        case .adminListen: "a second address, where admins' calls are then answered alone"
        case .dataDirectory: "where the vault's files are"
        case .databaseURL: "PostgreSQL instead of a file"
        case .masterKeyFile: "32 raw bytes or their base64, readable by its owner alone"
        case .masterKeyPreviousFile: "the master key before this one, while it is being replaced"
        case .masterKeyPreviousDescriptor: "read the previous master key from an inherited descriptor"
        case .masterKeyPreviousCommand: "a program that prints the previous master key"
        case .masterKeyPrevious: "the previous master key itself, as base64"
        case .masterKeyDescriptor: "read the master key from an inherited descriptor"
        case .masterKeyCommand: "a program, run without a shell, that prints the master key"
        case .masterKey: "the master key itself, as base64 (a file is better)"
        case .publicURL: "what connect links begin with"
        case .hosts: "further Host values that are answered"
        case .providersDirectory: "further providers, one JSON file each"
        case .schedulerInterval: "how often the rotation scheduler looks"
        case .validationLimits: "test calls per user (minute, day) and project (minute, day), or `off`"
        case .rateLimit: "calls per token, such as `1000/s`; `off` lifts every rate limit"
        case .auditAnchor: "where the audit log's signed heads and what was revoked are written, too"
        case .auditKeep: "how long audit entries stay in the database, 30d or more; for ever without it"
        case .acceptRollback: "the note of the anchor that a refused start names: go on without what it says"
        case .revealAlarm: "distinct keys revealed by one token in ten minutes that raise an alarm"
        case .securityContact: "whom to tell of a weakness, in /.well-known/security.txt"
        case .tlsCertificate: "certificate chain of the server's own TLS, PEM"
        case .tlsKey: "private key of the server's own TLS, PEM, closed to others"
        case .behindProxy: "addresses or networks of the proxies that may speak for others"
        case .log: "error, warning, info or debug; JSON lines on standard error"
        case .url: "the running server that `token`, `keys`, `connect` and `import` speak to"
        case .token: "the token that they speak with"
        }
    }
}
