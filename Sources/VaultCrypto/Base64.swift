/// Padded base64 (RFC 4648 §4): one text for each run of bytes.
package enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func text(of bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var (pending, count): (UInt32, Int) = (0, 0)
        for byte in bytes {
            pending = pending << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(pending >> UInt32(count) & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(pending << UInt32(6 - count) & 63)]) }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Character `place` of the text of `bytes`, so that a secret's text is written where its owner wants it.
    package static func character(_ place: Int, of bytes: RawSpan) -> UInt8 {
        let group = place / 4 * 3
        var bits: UInt32 = 0
        for index in group..<group + 3 {
            let byte = index < bytes.byteCount ? unsafe bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) : 0
            bits = bits << 8 | UInt32(byte)
        }
        let isPadding = group + place % 4 > bytes.byteCount
        return isPadding ? UInt8(ascii: "=") : alphabet[Int(bits >> UInt32(18 - place % 4 * 6) & 63)]
    }

    /// `nil` for anything that ``text(of:)`` does not write.
    package static func bytes(of text: some StringProtocol) -> [UInt8]? { bytes(of: Array(text.utf8)[...]) }

    /// The same of characters in ASCII.
    package static func bytes(of characters: ArraySlice<UInt8>) -> [UInt8]? {
        guard characters.count % 4 == 0 else { return nil }
        let padding = characters.suffix(2).count { $0 == UInt8(ascii: "=") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3)
        var (pending, count): (UInt32, Int) = (0, 0)
        for character in characters.dropLast(padding) {
            guard let value = value(of: character) else { return nil }
            pending = pending << 6 | value
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: pending >> UInt32(count)))
        }
        // Bits that belong to no byte are zero, or there would be two texts for the same bytes.
        guard pending & (1 << UInt32(count) - 1) == 0 else { return nil }
        return bytes
    }

    /// The six bits that a character stands for.
    package static func value(of character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character) - 0x41
        case 0x61...0x7A: UInt32(character) - 0x61 + 26
        case 0x30...0x39: UInt32(character) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
