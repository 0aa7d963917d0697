/// The page's texts by language.
struct PageTexts: Sendable {
    static let shared = PageTexts()
    func json(for locale: String) -> [UInt8] { Array(PackageResources.en_json) }
}
