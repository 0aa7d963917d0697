import VaultModel

// For each provider: its key in what it is usually copied with, and its usual mistakes.

/// What the same mistakes make of one provider's key.
private struct Specimen {
    /// What comes of a paste that is no whole key.
    struct Outcome {
        let code: Diagnosis.Refusal
        let kind: String
        let isOwn: Bool

        static let unknown = Outcome(code: .malformed, kind: "unknown", isOwn: false)
        static func cut(_ kind: String) -> Outcome { Outcome(code: .truncated, kind: kind, isOwn: true) }
        static let tooLong = Outcome(code: .malformed, kind: "too_long", isOwn: true)
    }

    let provider: String
    let key: String
    let kind: String
    let variable: String
    /// As its console shows a key once it is made.
    let masked: String
    /// Whether its prefix tells whose it is, so that nobody need choose.
    let isDistinctive: Bool
    /// Half of it.
    let cut: Outcome
    /// With `surplus` after it.
    let long: Outcome
    var surplus = "9"
    /// Providers whose keys look the same.
    var others: [String] = []

    var pastes: [Paste] {
        [
            keeps(
                "in an .env file", "PORT=8080\n\(variable)=\(key)\nDEBUG=1\n",
                ["whitespace", "assignment", "surrounding_text"]),
            keeps("exported", "export \(variable)=\"\(key)\"", ["assignment", "quotes"]),
            keeps("in a curl command", "curl https://api.test/v1 -H 'Authorization: Bearer \(key)'", ["command"]),
            keeps("in JSON", "{\"\(variable)\": \"\(key)\"}", ["json"]),
            keeps("in TOML", "[keys]\napi_key = \"\(key)\" # mine\n", ["whitespace", "surrounding_text"]),
            keeps("in a code fence", "```sh\n\(key)\n```", ["code_fence", "whitespace"]),
            keeps(
                "in a sentence", "Hi! My key is \(key), please use it.", ["punctuation", "surrounding_text"]),
            keeps("wrapped over lines", wrapped, ["line_breaks"]),
            .refuses(
                "\(provider) key, masked", masked, .masked, "masked",
                of: isDistinctive && masked.hasPrefix(prefix) ? provider : nil, chosen: provider),
            mistake("cut short", String(key.prefix(key.count / 2)), cut),
            mistake("too long", key + surplus, long),
        ] + choice + [otherCase].compactMap { $0 }
    }

    private var prefix: String { String(key.prefix(3)) }

    private var wrapped: String { key.prefix(key.count / 2) + "\n" + key.dropFirst(key.count / 2) }

    private func keeps(_ how: String, _ text: String, _ cleaned: [String]) -> Paste {
        .keeps("\(provider) key \(how)", text, key, kind, of: provider, chosen: provider, cleaned)
    }

    private func mistake(_ how: String, _ text: String, _ outcome: Outcome) -> Paste {
        .refuses(
            "\(provider) key, \(how)", text, outcome.code, outcome.kind, of: outcome.isOwn ? provider : nil,
            chosen: provider)
    }

    /// Another provider chosen, and none.
    private var choice: [Paste] {
        let wrong = provider == "groq" ? "anthropic" : "groq"
        if isDistinctive {
            return [
                .refuses(
                    "\(provider) key, \(wrong) chosen", key, .wrongProvider, kind, of: provider, chosen: wrong),
                .keeps("\(provider) key, none chosen", "\(variable)=\(key)", key, kind, of: provider, ["assignment"]),
            ]
        }
        return [
            .refuses("\(provider) key, \(wrong) chosen", key, .malformed, "unknown", chosen: wrong),
            .refuses(
                "\(provider) key, none chosen", "\(variable)=\(key)", .ambiguous, "ambiguous", ["assignment"],
                candidates: ([provider] + others).sorted()),
        ]
    }

    /// Prefixes are matched exactly where a key is accepted.
    private var otherCase: Paste? {
        guard isDistinctive else { return nil }
        let swapped = String(
            key.map { $0.isUppercase ? Character($0.lowercased()) : Character($0.uppercased()) })
        return .refuses(
            "\(provider) key, capitals and small letters swapped", swapped, .malformed, "unknown", chosen: provider)
    }
}

