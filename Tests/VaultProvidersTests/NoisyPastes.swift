import VaultModel

// Whole keys amid what is copied along with them.
private let key = Sham.claudeKey

/// A key as chance may make it.
private let byChance = "sk-ant-api03-" + Sham.filler(40) + "-dummy-" + Sham.filler(46) + "AA"

private func wrapped(_ key: String, _ width: Int) -> String {
    stride(from: 0, to: key.count, by: width).map { String(key.dropFirst($0).prefix(width)) }.joined(separator: "\n")
}

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
    .keeps("two full stops", "\(Sham.fireworks)..", Sham.fireworks, of: "fireworks", ["surrounding_text"]),
    .keeps(
        "wrapped_lines of an open length", Sham.fireworks.prefix(20) + "\n" + Sham.fireworks.dropFirst(20),
        Sham.fireworks, of: "fireworks", ["line_breaks"]),
    .keeps(
        "wrapped_lines, Bedrock", wrapped(Sham.bedrock, 64), Sham.bedrock, "long_lived_key", of: "bedrock",
        ["line_breaks"]),
    .keeps(
        "wrapped_lines, OpenAI, near its end", wrapped(Sham.openAIProject, 80), Sham.openAIProject,
        "project_or_service_key", of: "openai", ["line_breaks"]),
    .keeps(
        "a word on the next line", "\(Sham.fireworks)\nThanks", Sham.fireworks, of: "fireworks", ["surrounding_text"]),
    .keeps(
        "a number on the next line", "\(Sham.fireworks)\n2026", Sham.fireworks, of: "fireworks", ["surrounding_text"]),
    .keeps("a key that says dummy", byChance, byChance),
    .keeps(
        "zero_width variation selectors", "\u{E0100}\(key)\u{FE0F}\u{180B}", key, ["invisible_characters"]),
    .keeps("zero_width tags", "\u{E0001}\(key)\u{E007F}", key, ["invisible_characters"]),
    .keeps("nbsp_and_wide_spaces in a header", "x-api-key:\u{A0}\(key)", key, ["header"]),
    .keeps("nbsp_and_wide_spaces, line separator", "\(key)\u{85}", key, ["whitespace"]),
    .keeps("quotes, low", "„\(key)“", key, ["quotes"]),
    .keeps("quotes, corner brackets", "「\(key)」", key, ["quotes"]),
    .keeps("quotes, primes", "′\(key)′", key, ["quotes"]),
    .keeps(
        "bearer_prefix, Replicate's scheme", "Token \(Sham.replicate)", Sham.replicate, "api_token", of: "replicate",
        ["bearer"]),
    .keeps(
        "header_or_curl, Google's", "x-goog-api-key: \(Sham.geminiNew)", Sham.geminiNew, "authorization_key",
        of: "gemini", ["header"]),
    .keeps(
        "header_or_curl, Azure's", "api-key: \(Sham.azureLegacy)", Sham.azureLegacy, "resource_key_legacy",
        of: "azure_openai", chosen: "azure_openai", ["header"]),
    .keeps("shell_assignment, C#", "var key = \"\(key)\";", key, ["assignment", "punctuation", "quotes"]),
    .keeps("shell_assignment, Go", "key := \"\(key)\"", key, ["assignment", "quotes"]),
    .keeps("in a table", "| Claude | \(key) |", key, ["surrounding_text"]),
    .keeps("in CSV", "name,key\nwork,\(key)\n", key, ["whitespace", "surrounding_text"]),
    .keeps("in XML", "<key value=\"\(key)\"/>", key, ["brackets", "surrounding_text"]),
    .keeps("in escaped JSON", #"{\"key\":\"\#(key)\"}"#, key, ["json"]),
    .keeps("after an e-mail address", "me@example.org \(key)", key, ["surrounding_text"]),
    .keeps("wide punctuation around it", "（\(Sham.groq)）。", Sham.groq, of: "groq", ["surrounding_text"]),
    .keeps("wide colon before it", "密钥：\(Sham.perplexity)", Sham.perplexity, of: "perplexity", ["surrounding_text"]),
    .keeps(
        "a key beside its identifier", "apikey_\(Sham.filler(24)) \(key)", key, ["surrounding_text"]),
    .keeps("a key beside a JSON blob that is no token", "\(key)\neyJhIjoxfQ", key, ["surrounding_text"]),
    .keeps(
        "a comment that is no refresh token", "RETRIES=1 //0 means that it is never tried again\nK=\(key)", key,
        ["assignment", "surrounding_text"]),
    .keeps(
        "padding is no assignment", "AWS_BEARER_TOKEN_BEDROCK=\(Sham.bedrock)", Sham.bedrock, "long_lived_key",
        of: "bedrock", ["assignment"]),
]
