/// What a character of a paste means to the key doctor, apart from what it says.
enum Glyph: Equatable {
    case ascii(UInt8)
    /// Takes no room on a screen.
    case invisible
    case space
    case lineBreak
    /// Looks like a hyphen and is none.
    case dash
    /// A quotation mark, ASCII ones included.
    case quote
    /// Dots and bullets that stand for hidden characters.
    case bullet, ellipsis
    /// The wide form of an ASCII character.
    case wide(UInt8)
    /// Punctuation of scripts that put no space between words.
    case punctuation
    case other

    /// - Parameter scalar: a Unicode code point; the sets are those of Unicode 16, chapters 6 and 23.
    init(_ scalar: UInt32) {
        switch scalar {
        case 0x22, 0x27, 0x60: self = .quote
        case 0x0A, 0x0D: self = .lineBreak
        case 0x09, 0x0B, 0x0C, 0x20: self = .space
        case 0..<0x80: self = .ascii(UInt8(scalar))
        case 0x85: self = .lineBreak
        case 0xAD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B...0x180F, 0x200B...0x200F, 0x2028...0x202E,
            0x2060...0x206F, 0x3164, 0xFE00...0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0...0xFFFB, 0x1BCA0...0x1BCA3,
            0x1D173...0x1D17A, 0xE0000...0xE0FFF:
            self = .invisible
        case 0xA0, 0x1680, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: self = .space
        case 0x2010...0x2015, 0x2043, 0x2212, 0xFE58, 0xFE63: self = .dash
        case 0xAB, 0xBB, 0xB4, 0x2018...0x201F, 0x2032...0x2036, 0x2039, 0x203A, 0x300C...0x300F: self = .quote
        case 0x2022, 0x2023, 0x2219, 0x25CF, 0x25AA, 0x25E6, 0xB7: self = .bullet
        case 0x2026, 0x22EF: self = .ellipsis
        case 0xFF01...0xFF5E: self = .wide(UInt8(scalar - 0xFF01 + 0x21))
        case 0x3001...0x303F: self = .punctuation
        default: self = .other
        }
    }
}

extension RawSpan {
    /// The UTF-8 character at `index`, as RFC 3629 has it; `nil` when there is none.
    func scalar(at index: Int) -> (value: UInt32, length: Int)? {
        let first = byte(index)
        if first < 0x80 { return index < byteCount ? (UInt32(first), 1) : nil }
        let (length, least): (Int, UInt32) =
            switch first {
            case 0xC2...0xDF: (2, 0x80)
            case 0xE0...0xEF: (3, 0x800)
            case 0xF0...0xF4: (4, 0x10000)
            default: (0, 0)
            }
        guard length > 0, index + length <= byteCount else { return nil }
        var value = UInt32(first) & (0x7F >> UInt32(length))
        for offset in 1..<length {
            let next = byte(index + offset)
            guard next & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(next & 0x3F)
        }
        guard value >= least, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return nil }
        return (value, length)
    }

    /// The UTF-8 character that ends before `end`.
    func scalar(before end: Int) -> (value: UInt32, length: Int)? {
        var start = end - 1
        while start > 0, end - start < 4, byte(start) & 0xC0 == 0x80 { start -= 1 }
        guard start >= 0, let scalar = scalar(at: start), start + scalar.length == end else { return nil }
        return scalar
    }

    /// What stands at `index`.
    func glyph(at index: Int) -> Glyph? { scalar(at: index).map { Glyph($0.value) } }

    /// How many characters lie between two places.
    func characters(in range: Range<Int>) -> Int {
        range.reduce(0) { count, index in byte(index) & 0xC0 == 0x80 ? count : count + 1 }
    }
}
