/// Keys that look right and are nobody's, made when they are needed so that none lies in a file.
package enum FakeKeys {
    /// An Anthropic API key of the documented form whose text begins with `word`; different for each `number`.
    package static func anthropic(_ word: String = "valid", _ number: Int = 0) -> String {
        let filler = "\(word)-\(number)-" + String(repeating: "Zq7w", count: 24)
        return "sk-ant-" + "api03-" + filler.prefix(93) + "AA"
    }

    /// One that no other text has a part in common with; `word` chooses the stand-in's answer.
    package static func marker(_ word: String = "valid", kind: String = "api03") -> String {
        let filler = (0..<92).map { _ in letters.randomElement() ?? "x" }
        return "sk-ant-" + kind + "-" + (word + "-" + String(filler)).prefix(93) + "AA"
    }

    /// Without vowels and `h`, so that no word by which the stand-in chooses comes about by chance.
    private static let letters = Array("bcdfgjkmnpqrstvwxyzBCDFGJKMNPQRSTVWXYZ23456789")

    /// An Azure OpenAI resource key, told only by choice.
    package static func azure(_ number: Int = 0) -> String { String(repeating: "Zq7w", count: 20) + "\(1000 + number)" }

    package static func oauthAccessToken() -> String { "sk-ant-" + "oat01-" + String(repeating: "Zq7w", count: 22) }
}
