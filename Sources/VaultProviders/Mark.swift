/// A text that gives a credential away wherever it stands, such as `sk-ant-oat`.
struct Mark: Sendable, Decodable {
    /// In lower case, one to 64.
    let letters: [UInt8]
    /// For each byte, at which of the letters it may stand, as bits.
    private let places: [UInt64]

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        letters = try value.decode(String.self).utf8.map(\.lowered)
        guard (1...64).contains(letters.count) else {
            throw DecodingError.dataCorruptedError(in: value, debugDescription: "not 1 to 64 letters")
        }
        var places = [UInt64](repeating: 0, count: 256)
        for (place, letter) in letters.enumerated() { places[Int(letter)] |= 1 << UInt64(place) }
        self.places = places
    }

    /// Whether it stands in `text`: in any case, with any blanks, line breaks and backslashes between its letters.
    ///
    /// Shift-and (Baeza-Yates and Gonnet 1992): one step for each byte, whatever the text.
    func stands(in text: RawSpan) -> Bool {
        let last: UInt64 = 1 << UInt64(letters.count - 1)
        // Bit n: the last byte ended a place where the first n + 1 letters stand.
        var reached: UInt64 = 0
        var isEscaped = false
        for index in 0..<text.byteCount {
            let byte = text.byte(index).lowered
            if byte.isSpace { continue }
            if byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            }
            let next = (reached << 1 | 1) & places[Int(byte)]
            // After a backslash these may be letters, or a line break as programs write it.
            let isBreak = isEscaped && [UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t")].contains(byte)
            reached = isBreak ? next | reached : next
            isEscaped = false
            if reached & last != 0 { return true }
        }
        return false
    }
}
