import FoundationEssentials
import VaultModel

/// The page's texts by language, as `Pages/Texts/<language>.json` has them: flat objects of texts by name.
///
/// English is whole; a name that another language lacks is filled with English. What it has besides is its words for
/// what the server says in English: `say.<code>.<kind>`, `verdict.<code>.<reason>`, `steps.<provider>.<n>`.
struct PageTexts: Sendable {
    /// What fills the gaps of the others.
    static let fallback = "en"

    static let shared = PageTexts([
        (fallback, PackageResources.en_json), ("de", PackageResources.de_json),
    ])

    /// As they were written, by language.
    let written: [String: [String: String]]
    private let merged: [String: StaticFile]
    private let empty: StaticFile

    /// - Parameter files: one for each language, named by its primary subtag; one that cannot be read has no text.
    init(_ files: [(language: String, bytes: [UInt8])]) {
        let written = Dictionary(
            files.map { ($0.language, (try? JSONDecoder().decode([String: String].self, from: Data($0.bytes))) ?? [:]) }
        ) { $1 }
        let whole = written[Self.fallback] ?? [:]
        self.written = written
        merged = written.mapValues { own in StaticFile(Answer.jsonType, Self.json(whole.merging(own) { $1 })) }
        empty = StaticFile(Answer.jsonType, Array("{}".utf8))
    }

    /// A JSON object of all texts in the language that a tag (RFC 5646) begins with; in English where there is none.
    func file(for locale: String) -> StaticFile {
        let language = locale.prefix { $0 != "-" }.lowercased()
        return merged[language] ?? merged[Self.fallback] ?? empty
    }

    /// The languages in which there is something to read.
    var languages: [String] { written.keys.sorted() }

    /// The names for which `language` falls back to English.
    func missing(in language: String) -> [String] {
        let own = written[language] ?? [:]
        return (written[Self.fallback] ?? [:]).keys.filter { own[$0] == nil }.sorted()
    }

    private static func json(_ texts: [String: String]) -> [UInt8] {
        var writer = JSONWriter(capacity: 65_536)
        writer.beginObject()
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) {
            writer.name(escaping: name)
            writer.string(text)
        }
        writer.endObject()
        return writer.finish().withBytes { $0.copied }
    }
}
