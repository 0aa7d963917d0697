import VaultModel

// What is pasted in place of a key, by kind of credential and by kind of mistake.
private let key = Sham.claudeKey
private let other = Sham.otherClaudeKey

let storablePastes: [Paste] = [
    .keeps("a Claude key", key, key),
    .keeps("a Claude key, chosen", key, key, chosen: "anthropic"),
    .keeps("generation 02", Sham.claude("api02"), Sham.claude("api02"), "api_key_future"),
    .keeps("generation 04", Sham.claude("api04"), Sham.claude("api04"), "api_key_future"),
    .keeps("generation 105", Sham.claude("api105"), Sham.claude("api105"), "api_key_future"),
    .keeps("generation 2001", Sham.claude("api2001"), Sham.claude("api2001"), "api_key_future"),
    .keeps("OpenAI project", Sham.openAIProject, Sham.openAIProject, "project_or_service_key", of: "openai"),
    .keeps("OpenAI legacy", Sham.openAILegacy, Sham.openAILegacy, "legacy_user_key", of: "openai"),
    .keeps("Gemini AIza", Sham.geminiStandard, Sham.geminiStandard, "standard_key", of: "gemini"),
    .keeps("Gemini AQ.", Sham.geminiNew, Sham.geminiNew, "authorization_key", of: "gemini"),
    .keeps("OpenRouter", Sham.openRouter, Sham.openRouter, of: "openrouter"),
    .keeps("Groq", Sham.groq, Sham.groq, of: "groq", chosen: "groq"),
    .keeps("xAI", Sham.xai, Sham.xai, of: "xai"),
    .keeps("Together", Sham.together, Sham.together, of: "together"),
    .keeps("Perplexity", Sham.perplexity, Sham.perplexity, of: "perplexity"),
    .keeps("Hugging Face", Sham.huggingFace, Sham.huggingFace, "user_access_token", of: "huggingface"),
    .keeps("Replicate", Sham.replicate, Sham.replicate, "api_token", of: "replicate"),
    .keeps("Fireworks", Sham.fireworks, Sham.fireworks, of: "fireworks"),
    .keeps("Bedrock", Sham.bedrock, Sham.bedrock, "long_lived_key", of: "bedrock"),
    .keeps("Mistral, chosen", Sham.mistral, Sham.mistral, of: "mistral", chosen: "mistral"),
    .keeps("DeepSeek, chosen", Sham.deepSeek, Sham.deepSeek, of: "deepseek", chosen: "deepseek"),
    .keeps("Cohere, chosen", Sham.cohere, Sham.cohere, of: "cohere", chosen: "cohere"),
    .keeps(
        "Together hex, chosen", Sham.togetherHex, Sham.togetherHex, "api_key_hex64", of: "together", chosen: "together"),
    .keeps(
        "Azure hex, chosen", Sham.azureLegacy, Sham.azureLegacy, "resource_key_legacy", of: "azure_openai",
        chosen: "azure_openai"),
    .keeps("Azure 84, chosen", Sham.azure, Sham.azure, "resource_key", of: "azure_openai", chosen: "azure_openai"),
]

