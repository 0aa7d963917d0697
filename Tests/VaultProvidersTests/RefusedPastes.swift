import VaultModel

// What is pasted in place of a key, by kind of mistake.
private let key = Sham.claudeKey
private let other = Sham.otherClaudeKey

private let awsPair =
    "AWS_ACCESS_KEY_ID=AKIA\(Sham.filler(16, "ABC2"))\nAWS_SECRET_ACCESS_KEY=\(Sham.filler(40))"

let refusedPastes: [Paste] = [
    .refuses("masked, dots", "sk-ant-api03-R2D...wXAA", .masked, "masked", of: "anthropic"),
    .refuses("masked, ellipsis", "sk-ant-api03-R2D…wXAA", .masked, "masked", of: "anthropic"),
    .refuses("masked, stars", "sk-ant-api03-***", .masked, "masked", of: "anthropic"),
    .refuses("masked, bullets", "gsk_••••••••", .masked, "masked", of: "groq"),
    .refuses("masked, bullets alone", "••••••••", .masked, "masked"),
    .refuses("masked, without a known prefix", "abc...xyz", .masked, "masked"),
    .refuses("masked, the prefix alone", "sk-ant-...", .masked, "masked"),
    .refuses(
        "masked, assignment", "ANTHROPIC_API_KEY=sk-ant-api03-***", .masked, "masked", of: "anthropic", ["assignment"]),
    .refuses("masked, open length", Sham.fireworks + "...", .masked, "masked", of: "fireworks"),
    .refuses("placeholder, YOUR_API_KEY", "YOUR_API_KEY", .placeholder, "placeholder"),
    .refuses("placeholder, angle brackets", "<your-api-key>", .placeholder, "placeholder", ["brackets"]),
    .refuses("placeholder, any angle brackets", "<key>", .placeholder, "placeholder", ["brackets"]),
    .refuses("placeholder, x", "sk-ant-xxxxxxxx", .placeholder, "placeholder"),
    .refuses(
        "placeholder, x in full length", "sk-ant-api03-" + String(repeating: "x", count: 93) + "AA", .placeholder,
        "placeholder", of: "anthropic"),
    .refuses(
        "placeholder, prefix and words", "sk-ant-api03-your-key-here", .placeholder, "placeholder", of: "anthropic"),
    .refuses("placeholder, replace me", "replace_me", .placeholder, "placeholder"),
    .refuses("placeholder, insert key", "insert-key", .placeholder, "placeholder"),
    .refuses("placeholder, example", "example-key-123", .placeholder, "placeholder"),
    .refuses("placeholder, reference", "$ANTHROPIC_API_KEY", .placeholder, "placeholder"),
    .refuses("placeholder, the variable's name", "ANTHROPIC_API_KEY", .placeholder, "placeholder"),
    .refuses(
        "placeholder, in an .env file", "A=1\nANTHROPIC_API_KEY=your_api_key_here\nB=2", .placeholder, "placeholder",
        ["assignment"]),
    .refuses("truncated", String(key.dropLast(10)), .truncated, "api_key", of: "anthropic"),
    .refuses("truncated by one", String(key.dropLast()), .truncated, "api_key", of: "anthropic"),
    .refuses(
        "truncated, right length, wrong ending", String(key.dropLast(2)) + "BB", .truncated, "api_key", of: "anthropic"),
    .refuses("truncated, one more", key + "b", .truncated, "api_key", of: "anthropic"),
    .refuses("truncated, the prefix", "sk-ant-api03-", .truncated, "api_key", of: "anthropic"),
    .refuses("truncated, within the prefix", "sk-ant-ap", .truncated, "api_key", of: "anthropic"),
    .refuses("truncated, future", "sk-ant-api04-abc", .truncated, "api_key_future", of: "anthropic"),
    .refuses("truncated, another provider chosen", "gsk_abc", .truncated, "api_key", of: "groq", chosen: "anthropic"),
    .refuses(
        "truncated, OpenAI without its marker", "sk-proj-" + Sham.filler(60), .truncated, "project_or_service_key",
        of: "openai"),
    .refuses("two_keys", "\(key)\n\(other)", .severalKeys, "several"),
    .refuses("two_keys without a gap", key + other, .severalKeys, "several"),
    .refuses("two_keys of two providers", "\(key) \(Sham.groq)", .severalKeys, "several"),
    .refuses(
        "two_keys of two providers, one chosen", "A=\(key)\nB=\(Sham.openAIProject)", .severalKeys, "several",
        chosen: "anthropic"),
    .refuses("two_keys, one in the comment", "KEY=\(key) # old: \(other)", .severalKeys, "several"),
    .refuses("two_keys, one cut", "\(key)\n\(other.prefix(60))", .severalKeys, "several"),
    .refuses(
        "two_keys of a chosen shape", "\(Sham.mistral) \(Sham.filler(32, "q9"))", .severalKeys, "several",
        chosen: "mistral"),
    .refuses("wrong_provider", Sham.groq, .wrongProvider, "api_key", of: "groq", chosen: "anthropic"),
    .refuses("wrong_provider, the other way", key, .wrongProvider, "api_key", of: "anthropic", chosen: "openai"),
    .refuses(
        "wrong_provider, a shape chosen", Sham.openRouter, .wrongProvider, "api_key", of: "openrouter",
        chosen: "mistral"),
    .refuses("wrong_provider, not in the catalogue", key, .wrongProvider, "api_key", of: "anthropic", chosen: "nobody"),
    .refuses(
        "wrong_provider, with noise", "KEY=\(Sham.xai)", .wrongProvider, "api_key", of: "xai", chosen: "anthropic",
        ["assignment"]),
    .refuses("ambiguous, 32 hex", Sham.azureLegacy, .ambiguous, "ambiguous", candidates: ["azure_openai", "mistral"]),
    .refuses("ambiguous, 32", Sham.mistral, .ambiguous, "ambiguous", candidates: ["mistral"]),
    .refuses("ambiguous, 40", Sham.cohere, .ambiguous, "ambiguous", candidates: ["cohere"]),
    .refuses("ambiguous, 64 hex", Sham.togetherHex, .ambiguous, "ambiguous", candidates: ["together"]),
    .refuses("ambiguous, sk-", Sham.deepSeek, .ambiguous, "ambiguous", candidates: ["deepseek"]),
    .refuses(
        "url with a shape in it", "https://console.test/keys/\(Sham.mistral)", .malformed, "url", chosen: "mistral"),
    .refuses("url", "https://platform.claude.com/settings/keys", .malformed, "url"),
    .refuses("url, plain", "http://localhost/", .malformed, "url"),
    .refuses("url, sample host", "https://example.com/keys", .malformed, "url"),
    .refuses(
        "identifier_not_secret, workspace", "wrkspc_" + Sham.filler(24), .malformed, "identifier", of: "anthropic"),
    .refuses("identifier_not_secret, key id", "apikey_" + Sham.filler(24), .malformed, "identifier", of: "anthropic"),
    .refuses("identifier_not_secret, request", "req_" + Sham.filler(24), .malformed, "identifier", of: "anthropic"),
    .refuses("identifier_not_secret, organization", "org-" + Sham.filler(24), .malformed, "identifier", of: "openai"),
    .refuses("identifier_not_secret, project", "proj_" + Sham.filler(24), .malformed, "identifier", of: "openai"),
    .refuses("identifier_not_secret, AWS", "AKIA" + Sham.filler(16, "ABC2"), .malformed, "identifier", of: "bedrock"),
    .refuses(
        "identifier_not_secret, AWS temporary", "ASIA" + Sham.filler(16, "ABC2"), .malformed, "identifier",
        of: "bedrock"),
    .refuses(
        "identifier_not_secret, an AWS pair", awsPair, .malformed, "identifier", of: "bedrock", chosen: "bedrock",
        ["assignment"]),
    .refuses(
        "identifier_not_secret, an AWS pair, Cohere chosen", awsPair, .malformed, "identifier", of: "bedrock",
        chosen: "cohere", ["assignment"]),
    .refuses(
        "identifier_not_secret, an AWS pair, none chosen", awsPair, .malformed, "identifier", of: "bedrock",
        ["assignment"]),
    .refuses("identifier_not_secret, user", "user_" + Sham.filler(24), .malformed, "identifier", of: "anthropic"),
    .refuses("identifier_not_secret, key", "key_" + Sham.filler(24), .malformed, "identifier", of: "anthropic"),
    .refuses(
        "identifier_not_secret, in a variable", "OPENAI_ORG_ID=org-" + Sham.filler(24), .malformed, "identifier",
        of: "openai", ["assignment"]),
    .refuses(
        "truncated, markup around it", "<code>sk-ant-api03-aB3dE9</code>", .truncated, "api_key", of: "anthropic",
        ["brackets"]),
    .refuses(
        "truncated, no marker, OpenAI chosen", "sk-" + Sham.filler(48), .truncated, "legacy_user_key", of: "openai",
        chosen: "openai"),
    .refuses(
        "truncated, a prefix of several, chosen", "sk-a1b2c3", .truncated, "api_key", of: "deepseek", chosen: "deepseek"
    ),
    .refuses("unknown, a prefix of several, none chosen", "sk-a1b2c3", .malformed, "unknown"),
    .refuses(
        "unknown, capitals in a DeepSeek key", "sk-" + Sham.filler(32), .malformed, "unknown", chosen: "deepseek"),
    .refuses(
        "two_keys, an open length on two lines", "\(Sham.fireworks)\n\(Sham.groq)", .severalKeys, "several"),
    .refuses(
        "placeholder, short word after the prefix", "sk-ant-api03-dummy" + Sham.filler(88) + "AA", .placeholder,
        "placeholder", of: "anthropic"),
    .refuses("placeholder, variable in a shell", "${OPENAI_API_KEY}", .placeholder, "placeholder"),
    .refuses("placeholder, Windows", "%OPENAI_API_KEY%", .placeholder, "placeholder"),
    .refuses("placeholder, Python", "os.environ[\"MISTRAL_API_KEY\"]", .placeholder, "placeholder", chosen: "mistral"),
    .refuses("placeholder, Node", "process.env.GROQ_API_KEY", .placeholder, "placeholder"),
    .refuses("placeholder, change me", "change-me", .placeholder, "placeholder"),
    .refuses("url, in angle brackets", "<https://console.groq.com/keys>", .malformed, "url", ["brackets"]),
    .refuses("url, without a scheme", "www.example.org/keys", .malformed, "url"),
    .refuses("uuid, in a variable", "ORG=\(Sham.uuid)", .malformed, "identifier", ["assignment"]),
    .refuses("non_ascii, wide letters", "ｇｓｋ＿ａＢ３", .malformed, "foreign_character"),
    .refuses("uuid", Sham.uuid, .malformed, "identifier"),
    .refuses("uuid, capitals", Sham.uuid.uppercased(), .malformed, "identifier"),
    .refuses(
        "non_ascii, hyphens", "sk\u{2011}ant\u{2011}api03\u{2011}" + Sham.filler(93) + "AA", .malformed,
        "foreign_character"),
    .refuses(
        "non_ascii, one dash", key.prefix(30) + "–" + key.dropFirst(31), .malformed, "foreign_character",
        of: "anthropic"),
    .refuses(
        "non_ascii, a letter", key.prefix(30) + "é" + key.dropFirst(31), .malformed, "foreign_character",
        of: "anthropic"),
    .refuses(
        "non_ascii, after an open length", Sham.fireworks + "–abc", .malformed, "foreign_character", of: "fireworks"),
    .refuses(
        "foreign ASCII", key.prefix(30) + "$" + key.dropFirst(31), .malformed, "foreign_character", of: "anthropic"),
    .refuses(
        "control character", key.prefix(30) + "\u{1}" + key.dropFirst(31), .malformed, "foreign_character",
        of: "anthropic"),
    .refuses("too_long, the paste", Sham.filler(16_385), .malformed, "too_long"),
    .refuses("too_long, the word", Sham.filler(513), .malformed, "too_long"),
    .refuses("too_long, the key", Sham.groq + "abc", .malformed, "too_long", of: "groq"),
    .refuses("empty", "", .malformed, "empty"),
    .refuses("empty, spaces", " \n\t", .malformed, "empty", ["whitespace"]),
    .refuses("empty, invisible", "\u{200B}\u{FEFF}", .malformed, "empty", ["invisible_characters"]),
    .refuses("empty, assignment", "ANTHROPIC_API_KEY=", .malformed, "empty", ["assignment"]),
    .refuses("empty, quotes", "\"\"", .malformed, "empty", ["quotes"]),
    .refuses("unknown, a word", "hunter2", .malformed, "unknown"),
    .refuses("unknown, a sentence", "I do not have a key yet, sorry.", .malformed, "unknown", ["punctuation"]),
    .refuses("unknown, chosen", "hunter2", .malformed, "unknown", chosen: "anthropic"),
    .refuses("unknown, capitals", key.uppercased(), .malformed, "unknown"),
    .refuses("unknown, another shape than the chosen one's", Sham.cohere, .malformed, "unknown", chosen: "mistral"),
    .refuses("json_blob without a key", "{\"a\": 1}", .malformed, "unknown"),
]
