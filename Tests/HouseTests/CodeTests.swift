import Testing

@Suite struct CodeTests {
    @Test func `nothing in the program dies without a reason`() throws {
        #expect(try Repository.shippedCode().flatMap(waysToDie) == [])
    }

    @Test func `a way to die is seen, unless a remark gives the reason`() {
        let bare = "let a = try! b()\nlet c = d as! E\nfatalError(\"no\")\n/// Never `try!`.\nlog(\"try! again\")\n"
        #expect(waysToDie(in: SwiftFile(path: "Made.swift", text: bare)).count == 3)
        let reasoned = "// The text is a constant.\nlet a = try! b()\nlet c = d as! E  // d was made two lines above\n"
        #expect(waysToDie(in: SwiftFile(path: "Made.swift", text: reasoned)) == [])
    }

    /// Lines that can end the process, with no remark on them or just above.
    private func waysToDie(in file: SwiftFile) -> [String] {
        file.lines.indices.compactMap { index in
            let words = ["try!", "as!", "fatalError", "preconditionFailure"]
            guard words.contains(where: { file.lines[index].holds($0) }),
                file.bareLine(index).contains(/\btry!|\bas!|\b(?:fatalError|preconditionFailure)\(/)
            else { return nil }
            let above = max(0, index - 1)
            let near = SwiftFile(path: "", text: file.lines[above...index].joined(separator: "\n"))
            return near.hasRemark(near: 0, reach: 1) ? nil : "\(file.path):\(index + 1)"
        }
    }

    @Test func `whoever turns a concurrency check off says who synchronises`() throws {
        #expect(try Repository.shippedCode().flatMap(silentExceptions) == [])
    }

    @Test func `a silent exception is seen`() {
        let silent =
            "/// A box.\nfinal class Box: @unchecked Sendable {\n    var a = 1\n\n\n\n}\nnonisolated(unsafe) var b = 2\n"
        #expect(silentExceptions(in: SwiftFile(path: "Made.swift", text: silent)).count == 2)
        let told =
            "final class Box: @unchecked Sendable {\n    // Unchecked: one thread at a time, by `lock`.\n    var a = 1\n}\n"
        #expect(silentExceptions(in: SwiftFile(path: "Made.swift", text: told)) == [])
    }

    private func silentExceptions(in file: SwiftFile) -> [String] {
        file.lines.indices.compactMap { index in
            guard file.lines[index].holds("@unchecked Sendable") || file.lines[index].holds("nonisolated(unsafe)"),
                file.bareLine(index).contains(/@unchecked Sendable|nonisolated\(unsafe\)/)
            else { return nil }
            let below = file.lines[index..<min(file.lines.count, index + 12)]
            let isTold = file.hasRemark(near: index, reach: 3) || below.contains { $0.holds("// Unchecked: ") }
            return isTold ? nil : "\(file.path):\(index + 1)"
        }
    }

    @Test func `B04 no value is written into SQL`() throws {
        let store = try Repository.shippedCode().filter { $0.target == "VaultStore" }
        #expect(store.flatMap(interpolatedSQL) == [])
    }

    @Test func `B04 a value written into SQL is seen`() {
        let text = #"""
            let a = "SELECT * FROM keys WHERE id = '\(id)'"
            let b = """
                UPDATE tokens
                SET name = \(name)
                WHERE id = $1
                """
            let c = "DELETE FROM keys WHERE id = " + id
            let d = "SELECT \(KeyRow.columns) FROM keys WHERE owner = $\(values.count) AND \(Self.isLive)"
            let e = "\(KeyRow.select)\(conditions.sql) ORDER BY k.id DESC \(limit)"
            let f = "SELECT \(columns.list(alias: "k")) FROM keys WHERE id = $1"
            // Fixed text: one of three names above.
            let h = "DELETE FROM \(table) WHERE id = $1"
            let i = 1
            let j = 2
            let g = "SELECT id FROM keys LIMIT \(limit)"
            throw Failure("no row for \(count) of them")
            """#
        #expect(interpolatedSQL(in: SwiftFile(path: "Made.swift", text: text)).count == 4)
    }

    /// String literals that are SQL and hold more than fixed text.
    ///
    /// Fixed are a type's own constants (`\(KeyRow.select)`), the numbers of parameters (`$\(n)`), and what
    /// `Columns` and `Conditions` make: names of columns, and clauses whose values are parameters. Those two are
    /// the only places where SQL is put together, in `Columns.swift`. Anything else says in a remark that begins
    /// with `Fixed text:`, on its line or the two above, where its text comes from.
    private func interpolatedSQL(in file: SwiftFile) -> [String] {
        guard !file.path.hasSuffix("/Columns.swift") else { return [] }
        let sql =
            /\b(?:SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|WHERE|VALUES|ORDER\s+BY|LIMIT)\s/
            .dotMatchesNewlines()
        let fixed =
            /\$\\\([^)]*\)|\\\((?:(?:Self|[A-Z]\w*)\.\w+|\w+\.sql|(?:columns|own)\.list\((?:alias: "\w")?\))\)/
        return file.stringLiterals.compactMap { literal in
            guard literal.isJoined || literal.text.holds("\\("), literal.text.contains(sql) else { return nil }
            // `\(limit)` is the whole clause that `Conditions` makes, so `LIMIT` never stands before it.
            let isOpen = literal.text.replacing(fixed, with: "").replacing(/[^T] \\\(limit\)/, with: "").holds("\\(")
            let near = file.lines[max(0, literal.line - 3)..<min(file.lines.count, literal.line)]
            guard !near.contains(where: { $0.holds("// Fixed text: ") }) else { return nil }
            return isOpen || literal.isJoined ? "\(file.path):\(literal.line)" : nil
        }
    }
}
