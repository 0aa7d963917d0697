/// A piece of the reference, before it is Markdown or HTML.
///
/// Texts are Markdown's in the small: code in backticks, `[words](#anchor)` for a link within the reference.
enum Block: Sendable {
    /// Level 1 to 4. Its anchor is made of its words, in Markdown as in HTML.
    case heading(Int, String)
    case text(String)
    /// The names in the first column, and what there is to say of each.
    case table([String], [[String]])
    case code(String, language: String)

    /// The anchor of a heading, as forges make it from Markdown.
    static func anchor(of words: String) -> String {
        String(
            words.lowercased().compactMap { character in
                switch character {
                case " ": "-"
                case "a"..."z", "0"..."9", "-", "_": character
                default: nil
                }
            })
    }
}

extension [Block] {
    var markdown: String { map(\.markdown).joined(separator: "\n\n") + "\n" }
}

extension Block {
    fileprivate var markdown: String {
        switch self {
        case .heading(let level, let words): String(repeating: "#", count: level) + " " + words
        case .text(let text): text
        case .table(let head, let rows):
            ([head, head.map { _ in "---" }] + rows).map { cells in
                "| " + cells.map { $0.replacing("|", with: "\\|").replacing("\n", with: " ") }.joined(separator: " | ")
                    + " |"
            }.joined(separator: "\n")
        case .code(let text, let language): "```\(language)\n\(text)\n```"
        }
    }
}
