/// What a call is about: the documents' chapters, in their order.
enum Tag: String, CaseIterable, Sendable {
    case keys = "Keys"
    case connect = "Connect links"
    case page = "The connect page"
    case projects = "Projects"
    case tokens = "Tokens"
    case vault = "The vault"
    case keyring = "The keyring"
    case audit = "Audit log"
    case server = "The server"

    var note: String {
        switch self {
        case .keys: "Users' keys: stored, tested, handed out, replaced, ended."
        case .connect: "Links by which users save, replace or manage their own keys."
        case .page: "What the page behind a link is made of, and its own calls with the link's token."
        case .projects: "The tenants of this vault, and the rotation policies of their keys."
        case .tokens: "Access tokens, and who one is."
        case .vault: "Over all keys: the catalogue of providers, counts, mass revocation."
        case .keyring:
            "The keys above the keys: the master, the KEK terms, and their replacement while the vault serves."
        case .audit: "What happened, in a hash chain."
        case .server: "Whether it is well, and what it says of itself. Only `/metrics` needs a token."
        }
    }

    /// The tag of a path: that of its longest known beginning.
    init(path: String) {
        let known: [(String, Tag)] = [
            ("/v1/connect/", .connect), ("/connect", .page), ("/v1/keys", .keys), ("/v1/users", .keys),
            ("/v1/inspect", .keys), ("/v1/projects", .projects), ("/v1/token", .tokens), ("/v1/keyring", .keyring),
            ("/v1/audit", .audit),
            ("/v1/", .vault),
        ]
        self = known.first { path.hasPrefix($0.0) }?.1 ?? .server
    }

    /// As the last part of a web address.
    var anchor: String { rawValue.lowercased().replacing(" ", with: "-") }
}
