import Testing

@testable import keystow

@Suite struct TableTests {
    private static let columns = [
        Table.Column(title: "ID", rank: 0), Table.Column(title: "NAME", rank: 2, least: 5),
        Table.Column(title: "STATE", rank: 1), Table.Column(title: "WHEN", rank: 3),
    ]

    private func lines(_ names: [String], width: Int?, hasColor: Bool = false) -> [String] {
        var table = Table(Self.columns, on: Terminal(width: width, hasColor: hasColor))
        return table.lines(
            names.enumerated().map { index, name in
                [Table.Cell("k\(index)"), Table.Cell(name), Table.Cell("active", .green), Table.Cell(nil)]
            })
    }

    @Test func `columns are as wide as what stands in them, wide letters counted twice`() {
        #expect(
            lines(["ada", "日本", "e\u{301}mile"], width: nil) == [
                "ID  NAME   STATE   WHEN", "k0  ada    active  –", "k1  日本   active  –",
                "k2  e\u{301}mile  active  –",
            ])
    }

    @Test func `on a terminal each row is one line: a name is cut first, then columns are left out by rank`() {
        let long = ["a-very-long-name-of-somebody", "ada"]
        #expect(
            lines(long, width: 30) == [
                "ID  NAME          STATE   WHEN", "k0  a-very-long…  active  –", "k1  ada           active  –",
            ])
        #expect(lines(long, width: 18) == ["ID  NAME    STATE", "k0  a-ver…  active", "k1  ada     active"])
        #expect(lines(long, width: 11) == ["ID  STATE", "k0  active", "k1  active"])
        #expect(lines(long, width: 3) == ["ID", "k0", "k1"])
        for width in 1...60 {
            let all = lines(long, width: width)
            #expect(all.count == 3)
            if width >= 2 { #expect(all.allSatisfy { DisplayWidth.of($0) <= width }, "\(width)") }
        }
    }

    @Test func `color is around a cell, and not in its width`() {
        let plain = lines(["ada"], width: 60)
        let colored = lines(["ada"], width: 60, hasColor: true)
        #expect(colored[1] == "k0  ada   \u{1B}[32mactive\u{1B}[0m  –")
        #expect(colored.map { $0.replacing(/\u{1B}\[\d+m/, with: "") } == plain)
    }

    @Test func `the first page decides the widths; a wider cell is cut on a terminal and not elsewhere`() {
        for width in [nil, 40] as [Int?] {
            var table = Table(Self.columns, on: Terminal(width: width, hasColor: false))
            let row = { (name: String) in [Table.Cell("k"), Table.Cell(name), Table.Cell("on"), Table.Cell("x")] }
            #expect(table.lines([row("ada")]) == ["ID  NAME  STATE  WHEN", "k   ada   on     x"])
            let later = table.lines([row("a-longer-name")])
            #expect(later == [width == nil ? "k   a-longer-name  on     x" : "k   a-l…  on     x"])
        }
    }

    @Test(arguments: [
        ("plain name", "plain name"), ("Zoë 日本 👍", "Zoë 日本 👍"), ("שלום", "שלום"),
        ("a\u{1B}[2Jb", "a\\u{1B}[2Jb"), ("a\nkey_forged  eve", "a\\u{A}key_forged \\u{20}eve"), ("a\rb", "a\\u{D}b"),
        ("a\u{202E}b", "a\\u{202E}b"), ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"), ("a\u{200B}b", "a\\u{200B}b"),
        ("a\u{9B}31mb", "a\\u{9B}31mb"), ("a\u{2028}b", "a\\u{2028}b"), ("a\u{3000}b", "a\\u{3000}b"),
        ("a\u{3164}b", "a\\u{3164}b"), ("a\u{E0041}b", "a\\u{E0041}b"), ("a\u{2800}b", "a\\u{2800}b"),
        ("\\u{202E}", "\\\\u{202E}"), (" a ", "\\u{20}a\\u{20}"), ("a  active", "a \\u{20}active"),
        ("\u{301}a", "\\u{301}a"), ("a\u{301}\u{302}\u{303}\u{304}", "a\u{301}\u{302}\\u{303}\\u{304}"),
        ("", ""), ("\0", "\\u{0}"), ("\u{7F}", "\\u{7F}"), ("\t", "\\u{9}"), ("\u{FEFF}x", "\\u{FEFF}x"),
    ])
    func `nothing in a name can pass for something else`(_ name: String, _ shown: String) {
        #expect(HarmlessText.cell(name) == shown)
    }

    @Test func `what JSON says is the same when what a terminal could act on is escaped in it`() {
        let json = "{\"a\":\"x\u{202E}\u{9B}\u{E0041}é\\n\",\n\"b\":1}"
        #expect(HarmlessText.json(json.utf8) == #"{"a":"x\u202E\u009B\uDB40\uDC41é\n", "b":1}"#)
    }

    @Test func `a name of ten thousand characters is one cell`() {
        let all = lines(
            [String(repeating: "x", count: 10_000), String(repeating: "\u{202E}", count: 10_000)], width: 80)
        #expect(all.count == 3)
        #expect(all.allSatisfy { DisplayWidth.of($0) <= 80 })
    }

    @Test func `objects of a list are taken as they were written`() {
        func objects(_ text: String) -> [String] {
            ListedObjects.of(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(
            objects(#"{"data":[{"a":"}]\"{"},{"b":{"data":[{}]}}],"next":null}"#) == [
                #"{"a":"}]\"{"}"#, #"{"b":{"data":[{}]}}"#,
            ])
        #expect(objects(#"{"x":{"data":[{"no":1}]},"data":[{"yes":1}]}"#) == [#"{"yes":1}"#])
        #expect(objects(#"{"data":[],"more":[{"a":1}]}"#) == [])
        #expect(objects(#"{"other":[{"a":1}]}"#) == [])
        #expect(objects("") == [])
    }
}
