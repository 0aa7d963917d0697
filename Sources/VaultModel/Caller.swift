/// What a token may do; the raw value is the name in the API.
package enum Scope: String, CaseIterable, Sendable, Codable {
    case keysRead = "keys:read"
    case keysWrite = "keys:write"
    case keysReveal = "keys:reveal"
    case connectWrite = "connect:write"
    case policyWrite = "policy:write"
    case webhooksWrite = "webhooks:write"
    case tokensWrite = "tokens:write"
    case projectsWrite = "projects:write"
    case keyringWrite = "keyring:write"
    case auditRead = "audit:read"
    case metricsRead = "metrics:read"
}

/// A set of ``Scope``, stored as bits in the order of its cases.
package struct Scopes: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    package init(_ scopes: some Sequence<Scope>) {
        self.init(rawValue: scopes.reduce(0) { $0 | Self.bit($1) })
    }

    package static let all = Scopes(Scope.allCases)
    /// What an `adm` token has: everything but reading secrets.
    package static let admin = all.subtracting(Scopes([.keysReveal]))
    /// What an `app` token has when nothing else was asked for.
    package static let appDefault = Scopes([.keysRead, .keysWrite, .keysReveal, .connectWrite])

    package func contains(_ scope: Scope) -> Bool { rawValue & Self.bit(scope) != 0 }

    package var names: [String] { Scope.allCases.filter { contains($0) }.map(\.rawValue) }

    private static func bit(_ scope: Scope) -> Int { 1 << (Scope.allCases.firstIndex(of: scope) ?? 62) }
}

/// What kind of token a caller holds; the raw value stands in the token itself.
package enum TokenKind: String, CaseIterable, Sendable {
    /// An admin, over the whole instance.
    case admin = "adm"
    /// One app, within one project.
    case app
    /// One connect session.
    case connect = "con"
    /// A lease on one key, for the gateway.
    case use
}

/// Who is asking, and what they may do.
package struct Caller: Sendable, Equatable {
    package let tokenID: TokenID?
    package let name: String
    package let kind: Kind
    /// The only project this caller can see; `nil` for those over the whole instance.
    package let projectID: ProjectID?
    package let scopes: Scopes
    package let expiresAt: Timestamp?

    /// What stands behind the call.
    package enum Kind: Sendable, Equatable {
        case token(TokenKind)
        /// The page behind a connect link, in whoever's browser it is open.
        case connect(ConnectSessionID)
        /// The scheduler and other work of the vault itself.
        case vault
        /// The command line on the data directory.
        case operatorAtTerminal
        /// Nobody: a request without a token that could be believed.
        case anonymous

        package var name: String {
            switch self {
            case .token(let kind): kind.rawValue
            case .connect: TokenKind.connect.rawValue
            case .vault: "vault"
            case .operatorAtTerminal: "operator"
            case .anonymous: "anonymous"
            }
        }
    }

    package init(
        tokenID: TokenID?, name: String, kind: Kind, projectID: ProjectID?, scopes: Scopes, expiresAt: Timestamp? = nil
    ) {
        self.tokenID = tokenID
        self.name = name
        self.kind = kind
        self.projectID = projectID
        self.scopes = scopes
        self.expiresAt = expiresAt
    }

    package static let vault = Caller(tokenID: nil, name: "scheduler", kind: .vault, projectID: nil, scopes: .admin)
    package static let terminal = Caller(
        tokenID: nil, name: "terminal", kind: .operatorAtTerminal, projectID: nil, scopes: .admin
    )
    package static let anonymous = Caller(tokenID: nil, name: "", kind: .anonymous, projectID: nil, scopes: [])

    package func may(_ scope: Scope) -> Bool { scopes.contains(scope) }

    /// Whether things of `project` exist for this caller at all.
    package func sees(_ project: ProjectID) -> Bool { projectID == nil || projectID == project }
}
