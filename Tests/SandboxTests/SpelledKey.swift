@testable import keystow_sandbox

/// Keys of each provider's documented form that hold a word, and are nobody's; made when they are needed.
enum SpelledKey {
    /// A key of `provider`'s that holds `word`.
    ///
    /// - Parameter inHexadecimal: whether the word is spelled so where the form does not demand it; the key then has
    ///   no word in common with what the provider says.
    static func key(of provider: String, _ word: String, inHexadecimal: Bool = false) -> String {
        let plain = word
        let word = inHexadecimal ? Vocabulary.hexadecimal(word) : word
        return form(of: provider, word, plain)
    }

    private static func form(of provider: String, _ word: String, _ plain: String) -> String {
        switch provider {
        case "anthropic": "sk-ant-" + "api03-" + padded(word, 93) + "AA"
        case "openai": "sk-" + "proj-" + padded(word, 74) + "T3Blbk" + "FJ" + padded("", 74)
        case "gemini": "AIza" + padded(word, 35)
        case "openrouter": "sk-or-" + "v1-" + hexadecimal(plain, 64)
        case "mistral": padded(word, 32)
        case "groq": "gsk_" + padded(word, 52)
        case "xai": "xai-" + padded(word, 80)
        case "deepseek": "sk-" + padded(word, 32, "zq7w")
        case "cohere": padded(word, 40)
        case "together": hexadecimal(plain, 64)
        case "perplexity": "pplx-" + padded(word, 48)
        case "huggingface": "hf_" + padded(word, 34)
        case "replicate": "r8_" + padded(word, 37)
        case "fireworks": "fw_" + padded(word, 24)
        case "azure_openai": hexadecimal(plain, 32)
        case "bedrock": "ABSK" + padded(word, 126) + "=="
        default: padded(word, 40)
        }
    }

    // Without vowels and `h`, no word by which a stand-in chooses its answer comes about by chance.
    private static func padded(_ word: String, _ length: Int, _ unit: String = "Zq7w") -> String {
        String((word + String(repeating: unit, count: length)).prefix(length))
    }

    private static func hexadecimal(_ word: String, _ length: Int) -> String {
        padded(Vocabulary.hexadecimal(word), length, "0a1b2c3d")
    }
}