let noisyPastes: [Paste] = [
    .keeps("outer_whitespace", " \t\(key)\r\n", key, ["whitespace"]),
    .keeps("zero_width inside", key.prefix(20) + "\u{200B}" + key.dropFirst(20), key, ["invisible_characters"]),
    .keeps("zero_width BOM", "\u{FEFF}\(key)\u{2060}", key, ["invisible_characters"]),
    .keeps("zero_width soft hyphens", key.map { "\($0)\u{AD}" }.joined(), key, ["invisible_characters"]),
    .keeps("zero_width bidi", "\u{202A}\(key)\u{202C}", key, ["invisible_characters"]),
    .keeps("nbsp_and_wide_spaces", "\u{A0}\(key)\u{3000}", key, ["whitespace"]),
    .keeps("wrapped_lines", key.prefix(60) + "\r\n" + key.dropFirst(60), key, ["line_breaks"]),
    .keeps(
        "wrapped_lines, indented", "  " + key.prefix(40) + "\n  " + key.dropFirst(40), key,
        ["whitespace", "line_breaks"]),
    .keeps("wrapped_lines, at a space", key.prefix(50) + " " + key.dropFirst(50), key, ["line_breaks"]),
    .keeps(
        "wrapped_lines of a chosen shape", Sham.mistral.prefix(16) + "\n" + Sham.mistral.dropFirst(16), Sham.mistral,
        of: "mistral", chosen: "mistral", ["line_breaks"]),
    .keeps("quotes, double", "\"\(key)\"", key, ["quotes"]),
    .keeps("quotes, single", "'\(key)'", key, ["quotes"]),
    .keeps("quotes, backticks", "`\(key)`", key, ["quotes"]),
    .keeps("quotes, typographic", "“\(key)”", key, ["quotes"]),
    .keeps("quotes, typographic single", "‘\(key)’", key, ["quotes"]),
    .keeps("quotes, guillemets", "«\(key)»", key, ["quotes"]),
    .keeps("quotes, nested", "\"'\(key)'\"", key, ["quotes"]),
    .keeps("quotes, one only", "\"\(key)", key, ["quotes"]),
    .keeps("quotes and a comma", "\"\(key)\",", key, ["punctuation", "quotes"]),
    .keeps("quotes and a semicolon", "'\(key)';", key, ["punctuation", "quotes"]),
    .keeps("trailing full stop", "\(key).", key, ["punctuation"]),
    .keeps("shell_assignment", "ANTHROPIC_API_KEY=\(key)", key, ["assignment"]),
    .keeps("shell_assignment, export", "export ANTHROPIC_API_KEY=\"\(key)\"", key, ["assignment", "quotes"]),
    .keeps("shell_assignment, set", "set ANTHROPIC_API_KEY=\(key)", key, ["assignment"]),
    .keeps("shell_assignment, setx", "setx ANTHROPIC_API_KEY \"\(key)\"", key, ["assignment", "quotes"]),
    .keeps("shell_assignment, PowerShell", "$env:ANTHROPIC_API_KEY = '\(key)'", key, ["assignment", "quotes"]),
    .keeps("shell_assignment, YAML", "anthropic_api_key: \(key)", key, ["assignment"]),
    .keeps("shell_assignment, another's variable", "OPENAI_API_KEY=\(key)", key, ["assignment"]),
    .keeps("TOML", "api_key = \"\(key)\"", key, ["assignment", "quotes"]),
    .keeps("bearer_prefix", "Bearer \(key)", key, ["bearer"]),
    .keeps("bearer_prefix, small", "bearer  \(key)", key, ["bearer"]),
    .keeps("bearer_prefix, header", "Authorization: Bearer \(key)", key, ["header", "bearer"]),
    .keeps("header_or_curl, header", "x-api-key: \(key)", key, ["header"]),
    .keeps("header_or_curl, capitals", "X-API-Key:\(key)", key, ["header"]),
    .keeps(
        "header_or_curl, curl",
        "curl https://api.anthropic.com/v1/models -H 'x-api-key: \(key)' -H 'anthropic-version: 2023-06-01'", key,
        ["command"]),
    .keeps(
        "header_or_curl, wrapped curl", "curl \\\n  -H \"x-api-key: \(key)\" \\\n  https://api.anthropic.com/", key,
        ["command"]),
    .keeps("json_blob with one key", "{\"anthropic\": {\"api_key\": \"\(key)\"}}", key, ["json"]),
    .keeps("a line of JSON", "\"ANTHROPIC_API_KEY\": \"\(key)\",", key, ["punctuation", "quotes", "assignment"]),
    .keeps(
        ".env file", "PORT=8080\nANTHROPIC_API_KEY=\(key)\nDEBUG=1\n", key,
        ["whitespace", "assignment", "surrounding_text"]),
    .keeps("code fence", "```\n\(key)\n```", key, ["code_fence", "whitespace"]),
    .keeps(
        "code fence, with a language", "```bash\nexport K=\(key)\n```", key, ["code_fence", "whitespace", "assignment"]),
    .keeps("code fence, one line", "```\(key)```", key, ["code_fence"]),
    .keeps("angle brackets", "<\(key)>", key, ["brackets"]),
    .keeps("round brackets", "(\(key))", key, ["brackets"]),
    .keeps("trailing comment", "\(key)  # work laptop", key, ["comment"]),
    .keeps("trailing comment, slashes", "KEY=\(key) // old", key, ["assignment", "comment"]),
    .keeps("a comment that shows the prefix", "KEY=\(key) # sk-ant-...", key, ["assignment", "comment"]),
    .keeps("a sentence", "Hi! My key is \(key), please use it.", key, ["punctuation", "surrounding_text"]),
    .keeps("a sentence with umlauts", "Für später: mein Schlüssel ist \(key) – danke!", key, ["surrounding_text"]),
    .keeps("a sentence without spaces", "我的密钥是\(key)谢谢", key, ["surrounding_text"]),
    .keeps("bold", "**\(key)**", key, ["surrounding_text"]),
    .keeps("the same key twice", "\(key)\n\(key)", key, ["surrounding_text"]),
    .keeps("the same key twice, without a gap", key + key, key, ["surrounding_text"]),
    .keeps(
        "in an address", "https://example.com/?key=\(Sham.geminiStandard)&a=b", Sham.geminiStandard, "standard_key",
        of: "gemini", ["surrounding_text"]),
    .keeps("label and key without a gap", "Key\(key)", key, ["surrounding_text"]),
    .keeps("escaped line break", "\"note\\n\(key)\"", key, ["quotes", "surrounding_text"]),
    .keeps(
        "a chosen shape in a header", "Authorization: Bearer \(Sham.mistral)", Sham.mistral, of: "mistral",
        chosen: "mistral", ["header", "bearer"]),
    .keeps(
        "a chosen shape after an address", "https://res.openai.azure.com/ \(Sham.azure)", Sham.azure, "resource_key",
        of: "azure_openai", chosen: "azure_openai", ["surrounding_text"]),
    .keeps("code", "client = Anthropic(api_key=\"\(key)\")", key, ["assignment", "surrounding_text"]),
    .keeps("markup", "<code>\(key)</code>", key, ["brackets", "surrounding_text"]),
    .keeps(
        "sample text beside it", "OPENAI_API_KEY=your_key_here\nANTHROPIC_API_KEY=\(key)", key,
        ["assignment", "surrounding_text"]),
    .keeps(
        "an empty variable beside it", "ANTHROPIC_API_KEY=\(key)\r\nOPENAI_API_KEY=\r\n", key,
        ["whitespace", "assignment", "surrounding_text"]),
    .keeps("escaped in an address", "x-api-key%3A%20\(Sham.groq)", Sham.groq, of: "groq", ["surrounding_text"]),
    .keeps(
        "padding is no assignment", "AWS_BEARER_TOKEN_BEDROCK=\(Sham.bedrock)", Sham.bedrock, "long_lived_key",
        of: "bedrock", ["assignment"]),
]

