/// The characters that the body of a key is made of.
enum Alphabet: String, Sendable, Decodable {
    case alphanumeric
    case lowerAlphanumeric = "lower_alphanumeric"
    case lowerHex = "lower_hex"
    /// RFC 4648 §5, without padding.
    case base64url
    /// RFC 4648 §4, without padding.
    case base64
    /// RFC 4648 §6, without padding.
    case base32
    /// Letters, digits and `_`.
    case word

    func contains(_ byte: UInt8) -> Bool {
        switch self {
        case .alphanumeric: byte.isLetterOrDigit
        case .lowerAlphanumeric: byte.isDigit || (0x61...0x7A).contains(byte)
        case .lowerHex: byte.isDigit || (0x61...0x66).contains(byte)
        case .base64url: byte.isLetterOrDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
        case .base64: byte.isLetterOrDigit || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        case .base32: (0x41...0x5A).contains(byte) || (0x32...0x37).contains(byte)
        case .word: byte.isLetterOrDigit || byte == UInt8(ascii: "_")
        }
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    var isLetterOrDigit: Bool { isDigit || isLetter }
    var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isLineBreak: Bool { self == 0x0A || self == 0x0D }
    var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
    /// A to Z as a to z, all else as it is.
    var lowered: UInt8 { (0x41...0x5A).contains(self) ? self | 0x20 : self }
}

extension RawSpan {
    /// The byte at `index`, or zero beyond the end.
    func byte(_ index: Int) -> UInt8 {
        unsafe index >= 0 && index < byteCount ? unsafeLoad(fromByteOffset: index, as: UInt8.self) : 0
    }

    /// Whether `text` stands at `index`; `ignoringCase`: `text` is lower case.
    func has(_ text: [UInt8], at index: Int, ignoringCase: Bool = false) -> Bool {
        guard index >= 0, index + text.count <= byteCount else { return false }
        for offset in text.indices {
            let byte = byte(index + offset)
            if (ignoringCase ? byte.lowered : byte) != text[offset] { return false }
        }
        return true
    }

    /// Whether two ranges hold the same bytes.
    func areEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count where byte(left.lowerBound + offset) != byte(right.lowerBound + offset) {
            return false
        }
        return true
    }
}
