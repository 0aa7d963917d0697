import VaultModel

// Credentials of another kind than API keys.
private let key = Sham.claudeKey

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
    .refuses(
        "Claude compliance key after a label without a gap", "Key" + Sham.claude("api01"), .wrongKeyType,
        "compliance_key", of: "anthropic"),
    .refuses("Claude admin key, the prefix", "sk-ant-admin", .wrongKeyType, "admin_key", of: "anthropic"),
    .refuses("OpenAI admin key, cut", "sk-admin-ab", .wrongKeyType, "admin_key", of: "openai"),
    .refuses("Google client secret, cut", "GOCSPX-ab", .wrongKeyType, "client_secret", of: "gemini"),
    .refuses(
        "Google client secret in JSON", "{\"client_secret\": \"GOCSPX-\(Sham.filler(28))\"}", .wrongKeyType,
        "client_secret", of: "gemini"),
    .refuses(
        "Google client secret, wide letters, beside a key", "\(key) ＧＯＣＳＰＸ－\(Sham.filler(28))", .wrongKeyType,
        "client_secret", of: "gemini"),
    .refuses(
        "service account in Python", "{'type': 'service_account'}", .wrongKeyType, "service_account", of: "vertex",
        chosen: "vertex"),
    .refuses(
        "service account in a string", #""{\"type\": \"service_account\"}""#, .wrongKeyType, "service_account",
        of: "vertex"),
    .refuses(
        "Bedrock short-lived key in a variable",
        "AWS_BEARER_TOKEN_BEDROCK=bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t",
        .wrongKeyType, "short_lived_key", of: "bedrock", chosen: "bedrock"),
    .refuses("admin key beside a key", "\(key) sk-admin-" + Sham.filler(60), .wrongKeyType, "admin_key", of: "openai"),
]
