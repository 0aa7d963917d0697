import VaultModel

/// Which bytes are UTF-8: the table of well-formed sequences, Unicode 3.9 table 3-7 (RFC 3629 §4).
enum UTF8Form {
    /// The character at `position`, which must be in bounds, moving behind it; `nil` when it is not well-formed.
    ///
    /// Overlong forms, surrogates, what is above U+10FFFF and what is cut short are not well-formed.
    static func scalar(_ bytes: RawSpan, at position: inout Int) -> UInt32? {
        let first = bytes[byte: position]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0x00...0x7F:
            position += 1
            return UInt32(first)
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return nil
        }
        guard position + length <= bytes.byteCount, second.contains(bytes[byte: position + 1]) else { return nil }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for offset in position + 1..<position + length {
            let next = bytes[byte: offset]
            guard next & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(next & 0x3F)
        }
        position += length
        return scalar
    }
}
