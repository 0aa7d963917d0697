/// A JSON text read once more, by the rules of RFC 8259 one after the other, into a tree; none of the reader's code.
enum Reading: Equatable {
    struct Member: Equatable {
        let name: [UInt8]
        var value: Reading
    }

    case object([Member])
    case array([Reading])
    /// UTF-8, its escapes undone.
    case string([UInt8])
    case number
    case integer(Int)
    case boolean(Bool)
    case null

    /// The same with null in the place of every number that is not an integer.
    var withoutFractions: Reading {
        switch self {
        case .object(let members):
            .object(members.map { Member(name: $0.name, value: $0.value.withoutFractions) })
        case .array(let items): .array(items.map(\.withoutFractions))
        case .number: .null
        case .string, .integer, .boolean, .null: self
        }
    }
}

/// Reads on from `place`; `nil` from any function means that the text is none.
struct Grammar {
    private let bytes: [UInt8]
    private var place = 0
    private var strings = 0
    private var values = 0
    /// Whether a number was so near the end of what is accepted that a double cannot tell.
    private(set) var isBorderline = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func text() -> Reading? {
        guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
        blanks()
        guard let value = value(depth: 0) else { return nil }
        blanks()
        return place == bytes.count && strings <= 200 && values <= 1000 ? value : nil
    }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func blanks() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { place += 1 }
    }

    private mutating func take(_ word: String) -> Bool {
        guard bytes[place...].starts(with: word.utf8) else { return false }
        place += word.utf8.count
        return true
    }

    private mutating func value(depth: Int) -> Reading? {
        guard let first = next else { return nil }
        values += 1
        switch first {
        case UInt8(ascii: "{"): return depth < 16 ? object(depth: depth + 1) : nil
        case UInt8(ascii: "["): return depth < 16 ? array(depth: depth + 1) : nil
        case UInt8(ascii: "\""): return string().map { .string($0) }
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return number()
        default:
            if take("true") { return .boolean(true) }
            if take("false") { return .boolean(false) }
            return take("null") ? .null : nil
        }
    }

    private mutating func array(depth: Int) -> Reading? {
        place += 1
        blanks()
        if take("]") { return .array([]) }
        var items: [Reading] = []
        repeat {
            blanks()
            guard let item = value(depth: depth) else { return nil }
            items.append(item)
            blanks()
        } while take(",")
        return take("]") ? .array(items) : nil
    }

    private mutating func object(depth: Int) -> Reading? {
        place += 1
        blanks()
        if take("}") { return .object([]) }
        var members: [Reading.Member] = []
        repeat {
            blanks()
            values += 1
            guard next == UInt8(ascii: "\""), let name = string(), !members.contains(where: { $0.name == name })
            else { return nil }
            blanks()
            guard take(":") else { return nil }
            blanks()
            guard let value = value(depth: depth) else { return nil }
            members.append(Reading.Member(name: name, value: value))
            blanks()
        } while take(",")
        return take("}") ? .object(members) : nil
    }

    /// Put together as UTF-16, in which what `\u` says is one unit, and then asked whether it is text.
    private mutating func string() -> [UInt8]? {
        strings += 1
        place += 1
        var units: [UInt16] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { return nil }
            if byte == UInt8(ascii: "\\") {
                guard let unit = escape() else { return nil }
                units.append(unit)
            } else {
                let end = bytes[place...].firstIndex {
                    $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\")
                }
                units += String(decoding: bytes[place..<(end ?? bytes.count)], as: UTF8.self).utf16
                place = end ?? bytes.count
            }
        }
        guard take("\""), let text = String(validating: units, as: UTF16.self) else { return nil }
        return Array(text.utf8)
    }

    private mutating func escape() -> UInt16? {
        let letters: [Character: UInt16] = [
            "\"": 0x22, "\\": 0x5C, "/": 0x2F, "b": 0x08, "f": 0x0C, "n": 0x0A, "r": 0x0D, "t": 0x09,
        ]
        place += 1
        guard let letter = next else { return nil }
        place += 1
        guard letter == UInt8(ascii: "u") else { return letters[Character(Unicode.Scalar(letter))] }
        let digits = bytes[place...].prefix(4)
        place += digits.count
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }) else {
            return nil
        }
        return UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private mutating func number() -> Reading? {
        let start = place
        _ = take("-")
        let whole = digits()
        guard !whole.isEmpty, whole.count == 1 || whole.first != "0" else { return nil }
        var fraction = ""
        if take(".") {
            fraction = digits()
            guard !fraction.isEmpty else { return nil }
        }
        var exponent = 0
        if take("e") || take("E") {
            let isNegative = take("-")
            if !isNegative { _ = take("+") }
            let power = digits()
            guard !power.isEmpty else { return nil }
            exponent = min(Int(power) ?? 1_000_000, 1_000_000) * (isNegative ? -1 : 1)
        }
        let magnitude = Double(String(decoding: bytes[start..<place], as: UTF8.self))?.magnitude ?? .infinity
        if (0.999e308...1.001e308).contains(magnitude) { isBorderline = true }
        guard magnitude < 1e308 else { return nil }
        return Self.integer(whole + fraction, exponent - fraction.count, isNegative: bytes[start] == UInt8(ascii: "-"))
            .map { .integer($0) } ?? .number
    }

    private mutating func digits() -> String {
        let digits = bytes[place...].prefix { (0x30...0x39).contains($0) }
        place += digits.count
        return String(decoding: digits, as: UTF8.self)
    }

    /// `digits` × 10^`exponent`, where that is whole and fits.
    private static func integer(_ digits: String, _ exponent: Int, isNegative: Bool) -> Int? {
        var (digits, exponent) = (digits.drop { $0 == "0" }, exponent)
        while digits.last == "0" {
            digits.removeLast()
            exponent += 1
        }
        guard !digits.isEmpty else { return 0 }
        guard exponent >= 0, digits.count + exponent < 20 else { return nil }
        return Int((isNegative ? "-" : "") + digits + String(repeating: "0", count: exponent))
    }
}
