/// What the key doctor says of a paste, before any network call. Holds nothing of the paste.
package struct Diagnosis: Sendable, Equatable {
    /// Why a paste is refused; the raw value is the problem's `code`.
    package enum Refusal: String, Sendable, CaseIterable {
        case oauthToken = "oauth_token_rejected"
        case wrongKeyType = "wrong_key_type"
        case masked = "masked_key"
        case placeholder = "placeholder_key"
        case truncated = "truncated_key"
        case severalKeys = "several_keys"
        case wrongProvider = "wrong_provider"
        /// The shape of several providers and none chosen: `invalid_field` with `candidates`.
        case ambiguous = "invalid_field"
        case malformed = "malformed_key"
    }

    /// What kind of thing it is: `api_key`, `oauth_access_token`, `admin_key`, `url`, `empty`, …
    package var kind: String
    /// Whose it is, as far as its shape tells.
    package var provider: ProviderID?
    /// `nil` when it may be stored.
    package var refusal: Refusal?
    /// What happened, in one sentence or two.
    package var message: String
    /// What to do next; empty when nothing is to be done.
    package var hint: String
    /// What was cleaned away, as stable names: `whitespace`, `quotes`, `assignment`, `bearer`, …
    package var cleaned: [String]
    /// For `ambiguous`: the providers that it could belong to.
    package var candidates: [ProviderID]
    /// For sign-in tokens: the provider's documented error, quoted without a call.
    package var quotedError: ProviderError?
    /// Where the provider documents it.
    package var docsURL: String?

    package var isStorable: Bool { refusal == nil }

    package init(
        kind: String, provider: ProviderID? = nil, refusal: Refusal? = nil, message: String, hint: String = "",
        cleaned: [String] = [], candidates: [ProviderID] = [], quotedError: ProviderError? = nil, docsURL: String? = nil
    ) {
        self.kind = kind
        self.provider = provider
        self.refusal = refusal
        self.message = message
        self.hint = hint
        self.cleaned = cleaned
        self.candidates = candidates
        self.quotedError = quotedError
        self.docsURL = docsURL
    }
}
