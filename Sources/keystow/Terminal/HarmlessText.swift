/// Text that others wrote, as it may stand on a line of ours.
///
/// Names, labels and a server's words are chosen by whoever wanted to: nothing in them may move the cursor, end the line,
/// turn the direction of reading, take no room, or look like the space between two columns.
enum HarmlessText {
    /// `text` with every scalar that could do so written as `\u{…}`, and a backslash doubled, so that no two texts look alike.
    static func cell(_ text: String) -> String {
        var shown = ""
        var marks = 0
        var isAfterSpace = true
        for scalar in text.unicodeScalars {
            let isMark = DisplayWidth.isMark(scalar)
            marks = isMark ? marks + 1 : 0
            if scalar == "\\" {
                shown += "\\\\"
            } else if isHarmful(scalar) || marks > 2 || isAfterSpace && (isMark || scalar == " ") {
                shown += escape(scalar)
            } else {
                shown.unicodeScalars.append(scalar)
            }
            isAfterSpace = scalar == " "
        }
        if shown.hasSuffix(" ") { shown = shown.dropLast() + escape(" ") }
        return shown
    }

    /// A sentence on one line: what could act on a terminal is a space in it.
    static func sentence(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isHarmful($0) ? " " : $0 }))
    }

    /// JSON of a server's on one line, what a terminal could act on written as `\uXXXX`: the same value.
    static func json(_ bytes: some Sequence<UInt8>) -> String {
        let text = String(decoding: Array(bytes), as: UTF8.self)
        guard text.unicodeScalars.contains(where: isHarmful) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if !isHarmful(scalar) {
                shown.unicodeScalars.append(scalar)
            } else if scalar.isASCII {
                // No string of JSON holds a bare control character: this stands between its parts.
                shown += " "
            } else {
                for unit in String(scalar).utf16 { shown += "\\u" + hexadecimal(UInt32(unit), digits: 4) }
            }
        }
        return shown
    }

    /// Whether a terminal could act on it, or nothing of it could be seen.
    static func isHarmful(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return true
        default:
            // Without these the pattern of no dots of Braille would pass for a space.
            return scalar.properties.isDefaultIgnorableCodePoint || scalar.value == 0x2800
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        "\\u{" + hexadecimal(scalar.value, digits: 1) + "}"
    }

    private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
        let text = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
