/// A paste read anew, with Unicode's own tables and none of the doctor's code.
enum Sighted {
    /// Without what takes no room on a screen, and without any space.
    static func dense(_ paste: [UInt8]) -> [UInt8] {
        var text = String.UnicodeScalarView()
        text.append(
            contentsOf: String(decoding: paste, as: UTF8.self).unicodeScalars.filter {
                !$0.properties.isDefaultIgnorableCodePoint && !$0.properties.isWhitespace
                    && !$0.properties.isBidiControl
            })
        return Array(String(text).utf8)
    }

    /// Whether one of `marks` can be read in it: in any case, with blanks, line breaks, backslashes, control
    /// characters and what cannot be seen left out, and wide letters narrow.
    static func holds(_ marks: [[UInt8]], _ paste: [UInt8]) -> Bool {
        let letters = String(decoding: dense(paste), as: UTF8.self).unicodeScalars.compactMap { scalar -> UInt8? in
            let narrow = (0xFF01...0xFF5E).contains(scalar.value) ? scalar.value - 0xFEE0 : scalar.value
            if narrow < 0x20 || narrow == 0x7F || narrow == 0x5C { return nil }
            if (0x41...0x5A).contains(narrow) { return UInt8(narrow) + 0x20 }
            return UInt8(exactly: narrow) ?? 0xFF
        }
        return marks.contains { holds($0, in: letters) }
    }

    static func holds(_ piece: [UInt8], in bytes: [UInt8]) -> Bool {
        guard let first = piece.first, piece.count <= bytes.count else { return piece.isEmpty }
        for start in 0...(bytes.count - piece.count) where bytes[start] == first {
            if bytes[start..<start + piece.count].elementsEqual(piece) { return true }
        }
        return false
    }
}
