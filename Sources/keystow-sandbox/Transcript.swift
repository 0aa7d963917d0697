/// The answers of a provider as a file of sections, each a status, headers and a body.
///
/// What they look like stands at the head of the file itself.
struct Transcript: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: [(String, String)]
        let body: String
    }

    private let answers: [String: Answer]
    /// The words that a key can contain, longest first: `invalid` contains `valid`.
    let words: [String]

    /// - Throws: ``Malformed`` with the name of the first section that is not one.
    init(_ text: String) throws(Malformed) {
        var answers: [String: Answer] = [:]
        for section in text.split(separator: "\n== ").dropFirst() {
            let lines = section.split(separator: "\n", omittingEmptySubsequences: false)
            let name = String(lines[0])
            guard let end = lines.firstIndex(of: ""), end > 1, let status = Int(lines[1]) else {
                throw Malformed(section: name)
            }
            var headers: [(String, String)] = []
            for line in lines[2..<end] {
                guard let colon = line.firstRange(of: ": ") else { throw Malformed(section: name) }
                headers.append((String(line[..<colon.lowerBound]), String(line[colon.upperBound...])))
            }
            var body = lines[(end + 1)...]
            while body.last == "" { body.removeLast() }
            answers[name] = Answer(status: status, headers: headers, body: body.joined(separator: "\n"))
        }
        self.answers = answers
        // A name with a hyphen is an answer to a faulty request, not to a key.
        words = Set(answers.keys.map { String($0.prefix { $0 != " " }) }.filter { !$0.contains("-") } + ["hang"])
            .sorted { ($1.count, $0) < ($0.count, $1) }
    }

    /// The answer to `route` for a key that contains `word`.
    func answer(to route: String, word: String) -> Answer? {
        answers["\(word) \(route)"] ?? answers[word] ?? answers["valid \(route)"]
    }

    /// The word in the secret part of `key`; `invalid` where there is none.
    func word(in key: String) -> String {
        let secret = key.firstRange(of: "sk-ant-api").map { key[$0.upperBound...] } ?? key[...]
        return words.first { secret.contains($0) } ?? "invalid"
    }

    struct Malformed: Error, Equatable { let section: String }
}
