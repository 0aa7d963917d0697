import VaultModel

// Whole keys, bare.
private let key = Sham.claudeKey

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
