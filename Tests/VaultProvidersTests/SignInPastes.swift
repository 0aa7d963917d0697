import VaultModel

// Sign-in tokens, wherever they stand and however they are broken up.
private let key = Sham.claudeKey
private let oat = "sk-ant-oat01-" + Sham.filler(95)
private let ort = "sk-ant-ort01-" + Sham.filler(95)
private let sid = "sk-ant-sid01-" + Sham.filler(95)

private let jwt = Sham.jwt
private let google = "ya29." + Sham.filler(60)

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
    .refuses(
        "access token, spaced", "s k - a n t - o a t 0 1 - a b c", .oauthToken, "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, broken by backslashes", "sk-\\\n  ant\\-oat01-abc", .oauthToken, "oauth_access_token",
        of: "anthropic"),
    .refuses(
        "access token, written line break inside", "\"sk-ant-\\noat01-abc\"", .oauthToken, "oauth_access_token",
        of: "anthropic"),
    .refuses(
        "access token, written line breaks beside a key", "KEY=\(key) \"sk-a\\nnt\\r\\n-oat01\"", .oauthToken,
        "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, control character inside, beside a key", "\(key)\nsk-ant-\u{0}oat01-abc", .oauthToken,
        "oauth_access_token", of: "anthropic"),
    .refuses(
        "access token, Hangul filler inside, beside a key", "\(key)\nsk-ant-\u{3164}oat01-abc", .oauthToken,
        "oauth_access_token", of: "anthropic", ["invisible_characters"]),
    .refuses(
        "refresh token, mixed case, beside a key", "\(key) Sk-AnT-oRt01-abc", .oauthToken, "oauth_refresh_token",
        of: "anthropic"),
    .refuses(
        "session in a cookie", "Cookie: sessionKey=\(sid); Path=/", .oauthToken, "session_token", of: "anthropic"),
    .refuses(
        "session glued to a word", "x\(sid)", .oauthToken, "session_token", of: "anthropic"),
    .refuses("credentials file, spaced", "claude Ai OAuth", .oauthToken, "credentials_file", of: "anthropic"),
    .refuses(
        "Google access token, capitals", "YA29.A0" + Sham.filler(60), .oauthToken, "sign_in_token", of: "gemini"),
    .refuses("Google access token, cut", "ya29.", .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token of a service", "ya29.c." + Sham.filler(60), .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token of a service beside a key", "\(key)\nya29.c.b0." + Sham.filler(60), .oauthToken,
        "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token beside a key", "\(Sham.geminiNew)\n\(google)", .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token after its own prefix", "ya29.\(google)", .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token, wrapped, beside a key", "\(key)\nya29.\n  a0\n  \(Sham.filler(60))", .oauthToken,
        "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token, wrapped within its prefix, beside a key", "\(key)\nya29.ya\n29.\(Sham.filler(60))",
        .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token, wide letters, beside a key", "\(key)\nｙａ２９．\(Sham.filler(60))", .oauthToken,
        "sign_in_token", of: "gemini"),
    .refuses(
        "Google access token, broken by backslashes, beside a key", "\(key)\nya29.\\\nabc\\\n\(Sham.filler(60))",
        .oauthToken, "sign_in_token", of: "gemini"),
    .refuses(
        "Google refresh token, wrapped, beside a key", "\(key)\n1//0g\n\(Sham.filler(60))", .oauthToken,
        "sign_in_token", of: "gemini"),
    .refuses(
        "Google refresh token in JSON",
        "{\"type\": \"authorized_user\", \"refresh_token\": \"1//0\(Sham.filler(60))\"}",
        .oauthToken, "sign_in_token", of: "gemini"),
    .refuses("JWT in JSON", "{\"access_token\": \"\(jwt)\"}", .oauthToken, "sign_in_token"),
    .refuses("JWT beside a key", "\(key)\n\(jwt)", .oauthToken, "sign_in_token"),
    .refuses(
        "JWT, wrapped early, beside a key", "\(key)\neyJhb\n\(jwt.dropFirst(5))", .oauthToken, "sign_in_token"),
    .refuses(
        "JWT as a part of another, beside a key", "\(key) xeyJ\(Sham.filler(9)).\(jwt)", .oauthToken, "sign_in_token"),
    .refuses("JWT, Mistral chosen", jwt, .oauthToken, "sign_in_token", chosen: "mistral"),
    .refuses(
        "OpenAI session, another chosen", "Bearer sess-" + Sham.filler(40), .oauthToken, "sign_in_token", of: "openai",
        chosen: "groq"),
    .refuses(
        "OpenAI session, wrapped, beside a key", "\(key)\nsess-\n\(Sham.filler(40))", .oauthToken, "sign_in_token",
        of: "openai"),
    .refuses(
        "Hugging Face OAuth beside a key", "\(Sham.huggingFace) HF_OAuth_" + Sham.filler(40), .oauthToken,
        "sign_in_token", of: "huggingface"),
]
