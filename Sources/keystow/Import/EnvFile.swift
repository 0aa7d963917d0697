import VaultModel

/// Reads `.env` files as shells and the usual libraries do: `NAME=value`, `export NAME="value"`, comments; besides
/// `set NAME=value`, and for a provider's variable `NAME: value`.
///
/// Values in double quotes know `\n \r \t \" \\ \$`; in single quotes and back-ticks they stand as they are. All three may go
/// over several lines. A value without quotes ends before ` #`. Nothing is expanded. Of a variable that is given twice,
/// shells take the last value and some libraries the first: it is a fault.
enum EnvFile {
    /// - Throws: where a quote is not closed, something stands behind one, or a variable is given again.
    static func read(
        _ text: RawSpan, _ range: Range<Int>, knowing providers: KnownProviders
    ) throws(ImportFault) -> ImportRecords {
        var records = ImportRecords(capacity: range.count)
        var cursor = TextCursor(range)
        var seen = SeenNames()
        while !cursor.isAtEnd {
            cursor.skipBlanks(text)
            if !cursor.isAtLineEnd(text), cursor.peek(text) != UInt8(ascii: "#") {
                let line = cursor.line
                if let name = name(text, &cursor, providers) {
                    let kept = records.keep(name, of: text)
                    if let before = seen.line(ofEarlier: kept, on: line, in: records) {
                        throw ImportFault(
                            "this variable was given before, on line \(before); leave one of the two", line: line)
                    }
                    let value = try value(text, &cursor, into: &records)
                    records.append(.init(line: line, name: kept, value: value))
                } else {
                    records.unread.append(line)
                }
            }
            cursor.nextLine(text)
        }
        return records
    }

    /// The name before `=` or `:`, moving behind that and the blanks after it; `nil` when the line is no assignment.
    private static func name(
        _ text: RawSpan, _ cursor: inout TextCursor, _ providers: KnownProviders
    ) -> Range<Int>? {
        for keyword in ["export", "set"] where isNext(keyword, text, cursor) {
            var ahead = cursor
            ahead.advance(text, by: keyword.utf8.count)
            ahead.skipBlanks(text)
            if isOfName(ahead.peek(text), isFirst: true) { cursor = ahead }
            break
        }
        let start = cursor.index
        while isOfName(cursor.peek(text), isFirst: cursor.index == start) { cursor.index += 1 }
        let name = start..<cursor.index
        cursor.skipBlanks(text)
        guard !name.isEmpty, isAssigned(name, text, cursor, providers) else { return nil }
        cursor.index += 1
        cursor.skipBlanks(text)
        return name
    }

    /// Whether `word` stands here, and a blank behind it.
    private static func isNext(_ word: String, _ text: RawSpan, _ cursor: TextCursor) -> Bool {
        word.utf8.enumerated().allSatisfy { cursor.peek(text, $0.offset) == $0.element }
            && [UInt8(ascii: " "), UInt8(ascii: "\t")].contains(cursor.peek(text, word.utf8.count))
    }

    /// Whether `=` stands here, or `:` behind a provider's variable.
    private static func isAssigned(
        _ name: Range<Int>, _ text: RawSpan, _ cursor: TextCursor, _ providers: KnownProviders
    ) -> Bool {
        switch cursor.peek(text) {
        case UInt8(ascii: "="): true
        case UInt8(ascii: ":"): providers.variable(named: text.extracting(name)) != nil
        default: false
        }
    }

    private static func isOfName(_ byte: UInt8, isFirst: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"): !isFirst
        default: false
        }
    }

    private static func value(
        _ text: RawSpan, _ cursor: inout TextCursor, into records: inout ImportRecords
    ) throws(ImportFault) -> Range<Int> {
        let quote = cursor.peek(text)
        guard [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(quote) else {
            return records.keep(plainValue(text, &cursor), of: text)
        }
        let (line, start) = (cursor.line, records.end)
        cursor.advance(text)
        while cursor.peek(text) != quote {
            guard !cursor.isAtEnd else { throw ImportFault("a quote is opened here and never closed", line: line) }
            if quote == UInt8(ascii: "\""), cursor.peek(text) == UInt8(ascii: "\\"),
                let meant = escaped(cursor.peek(text, 1))
            {
                records.keep(meant)
                cursor.advance(text, by: 2)
            } else {
                records.keep(cursor.peek(text))
                cursor.advance(text)
            }
        }
        let value = start..<records.end
        cursor.advance(text)
        cursor.skipBlanks(text)
        guard cursor.isAtLineEnd(text) || cursor.peek(text) == UInt8(ascii: "#") else {
            throw ImportFault("something stands behind the closing quote", line: cursor.line)
        }
        return value
    }

    /// Up to the end of the line, without a comment and the blanks around.
    private static func plainValue(_ text: RawSpan, _ cursor: inout TextCursor) -> Range<Int> {
        let start = cursor.index
        var end = start
        while !cursor.isAtLineEnd(text) {
            let byte = cursor.peek(text)
            let isBlank = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
            if byte == UInt8(ascii: "#"), cursor.index == start || end < cursor.index { break }
            cursor.index += 1
            if !isBlank { end = cursor.index }
        }
        return start..<end
    }

    private static func escaped(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"): byte
        default: nil
        }
    }
}

/// The variables that were given so far, found by a hash of their names, which stay in wiped memory.
private struct SeenNames {
    private var places: [Int: [(name: Range<Int>, line: Int)]] = [:]

    /// Notes `name`; the line on which it was given before, if it was.
    mutating func line(ofEarlier name: Range<Int>, on line: Int, in records: borrowing ImportRecords) -> Int? {
        var hasher = Hasher()
        records.withText(of: name) { text in
            for index in 0..<text.byteCount { hasher.combine(text[byte: index]) }
        }
        let hash = hasher.finalize()
        for place in places[hash, default: []] where records.areEqual(place.name, name) { return place.line }
        places[hash, default: []].append((name, line))
        return nil
    }
}
