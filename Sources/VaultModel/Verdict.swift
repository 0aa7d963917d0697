/// What a provider said about a key; the raw value is the API's `verdict.code`.
package enum VerdictCode: String, Sendable, CaseIterable, Codable {
    case valid
    /// Genuine, but its account cannot pay now.
    case validUnfunded = "valid_unfunded"
    /// Genuine, but lacks a permission, a region or an enablement.
    case validRestricted = "valid_restricted"
    /// The provider refused it: unknown, revoked, expired, or its organization is disabled.
    case invalid
    /// Nothing definite: an outage, a rate limit, something between us and the provider.
    case unverified
    /// The provider itself said that this is a sign-in token.
    case oauthRejected = "oauth_token_rejected"
    /// The provider itself said that this is another kind of credential.
    case wrongType = "wrong_key_type"

    /// The provider accepted the key, as far as tested.
    package var isAcceptance: Bool { self == .valid || self == .validUnfunded || self == .validRestricted }
    /// The provider definitely refused the key.
    package var isRefusal: Bool { self == .invalid || self == .oauthRejected || self == .wrongType }
}

/// The outcome of one test call, in words for machines and for people. Holds nothing of the key.
package struct Verdict: Sendable, Equatable, Codable {
    package var code: VerdictCode
    /// Stable, for machines: `ok`, `no_credit`, `rejected`, `rate_limited`, …
    package var reason: String
    /// What happened, whose side it is on, what to do.
    package var message: String
    /// What was proven: `identity`, `funding`.
    package var tested: [String]
    package var checkedAt: Timestamp
    package var httpStatus: Int?
    package var providerRequestID: String?
    /// How long the provider asked us to wait, whole seconds.
    package var retryAfter: Int?
    /// The provider's own error, its message redacted and at most 200 characters.
    package var providerError: ProviderError?
    /// What the provider told of the account, such as `organization_id` and `workspace_id`.
    package var account: [String: String]

    package init(
        code: VerdictCode, reason: String, message: String, tested: [String] = [], checkedAt: Timestamp,
        httpStatus: Int? = nil, providerRequestID: String? = nil, retryAfter: Int? = nil,
        providerError: ProviderError? = nil, account: [String: String] = [:]
    ) {
        self.code = code
        self.reason = reason
        self.message = message
        self.tested = tested
        self.checkedAt = checkedAt
        self.httpStatus = httpStatus
        self.providerRequestID = providerRequestID
        self.retryAfter = retryAfter
        self.providerError = providerError
        self.account = account
    }
}

/// A provider's error object in Anthropic's shape: `{"type":"error","error":{"type":…,"message":…}}`.
package struct ProviderError: Sendable, Equatable, Codable {
    package let type: String
    package let message: String

    package init(type: String, message: String) {
        self.type = type
        self.message = message
    }
}
