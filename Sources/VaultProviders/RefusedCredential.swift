import VaultModel

/// A credential of a provider that is recognised only to be refused, with what its owner is told.
struct RefusedCredential: Sendable, Decodable {
    enum Category: String, Sendable, Decodable {
        case signIn = "sign_in"
        case wrongType = "wrong_type"
        case identifier
    }

    struct Quotation: Sendable, Decodable {
        let type: String
        let message: String
    }

    /// The diagnosis' `kind`.
    let kind: String
    let category: Category
    /// Counts wherever it stands, in any case and however it is broken up.
    let anywhere: Mark?
    /// Counts where a word begins, its prefix in any case.
    let pattern: KeyPattern?
    let message: String?
    let hint: String?
    let docsURL: String?
    /// The provider's documented answer to it.
    let quotation: Quotation?

    private enum Member: String, CodingKey, CaseIterable {
        case kind, anywhere, pattern, message, hint, verified
        case category = "as"
        case docsURL = "docs_url"
        case quotation = "quoted_error"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        kind = try members.decode(String.self, forKey: .kind)
        category = try members.decode(Category.self, forKey: .category)
        anywhere = try members.decodeIfPresent(Mark.self, forKey: .anywhere)
        pattern = try members.decodeIfPresent(KeyPattern.self, forKey: .pattern)
        message = try members.decodeIfPresent(String.self, forKey: .message)
        hint = try members.decodeIfPresent(String.self, forKey: .hint)
        docsURL = try members.decodeIfPresent(String.self, forKey: .docsURL)
        quotation = try members.decodeIfPresent(Quotation.self, forKey: .quotation)
        guard (anywhere == nil) != (pattern == nil) else {
            throw DecodingError.dataCorruptedError(
                forKey: .pattern, in: members, debugDescription: "exactly one of anywhere and pattern")
        }
    }

    var quotedError: ProviderError? { quotation.map { ProviderError(type: $0.type, message: $0.message) } }
}