private let oat = "sk-ant-oat01-" + Sham.filler(95)
private let ort = "sk-ant-ort01-" + Sham.filler(95)
private let sid = "sk-ant-sid01-" + Sham.filler(95)

let signInPastes: [Paste] = [
    .refuses("access token", oat, .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses("access token, another chosen", oat, .oauthToken, "oauth_access_token", of: "anthropic", chosen: "openai"),
    .refuses("access token, capitals", oat.uppercased(), .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses("access token, cut", "sk-ant-oat", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, generation 02", "sk-ant-oat02-" + Sham.filler(40), .oauthToken, "oauth_access_token",
        of: "anthropic"),
    .refuses("access token in a sentence", "my token: \(oat)!", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses("access token beside a key", "\(key)\n\(oat)", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, zero width inside", "sk-ant-\u{200B}oat01-abc", .oauthToken, "oauth_access_token",
        of: "anthropic", ["invisible_characters"]),
    .refuses("access token, wrapped", "sk-ant-o\r\n  at01-abc", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses("access token, other hyphens", "sk‑ant–oat01-abc", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses("access token, wide letters", "ｓｋ－ａｎｔ－ｏａｔ０１", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, assignment", "export CLAUDE_CODE_OAUTH_TOKEN=\(oat)", .oauthToken, "oauth_access_token",
        of: "anthropic"),
    .refuses("refresh token", ort, .oauthToken, "oauth_refresh_token", of: "anthropic"),
    .refuses("refresh and access token", "\(oat) \(ort)", .oauthToken, "oauth_refresh_token", of: "anthropic"),
    .refuses("session", "sessionKey=\(sid)", .oauthToken, "session_token", of: "anthropic"),
    .refuses(
        "credentials file", "{\"claudeAiOauth\":{\"accessToken\":\"\(oat)\",\"refreshToken\":\"\(ort)\"}}",
        .oauthToken, "credentials_file", of: "anthropic"),
    .refuses("credentials file, cut", "\"claudeaioauth\"", .oauthToken, "credentials_file", of: "anthropic"),
    .refuses("JWT", Sham.jwt, .oauthToken, "sign_in_token"),
    .refuses("JWT of five parts", Sham.jwt + ".abc.def", .oauthToken, "sign_in_token"),
    .refuses("JWT, OpenAI chosen", Sham.jwt, .oauthToken, "sign_in_token", of: "openai", chosen: "openai"),
    .refuses(
        "JWT, Azure chosen", "Bearer \(Sham.jwt)", .oauthToken, "sign_in_token", of: "azure_openai",
        chosen: "azure_openai"),
    .refuses("JWT, wrapped", Sham.jwt.prefix(70) + "\n" + Sham.jwt.dropFirst(70), .oauthToken, "sign_in_token"),
    .refuses("Google access token", "ya29.a0" + Sham.filler(60), .oauthToken, "sign_in_token", of: "gemini"),
    .refuses("Google refresh token", "1//0" + Sham.filler(60), .oauthToken, "sign_in_token", of: "gemini"),
    .refuses("OpenAI session", "sess-" + Sham.filler(40), .oauthToken, "sign_in_token", of: "openai"),
    .refuses("Hugging Face OAuth", "hf_oauth_" + Sham.filler(40), .oauthToken, "sign_in_token", of: "huggingface"),
    .refuses("Hugging Face JWT", "hf_jwt_" + Sham.filler(40), .oauthToken, "sign_in_token", of: "huggingface"),
]

let wrongTypePastes: [Paste] = [
    .refuses(
        "Claude admin key", "sk-ant-admin01-" + Sham.filler(93) + "AA", .wrongKeyType, "admin_key", of: "anthropic"),
    .refuses("Claude admin key, cut", "sk-ant-admin01-ab", .wrongKeyType, "admin_key", of: "anthropic"),
    .refuses(
        "Claude admin key, wrapped", "sk-ant-\nadmin01-" + Sham.filler(93) + "AA", .wrongKeyType, "admin_key",
        of: "anthropic"),
    .refuses("Claude compliance key", Sham.claude("api01"), .wrongKeyType, "compliance_key", of: "anthropic"),
    .refuses(
        "Claude compliance key, capitals", "SK-ANT-API01-" + Sham.filler(30), .wrongKeyType, "compliance_key",
        of: "anthropic"),
    .refuses("OpenAI admin key", "sk-admin-" + Sham.filler(124), .wrongKeyType, "admin_key", of: "openai"),
    .refuses(
        "Bedrock short-lived key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t" + Sham.filler(60), .wrongKeyType,
        "short_lived_key", of: "bedrock"),
    .refuses("Google client secret", "GOCSPX-" + Sham.filler(28), .wrongKeyType, "client_secret", of: "gemini"),
    .refuses(
        "service account", "{\n  \"type\": \"service_account\",\n  \"project_id\": \"p\"\n}", .wrongKeyType,
        "service_account", of: "vertex"),
    .refuses(
        "Hugging Face organization token", "api_org_" + Sham.filler(34), .wrongKeyType, "organization_token",
        of: "huggingface"),
    .refuses("admin key beside a key", "\(key) sk-admin-" + Sham.filler(60), .wrongKeyType, "admin_key", of: "openai"),
]

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

let allPastes = storablePastes + noisyPastes + signInPastes + wrongTypePastes + refusedPastes
