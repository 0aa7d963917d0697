/// A tenant: one app, its keys, its tokens and its rules.
package struct ProjectRecord: Sendable, Equatable {
    package var id: ProjectID
    package var name: String
    /// Where connect sessions may return to; empty: anywhere that is https or loopback.
    package var allowedOrigins: [String]
    /// Whose keys may be stored; empty: every provider's of the catalogue.
    package var allowedProviders: [ProviderID]
    /// What the page that takes its users' keys shows beside its name.
    package var logo: Logo?
    /// The colour of that page's buttons, whose text is white.
    package var accentColor: AccentColor?
    /// When an admin first gave `keys:reveal` to an app token of this project.
    package var revealGrantedAt: Timestamp?
    package var createdAt: Timestamp
    package var revision: Int

    package init(
        id: ProjectID, name: String, allowedOrigins: [String] = [], allowedProviders: [ProviderID] = [],
        logo: Logo? = nil, accentColor: AccentColor? = nil, revealGrantedAt: Timestamp? = nil, createdAt: Timestamp,
        revision: Int = 1
    ) {
        self.id = id
        self.name = name
        self.allowedOrigins = allowedOrigins
        self.allowedProviders = allowedProviders
        self.logo = logo
        self.accentColor = accentColor
        self.revealGrantedAt = revealGrantedAt
        self.createdAt = createdAt
        self.revision = revision
    }
}

/// An access token without its text: only an HMAC of that is kept.
package struct TokenRecord: Sendable, Equatable {
    package var id: TokenID
    package var lookup: [UInt8]
    package var projectID: ProjectID?
    package var kind: TokenKind
    package var scopes: Scopes
    package var name: String
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    package var revokedAt: Timestamp?
    package var lastUsedAt: Timestamp?

    package init(
        id: TokenID, lookup: [UInt8], projectID: ProjectID?, kind: TokenKind, scopes: Scopes, name: String,
        createdAt: Timestamp, expiresAt: Timestamp? = nil, revokedAt: Timestamp? = nil, lastUsedAt: Timestamp? = nil
    ) {
        self.id = id
        self.lookup = lookup
        self.projectID = projectID
        self.kind = kind
        self.scopes = scopes
        self.name = name
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }
}

/// A policy as set for a project (`provider == nil`) or for one provider in it.
package struct PolicyRecord: Sendable, Equatable {
    package var projectID: ProjectID
    package var provider: ProviderID?
    package var policy: RotationPolicy
    package var revision: Int

    package init(projectID: ProjectID, provider: ProviderID?, policy: RotationPolicy, revision: Int) {
        self.projectID = projectID
        self.provider = provider
        self.policy = policy
        self.revision = revision
    }
}