private let specimens: [Specimen] = [
    Specimen(
        provider: "anthropic", key: Sham.claudeKey, kind: "api_key", variable: "ANTHROPIC_API_KEY",
        masked: "sk-ant-api03-aB3...2kAA", isDistinctive: true, cut: .cut("api_key"), long: .cut("api_key")),
    Specimen(
        provider: "openai", key: Sham.openAIProject, kind: "project_or_service_key", variable: "OPENAI_API_KEY",
        masked: "sk-proj-aB3********7-", isDistinctive: true, cut: .cut("project_or_service_key"), long: .tooLong,
        surplus: Sham.filler(500)),
    Specimen(
        provider: "gemini", key: Sham.geminiStandard, kind: "standard_key", variable: "GEMINI_API_KEY",
        masked: "AIza...H2kL", isDistinctive: true, cut: .cut("standard_key"), long: .tooLong),
    Specimen(
        provider: "openrouter", key: Sham.openRouter, kind: "api_key", variable: "OPENROUTER_API_KEY",
        masked: "sk-or-v1-0a1...c3d", isDistinctive: true, cut: .cut("api_key"), long: .tooLong),
    Specimen(
        provider: "mistral", key: Sham.mistral, kind: "api_key", variable: "MISTRAL_API_KEY",
        masked: "aB3d••••••••9gH2", isDistinctive: false, cut: .unknown, long: .unknown),
    Specimen(
        provider: "groq", key: Sham.groq, kind: "api_key", variable: "GROQ_API_KEY",
        masked: "gsk_...H2kL", isDistinctive: true, cut: .cut("api_key"), long: .tooLong),
    Specimen(
        provider: "xai", key: Sham.xai, kind: "api_key", variable: "XAI_API_KEY",
        masked: "xai-aB3d***dE9g", isDistinctive: true, cut: .cut("api_key"), long: .tooLong),
    Specimen(
        provider: "deepseek", key: Sham.deepSeek, kind: "api_key", variable: "DEEPSEEK_API_KEY",
        masked: "sk-a1b2c********************c3a1", isDistinctive: false, cut: .cut("api_key"), long: .tooLong),
    Specimen(
        provider: "cohere", key: Sham.cohere, kind: "api_key", variable: "CO_API_KEY",
        masked: "aB3d…9gH2", isDistinctive: false, cut: .unknown, long: .unknown),
    Specimen(
        provider: "together", key: Sham.togetherHex, kind: "api_key_hex64", variable: "TOGETHER_API_KEY",
        masked: "0a1b2c...2c3d", isDistinctive: false, cut: .unknown, long: .unknown),
    Specimen(
        provider: "perplexity", key: Sham.perplexity, kind: "api_key", variable: "PERPLEXITY_API_KEY",
        masked: "pplx-aB3d****", isDistinctive: true, cut: .cut("api_key"), long: .tooLong),
    Specimen(
        provider: "huggingface", key: Sham.huggingFace, kind: "user_access_token", variable: "HF_TOKEN",
        masked: "hf_...dE9g", isDistinctive: true, cut: .cut("user_access_token"), long: .tooLong),
    Specimen(
        provider: "replicate", key: Sham.replicate, kind: "api_token", variable: "REPLICATE_API_TOKEN",
        masked: "r8_aB3**********************************", isDistinctive: true, cut: .cut("api_token"), long: .tooLong),
    Specimen(
        provider: "fireworks", key: Sham.fireworks, kind: "api_key", variable: "FIREWORKS_API_KEY",
        masked: "fw_aB3•••••••", isDistinctive: true, cut: .cut("api_key"), long: .tooLong, surplus: Sham.filler(500)),
    Specimen(
        provider: "azure_openai", key: Sham.azure, kind: "resource_key", variable: "AZURE_OPENAI_API_KEY",
        masked: "••••••••••••••••••••••••••••••••", isDistinctive: false, cut: .unknown, long: .unknown),
    Specimen(
        provider: "bedrock", key: Sham.bedrock, kind: "long_lived_key", variable: "AWS_BEARER_TOKEN_BEDROCK",
        masked: "ABSKaB3d…", isDistinctive: true, cut: .cut("long_lived_key"), long: .tooLong),
]

let providerPastes = specimens.flatMap(\.pastes)
