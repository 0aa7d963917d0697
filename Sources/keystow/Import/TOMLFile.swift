import VaultModel

/// Reads `[providers.NAME] api_key = "…"` from a TOML file (1.0), however it is nested or dotted; `[NAME]` too, where NAME
/// is a provider's.
///
/// Other values are passed over, but their form is checked as far as is needed to know where they end.
struct TOMLFile: ~Copyable {
    private var records: ImportRecords
    private var cursor: TextCursor
    /// The providers whose key has been read.
    private var seen: [Range<Int>] = []
    private let providers: KnownProviders

    /// How deep arrays and inline tables may be nested, and how many providers there may be.
    private static let deepest = 32
    private static let mostProviders = 256

    /// - Throws: with the line, what cannot be read.
    static func read(
        _ text: RawSpan, _ range: Range<Int>, knowing providers: KnownProviders
    ) throws(ImportFault) -> ImportRecords {
        var file = TOMLFile(
            records: ImportRecords(capacity: range.count), cursor: TextCursor(range), providers: providers)
        try file.readAll(text)
        return file.finish()
    }

    private init(records: consuming ImportRecords, cursor: TextCursor, providers: KnownProviders) {
        self.providers = providers
        self.records = records
        self.cursor = cursor
    }

    private consuming func finish() -> ImportRecords { records }

    private mutating func readAll(_ text: RawSpan) throws(ImportFault) {
        var table: [Range<Int>] = []
        while true {
            skipToContent(text)
            if cursor.isAtEnd { return }
            if cursor.peek(text) == UInt8(ascii: "[") {
                table = try header(text)
            } else {
                try assignment(text, in: table, depth: 0)
            }
            cursor.skipBlanks(text)
            if cursor.peek(text) == UInt8(ascii: "#") { cursor.skipLine(text) }
            guard cursor.isAtLineEnd(text) else { throw fault("something stands behind what was complete") }
            cursor.nextLine(text)
        }
    }

    /// `[a.b]`, or `[[a.b]]`.
    private mutating func header(_ text: RawSpan) throws(ImportFault) -> [Range<Int>] {
        let isArray = cursor.peek(text, 1) == UInt8(ascii: "[")
        cursor.index += isArray ? 2 : 1
        let path = try keyPath(text)
        for _ in 0..<(isArray ? 2 : 1) { try expect("]", text) }
        if isArray, path.first.map({ isWord("providers", $0) }) == true {
            throw fault("a list of providers has no names for them; write [providers.NAME]")
        }
        return path
    }

    /// `a.b = value`.
    private mutating func assignment(_ text: RawSpan, in table: [Range<Int>], depth: Int) throws(ImportFault) {
        let path = table + (try keyPath(text))
        try expect("=", text)
        cursor.skipBlanks(text)
        try value(text, at: path, depth: depth)
    }

