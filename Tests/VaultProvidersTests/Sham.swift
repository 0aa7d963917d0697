/// Credentials that nobody ever had, made when they are needed so that no file holds anything that looks like one.
enum Sham {
    /// `count` characters, `unit` over and over.
    static func filler(_ count: Int, _ unit: String = "aB3dE9gH2kL7") -> String {
        String(String(repeating: unit, count: count / unit.count + 1).prefix(count))
    }

    static func claude(_ generation: String = "api03", _ unit: String = "aB3-dE9_gH2k") -> String {
        "sk-ant-\(generation)-" + filler(93, unit) + "AA"
    }

    static let claudeKey = claude()
    static let otherClaudeKey = claude("api03", "Zy8_xW6-vU4t")
    static let openAIProject = "sk-proj-" + filler(74, "aB3-dE9_") + "T3Blbk" + "FJ" + filler(74, "gH2_kL7-")
    static let openAILegacy = "sk-" + filler(20) + "T3Blbk" + "FJ" + filler(20)
    static let geminiStandard = "AIza" + filler(35)
    static let geminiNew = "AQ." + filler(50)
    static let openRouter = "sk-or-v1-" + filler(64, "0a1b2c3d")
    static let mistral = filler(32)
    static let groq = "gsk_" + filler(52)
    static let xai = "xai-" + filler(80)
    static let deepSeek = "sk-" + filler(32, "a1b2c3")
    static let cohere = filler(40)
    static let togetherHex = filler(64, "0a1b2c3d")
    static let together = "tgp_v1_" + filler(43)
    static let perplexity = "pplx-" + filler(48)
    static let huggingFace = "hf_" + filler(34)
    static let replicate = "r8_" + filler(37)
    static let fireworks = "fw_" + filler(24)
    static let azureLegacy = filler(32, "0a1b2c3d")
    static let azure = filler(84)
    static let bedrock = "ABSK" + filler(126) + "=="
    static let jwt = "eyJ" + filler(30) + "." + filler(80) + "." + filler(43)
    static let uuid = "01234567-89ab-cdef-0123-456789abcdef"
}
