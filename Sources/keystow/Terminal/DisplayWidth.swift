/// How many cells of a terminal a text takes.
///
/// By the blocks of Unicode whose characters are wide (UAX #11, W and F), not by the locale: the same everywhere.
enum DisplayWidth {
    static func of(_ text: some StringProtocol) -> Int { text.unicodeScalars.reduce(0) { $0 + of($1) } }

    static func of(_ scalar: Unicode.Scalar) -> Int { scalar.isASCII ? 1 : isMark(scalar) ? 0 : isWide(scalar) ? 2 : 1 }

    /// Whether it stands over the character before it.
    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300 else { return false }
        let category = scalar.properties.generalCategory
        return category == .nonspacingMark || category == .enclosingMark
    }

    /// The beginning of `text` that takes at most `width` cells, with `…` where something was left out.
    static func cut(_ text: String, to width: Int) -> String {
        guard of(text) > width else { return text }
        var shown = String.UnicodeScalarView()
        var room = width - 1
        for scalar in text.unicodeScalars {
            room -= of(scalar)
            if room < 0 { break }
            shown.append(scalar)
        }
        return String(shown) + "…"
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115F, 0x231A...0x231B, 0x23E9...0x23EC, 0x2E80...0x303E, 0x3041...0x4DBF, 0x4E00...0xA4CF,
            0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6,
            0x16FE0...0x18CFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F2FF, 0x20000...0x3FFFD:
            true
        default: scalar.properties.isEmojiPresentation
        }
    }
}
