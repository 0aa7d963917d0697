/// A provider's routes and answers, as a file has them; `every_provider.answers` says what such a file looks like.
struct Transcript: Sendable {
    /// A member that the body of a request must have, and what the provider says where it is missing.
    struct Need: Sendable {
        let route: String
        /// A single dot for the body itself.
        let member: String
        let message: String
    }

    /// A header that decides about a request before its key does, and the answer that it leads to.
    struct Sign: Sendable {
        let header: String
        /// What the header's value begins with.
        let prefix: String
        let answer: String
    }

    private(set) var routes: [Route] = []
    private(set) var models = ModelList()
    private(set) var needs: [Need] = []
    /// Headers that no request goes without.
    private(set) var required: [Sign] = []
    /// Headers that tell, where there is no key, what was sent instead.
    private(set) var substitutes: [Sign] = []
    private(set) var answers: [String: Answer] = [:]

    /// - Throws: ``Malformed`` with the name of the first section, or the first line of the head, that is not one.
    init(_ text: String) throws(Malformed) {
        let sections = ("\n" + text).split(separator: "\n== ", omittingEmptySubsequences: false)
        for line in sections[0].split(separator: "\n") where line.hasPrefix("> ") {
            guard declare(line.dropFirst(2)) else { throw Malformed(section: String(line)) }
        }
        for section in sections.dropFirst() {
            let lines = section.split(separator: "\n", omittingEmptySubsequences: false)
            let name = String(lines[0])
            guard answers[name] == nil, let answer = Answer(lines.dropFirst()) else { throw Malformed(section: name) }
            answers[name] = answer
        }
    }

    /// The words that a key can contain: a name with a hyphen is the answer to a faulty request, not to a key.
    var words: Set<String> {
        Set(answers.keys.map { String($0.prefix { $0 != " " }) }.filter { !$0.contains("-") })
    }

    struct Malformed: Error, Equatable { let section: String }

    /// Takes a line of the head: what is declared, and how.
    private mutating func declare(_ line: Substring) -> Bool {
        let parts = line.split(separator: " ", maxSplits: 1)
        guard parts.count == 2 else { return false }
        let rest = parts[1].split(separator: " ")
        switch parts[0] {
        case "route":
            guard let route = Route(parts[1]) else { return false }
            routes.append(route)
        case "needs":
            let need = parts[1].split(separator: " ", maxSplits: 2).map(String.init)
            guard need.count == 3 else { return false }
            needs.append(Need(route: need[0], member: need[1], message: need[2]))
        case "requires":
            guard rest.count == 3, rest[1] == "else" else { return false }
            required.append(Sign(header: String(rest[0]), prefix: "", answer: String(rest[2])))
        case "instead":
            guard let colon = parts[1].firstRange(of: ": "), let then = parts[1].firstRange(of: " then ") else {
                return false
            }
            substitutes.append(
                Sign(
                    header: String(parts[1][..<colon.lowerBound]),
                    prefix: String(parts[1][colon.upperBound..<then.lowerBound]),
                    answer: String(parts[1][then.upperBound...])))
        case "page":
            guard rest.count > 3, let usual = Int(rest[1]), let most = Int(rest[2]) else { return false }
            let message = rest[3...].joined(separator: " ")
            models.paging = ModelList.Paging(query: String(rest[0]), usual: usual, most: most, message: message)
        case "next-page": models.nextPage = String(parts[1])
        case "id": models.idMember = String(parts[1])
        case "model":
            let model = parts[1].split(separator: " ", maxSplits: 1)
            return model.count == 2 && models.add(String(model[1]), takenBy: String(model[0]))
        default: return false
        }
        return true
    }
}
