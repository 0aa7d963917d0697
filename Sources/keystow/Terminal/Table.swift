/// Rows in aligned columns, written page by page: the first page decides how wide each column is.
///
/// On a terminal every row is one line: columns that may be cut are, and what still has no room is left out, by rank. Elsewhere
/// nothing is cut or left out.
struct Table {
    struct Column: Sendable {
        let title: String
        /// What is left out first has the highest; 0 stays.
        let rank: Int
        /// The width that it may be cut to; `nil`: it is shown whole or not at all.
        var least: Int?
    }

    struct Cell: Sendable {
        let text: String
        let style: Terminal.Style?

        /// - Parameter text: whatever somebody wrote; `nil` is shown as a dash.
        init(_ text: String?, _ style: Terminal.Style? = nil) {
            self.text = text.map(HarmlessText.cell) ?? "–"
            self.style = style
        }
    }

    let columns: [Column]
    let terminal: Terminal
    /// The shown columns and their widths, once the first page is known.
    private var layout: [(index: Int, width: Int)]?

    /// Where nothing is cut, a wider cell moves what follows it to the right instead of every row.
    private static let widestPadding = 44
    private static let gap = 2

    init(_ columns: [Column], on terminal: Terminal) {
        self.columns = columns
        self.terminal = terminal
    }

    /// The lines of these rows, before the first of them the titles.
    mutating func lines(_ rows: [[Cell]]) -> [String] {
        if let layout { return rows.map { line($0, layout) } }
        let layout = layout(of: rows)
        self.layout = layout
        return ([columns.map { Cell($0.title, .bold) }] + rows).map { line($0, layout) }
    }

    private func layout(of rows: [[Cell]]) -> [(index: Int, width: Int)] {
        var widths = columns.indices.map { index in
            let widest = rows.reduce(DisplayWidth.of(columns[index].title)) { max($0, DisplayWidth.of($1[index].text)) }
            return terminal.width == nil ? min(widest, Self.widestPadding) : widest
        }
        guard let room = terminal.width else { return Array(zip(columns.indices, widths)).map { ($0, $1) } }
        var shown = Array(columns.indices)
        func total(_ width: (Int) -> Int) -> Int { shown.reduce(-Self.gap) { $0 + width($1) + Self.gap } }
        while total({ min(widths[$0], columns[$0].least ?? .max) }) > room,
            let last = shown.max(by: { columns[$0].rank < columns[$1].rank }), columns[last].rank > 0
        {
            shown.removeAll { $0 == last }
        }
        while case let excess = total({ widths[$0] }) - room, excess > 0 {
            let cuttable = shown.filter { widths[$0] > columns[$0].least ?? .max }
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }), let least = columns[widest].least else {
                break
            }
            // As far as the next widest, so that no column is cut to nothing while another has plenty.
            let next = cuttable.filter { $0 != widest }.map { widths[$0] }.max() ?? 0
            widths[widest] = max(least, widths[widest] - excess, min(next, widths[widest] - 1))
        }
        return shown.map { ($0, widths[$0]) }
    }

    private func line(_ row: [Cell], _ layout: [(index: Int, width: Int)]) -> String {
        var line = ""
        for (place, (index, width)) in layout.enumerated() {
            let isCut = terminal.width != nil
            let text = isCut ? DisplayWidth.cut(row[index].text, to: width) : row[index].text
            line += terminal.styled(text, row[index].style)
            guard place + 1 < layout.count else { break }
            line += String(repeating: " ", count: max(0, width - DisplayWidth.of(text)) + Self.gap)
        }
        return line
    }
}
