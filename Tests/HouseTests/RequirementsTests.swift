import Testing

/// `docs/requirements.md` against the tests whose names claim an id of it.
@Suite struct RequirementsTests {
    /// A row: the id, and the files, targets and words that stand in its last cell.
    private struct Requirement {
        let id: String
        let shownBy: Set<String>
        let isLeftOut: Bool

        init?(row: Substring) {
            guard let cells = row.wholeMatch(of: /\| ([A-Z]\d\d) \| [^|]+ \| ([^|]+) \|/) else { return nil }
            id = String(cells.1)
            shownBy = Set(cells.2.matches(of: /`([^`]+)`/).map { String($0.1) })
            isLeftOut = cells.2.contains(/^(?:not done|not ours|later): \w/)
        }
    }

    private func requirements() throws -> [Requirement] {
        try Repository.text(of: "docs/requirements.md").split(separator: "\n").compactMap(Requirement.init)
    }

    /// For each id, the files with a test whose name claims it, by their names without folder and ending.
    private func claims() throws -> [String: Set<String>] {
        var claims: [String: Set<String>] = [:]
        for path in Repository.files where path.hasPrefix("Tests/") {
            let names: [Substring]
            switch path.split(separator: ".").last {
            case "swift": names = try Repository.text(of: path).matches(of: /func `([^`]+)`/).map(\.1)
            case "py": names = try Repository.text(of: path).matches(of: /def test_(\w+)/).map(\.1)
            default: continue
            }
            let file = String(path.split(separator: "/").last?.split(separator: ".").first ?? "")
            for name in names {
                for id in Self.ids(in: name) { claims[id, default: []].insert(file) }
            }
        }
        return claims
    }

    private static func ids(in name: Substring) -> [String] {
        name.split { !$0.isLetter && !$0.isNumber }.filter { $0.wholeMatch(of: /[ABCKLMRSUVW]\d\d/) != nil }.map(
            String.init)
    }

    @Test func `each requirement names the tests that show it, and each test that claims one is named`() throws {
        let (requirements, claims) = (try requirements(), try claims())
        #expect(Set(claims.keys).subtracting(requirements.map(\.id)) == [])
        for requirement in requirements {
            let named = requirement.shownBy.filter { !$0.contains(" ") }
            #expect(named == claims[requirement.id] ?? [], "\(requirement.id)")
            #expect(requirement.shownBy.isEmpty == requirement.isLeftOut, "\(requirement.id)")
        }
    }

    @Test func `each target of make that shows a requirement is there`() throws {
        let makefile = try Repository.text(of: "Makefile")
        let targets = Set(makefile.matches(of: /(?m)^([a-z0-9-]+):/).map { "make \($0.1)" })
        let named = try requirements().flatMap(\.shownBy).filter { $0.contains(" ") }
        #expect(Set(named).subtracting(targets) == [])
    }

    @Test func `a requirement stands once, and is read as it is written`() throws {
        let ids = try requirements().map(\.id)
        #expect(ids.count == Set(ids).count)
        #expect(ids.count == 174)
        let row = Requirement(row: "| A01 | It holds | `ErrorTests`, `make flood` |")
        #expect(row?.shownBy == ["ErrorTests", "make flood"])
        #expect(row?.isLeftOut == false)
        #expect(Requirement(row: "| B10 | It holds | not ours: there is no login |")?.isLeftOut == true)
        #expect(Requirement(row: "| id | what must hold | shown by |") == nil)
        #expect(Self.ids(in: "W02_C04: a form, on B7") == ["W02", "C04"])
    }
}