    private mutating func keyPath(_ text: RawSpan) throws(ImportFault) -> [Range<Int>] {
        var path: [Range<Int>] = []
        repeat {
            if !path.isEmpty { cursor.index += 1 }
            cursor.skipBlanks(text)
            let byte = cursor.peek(text)
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                path.append(try string(text))
            } else {
                let start = cursor.index
                while Self.isOfBareKey(cursor.peek(text)) { cursor.index += 1 }
                guard start < cursor.index else { throw fault("a name is expected here") }
                path.append(records.keep(start..<cursor.index, of: text))
            }
            cursor.skipBlanks(text)
            guard path.count <= Self.deepest else { throw fault("names are nested too deep") }
        } while cursor.peek(text) == UInt8(ascii: ".")
        return path
    }

    /// - Parameter path: where the value stands; `nil` inside an array.
    private mutating func value(_ text: RawSpan, at path: [Range<Int>]?, depth: Int) throws(ImportFault) {
        guard depth <= Self.deepest else { throw fault("values are nested too deep") }
        let line = cursor.line
        switch cursor.peek(text) {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            let quote = cursor.peek(text)
            let isLong = cursor.peek(text, 1) == quote && cursor.peek(text, 2) == quote
            try record(try isLong ? longString(text) : string(text), at: path, line: line)
        case UInt8(ascii: "{"):
            cursor.index += 1
            cursor.skipBlanks(text)
            if cursor.peek(text) != UInt8(ascii: "}") {
                try assignment(text, in: path ?? [], isInArray: path == nil, depth: depth + 1)
            }
            while cursor.peek(text) == UInt8(ascii: ",") {
                cursor.index += 1
                try assignment(text, in: path ?? [], isInArray: path == nil, depth: depth + 1)
            }
            try expect("}", text)
        case UInt8(ascii: "["):
            cursor.index += 1
            skipToContent(text)
            while cursor.peek(text) != UInt8(ascii: "]") {
                guard !cursor.isAtEnd else { throw ImportFault("a list is opened here and never closed", line: line) }
                try value(text, at: nil, depth: depth + 1)
                skipToContent(text)
                guard cursor.peek(text) == UInt8(ascii: ",") else { break }
                cursor.index += 1
                skipToContent(text)
            }
            try expect("]", text)
        default:
            let start = cursor.index
            while Self.isOfScalar(cursor.peek(text)) || isInsideTime(text, from: start) { cursor.index += 1 }
            guard start < cursor.index else { throw fault("a value is expected here") }
        }
    }

    /// One member of an inline table, and the blanks behind it.
    private mutating func assignment(
        _ text: RawSpan, in table: [Range<Int>], isInArray: Bool, depth: Int
    ) throws(ImportFault) {
        if isInArray {
            _ = try keyPath(text)
            try expect("=", text)
            cursor.skipBlanks(text)
            try value(text, at: nil, depth: depth)
        } else {
            try assignment(text, in: table, depth: depth)
        }
        cursor.skipBlanks(text)
    }

    private mutating func record(_ value: Range<Int>, at path: [Range<Int>]?, line: Int) throws(ImportFault) {
        guard let provider = path.flatMap({ provider(at: $0) }) else {
            return records.append(.init(line: line, value: value, isInPlace: false))
        }
        guard !seen.contains(where: { records.areEqual($0, provider) }) else {
            throw ImportFault("this provider's api_key was given before", line: line)
        }
        guard seen.count < Self.mostProviders else { throw ImportFault("there are providers too many", line: line) }
        seen.append(provider)
        records.append(.init(line: line, provider: provider, value: value))
    }

    /// The provider that a path names the key of.
    private func provider(at path: [Range<Int>]) -> Range<Int>? {
        guard let last = path.last, isWord("api_key", last) else { return nil }
        if path.count == 3, isWord("providers", path[0]) { return path[1] }
        let isKnown = path.count == 2 && records.withText(of: path[0]) { providers.provider(named: $0) } != nil
        return isKnown ? path[0] : nil
    }

    // MARK: Strings

    /// A basic or literal string of one line, unescaped.
    private mutating func string(_ text: RawSpan) throws(ImportFault) -> Range<Int> {
        let (quote, start) = (cursor.peek(text), records.end)
        cursor.index += 1
        while cursor.peek(text) != quote {
            guard !cursor.isAtLineEnd(text) else { throw fault("a quote is opened here and never closed") }
            try character(text, quote)
        }
        cursor.index += 1
        return start..<records.end
    }

    /// A string between three quotes, without the line end that follows the opening ones.
    private mutating func longString(_ text: RawSpan) throws(ImportFault) -> Range<Int> {
        let (quote, line, start) = (cursor.peek(text), cursor.line, records.end)
        cursor.index += 3
        if cursor.isAtLineEnd(text) { cursor.nextLine(text) }
        while true {
            guard !cursor.isAtEnd else { throw ImportFault("a quote is opened here and never closed", line: line) }
            if (0..<3).allSatisfy({ cursor.peek(text, $0) == quote }) {
                // Up to two quotes may stand right before the closing three.
                while cursor.peek(text, 3) == quote {
                    records.keep(quote)
                    cursor.index += 1
                }
                break
            }
            let isContinued = quote == UInt8(ascii: "\"") && cursor.peek(text) == UInt8(ascii: "\\")
            if isContinued, [0x0A, 0x0D, 0x20, 0x09].contains(cursor.peek(text, 1)) {
                cursor.index += 1
                while [0x0A, 0x0D, 0x20, 0x09].contains(cursor.peek(text)) { cursor.advance(text) }
            } else if cursor.isAtLineEnd(text) {
                records.keep(0x0A)
                cursor.nextLine(text)
            } else {
                try character(text, quote)
            }
        }
        cursor.index += 3
        return start..<records.end
    }

    private mutating func character(_ text: RawSpan, _ quote: UInt8) throws(ImportFault) {
        let byte = cursor.peek(text)
        guard byte >= 0x20 && byte != 0x7F || byte == 0x09 else { throw fault("a control character stands in a text") }
        cursor.index += 1
        guard byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") else { return records.keep(byte) }
        let letter = cursor.peek(text)
        cursor.index += 1
        switch letter {
        case UInt8(ascii: "b"): records.keep(0x08)
        case UInt8(ascii: "t"): records.keep(0x09)
        case UInt8(ascii: "n"): records.keep(0x0A)
        case UInt8(ascii: "f"): records.keep(0x0C)
        case UInt8(ascii: "r"): records.keep(0x0D)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): records.keep(letter)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            var value: UInt32 = 0
            for _ in 0..<(letter == UInt8(ascii: "u") ? 4 : 8) {
                guard let digit = Character(Unicode.Scalar(cursor.peek(text))).hexDigitValue else {
                    throw fault("an escape is not finished")
                }
                value = value << 4 | UInt32(digit)
                cursor.index += 1
            }
            guard let scalar = Unicode.Scalar(value), value != 0, let units = UTF8.encode(scalar) else {
                throw fault("an escape stands for no character")
            }
            for unit in units { records.keep(unit) }
        default: throw fault("there is no such escape")
        }
    }

    // MARK: Pieces

    /// Moves over blanks, line ends and comments.
    private mutating func skipToContent(_ text: RawSpan) {
        while true {
            cursor.skipBlanks(text)
            if cursor.peek(text) == UInt8(ascii: "#") { cursor.skipLine(text) }
            guard !cursor.isAtEnd, cursor.isAtLineEnd(text) else { return }
            cursor.nextLine(text)
        }
    }

    private mutating func expect(_ mark: Unicode.Scalar, _ text: RawSpan) throws(ImportFault) {
        guard UInt32(cursor.peek(text)) == mark.value else { throw fault("\(mark) is expected here") }
        cursor.index += 1
    }

    private func fault(_ message: String) -> ImportFault { ImportFault(message, line: cursor.line) }

    private func isWord(_ word: String, _ range: Range<Int>) -> Bool {
        records.withText(of: range) { text in
            text.byteCount == word.utf8.count && zip(0..<text.byteCount, word.utf8).allSatisfy { text[byte: $0] == $1 }
        }
    }

    private static func isOfBareKey(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    /// Whether the blank between a date and its time is here.
    private func isInsideTime(_ text: RawSpan, from start: Int) -> Bool {
        cursor.index - start == 10 && cursor.peek(text) == UInt8(ascii: " ")
            && text[byte: start + 4] == UInt8(ascii: "-")
            && (0x30...0x39).contains(cursor.peek(text, 1))
    }

    /// Numbers, booleans, dates.
    private static func isOfScalar(_ byte: UInt8) -> Bool {
        isOfBareKey(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
    }
}
