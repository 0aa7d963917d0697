package import VaultModel

/// One entry of the catalogue: who a provider is, what its credentials look like, and how a key is tested.
package struct Provider: Sendable, Decodable {
    package let id: ProviderID
    /// As it is called in a sentence: `Anthropic`.
    package let name: String
    /// Where keys are made.
    package let consoleURL: String
    package let billingURL: String
    package let docsURL: String
    /// Without a trailing slash; may hold `{parameter}`s, see `params`.
    package let baseURL: String
    /// Environment variables that hold its key, the usual one first.
    package let variables: [String]
    /// How a person gets a key, step by step.
    package let steps: [String]
    /// What its base URL needs besides, such as a region.
    package let params: [Parameter]
    let keys: [KeyPattern]
    let refused: [RefusedCredential]
    /// How many characters after the prefix a masked key shows, as in the provider's own console.
    let hintShows: Int
    /// How its refusals begin that are plain text and no JSON: only such a text counts as its own word.
    let plainTextErrors: [String]
    let calls: TestCalls?
    /// Its own rows; those of every provider follow them.
    package let outcomes: [OutcomeRow]

    /// How its usual keys begin, to show what is looked for; `nil` where they have no beginning of their own.
    package var keyBeginning: String? {
        keys.first { !$0.prefix.isEmpty && !$0.prefix.contains(UInt8(ascii: "#")) }
            .map { String(decoding: $0.prefix, as: UTF8.self) }
    }

    /// Whether keys of it can be stored at all.
    package var hasKeys: Bool { !keys.isEmpty }

    /// Whether a call that costs a few tokens can prove that its account can pay.
    package var hasFundingCheck: Bool { calls?.funding != nil }

    /// What the doctor calls a sign-in token of it that can be sent like a key.
    package var signInKind: String {
        let access = "oauth_access_token"
        return refused.contains { $0.kind == access } ? access : "sign_in_token"
    }

    /// Whether its keys can be proven by a call.
    package var canBeTested: Bool { calls != nil }

    private enum Member: String, CodingKey, CaseIterable {
        case id, name, variables, steps, params, keys, refused, calls, outcomes
        case consoleURL = "console_url"
        case billingURL = "billing_url"
        case docsURL = "docs_url"
        case baseURL = "base_url"
        case hintShows = "hint_shows"
        case plainTextErrors = "plain_text_errors"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        guard let id = ProviderID(try members.decode(String.self, forKey: .id)) else {
            throw DecodingError.dataCorruptedError(forKey: .id, in: members, debugDescription: "not a provider id")
        }
        self.id = id
        name = try members.decode(String.self, forKey: .name)
        let consoleURL = try members.decode(String.self, forKey: .consoleURL)
        let billingURL = try members.decode(String.self, forKey: .billingURL)
        self.consoleURL = consoleURL
        self.billingURL = billingURL
        docsURL = try members.decode(String.self, forKey: .docsURL)
        baseURL = try members.decode(String.self, forKey: .baseURL)
        variables = try members.decode([String].self, forKey: .variables)
        steps = try members.decode([String].self, forKey: .steps).map {
            $0.filling(["console_url": consoleURL, "billing_url": billingURL])
        }
        params = try members.decodeIfPresent([Parameter].self, forKey: .params) ?? []
        keys = try members.decode([KeyPattern].self, forKey: .keys)
        refused = try members.decodeIfPresent([RefusedCredential].self, forKey: .refused) ?? []
        hintShows = try members.decodeIfPresent(Int.self, forKey: .hintShows) ?? 0
        plainTextErrors = try members.decodeIfPresent([String].self, forKey: .plainTextErrors) ?? []
        calls = try members.decodeIfPresent(TestCalls.self, forKey: .calls)
        outcomes = try members.decodeIfPresent([OutcomeRow].self, forKey: .outcomes) ?? []
    }

    /// Fills `{provider}`, `{console_url}` and `{billing_url}` into a text of the catalogue.
    func fill(_ text: String) -> String {
        text.filling(["provider": name, "console_url": consoleURL, "billing_url": billingURL])
    }
}

extension String {
    /// Replaces each `{name}` that `values` knows; what is filled in is not looked at again.
    func filling(_ values: [String: String]) -> String {
        var filled = ""
        var rest = self[...]
        while let open = rest.firstIndex(of: "{") {
            filled += rest[..<open]
            rest = rest[open...]
            if let close = rest.firstIndex(of: "}"), let value = values[String(rest[rest.index(after: open)..<close])] {
                filled += value
                rest = rest[rest.index(after: close)...]
            } else {
                filled += "{"
                rest = rest.dropFirst()
            }
        }
        return filled + rest
    }
}
