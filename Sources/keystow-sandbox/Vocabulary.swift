/// The words by which a key chooses its answer.
///
/// A word counts wherever it stands in the key; where a provider's keys are hexadecimal, so does its spelling in
/// lower-case hexadecimal ASCII: `revoked` is `7265766f6b6564`.
struct Vocabulary: Sendable {
    /// Longest first: `invalid` contains `valid`.
    private let spellings: [(word: String, hexadecimal: String)]

    init(_ words: Set<String>) {
        spellings = words.sorted { ($1.count, $0) < ($0.count, $1) }.map { ($0, Self.hexadecimal($0)) }
    }

    var words: [String] { spellings.map(\.word) }

    func word(in key: String) -> String? {
        spellings.first { key.contains($0.word) || key.contains($0.hexadecimal) }?.word
    }

    static func hexadecimal(_ word: String) -> String {
        word.utf8.map { byte in String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }.joined()
    }
}
