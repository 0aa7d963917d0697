/// How an access token is spelled: `kst_<kind>_<random><checksum>`, always 41 bytes of ASCII.
///
/// `<random>` is 160 bits as 27 base62 digits, `<checksum>` the CRC-32 of all bytes before it as six
/// (`0-9A-Za-z`, most significant first). So a mistyped token is known as such without the database, and
/// secret scanners can match it. The form proves nothing: only the lookup by HMAC does.
package enum TokenText {
    /// How many bytes every token has.
    package static let count = checkedCount + checksumDigits

    /// How many random bytes ``make(kind:random:)`` takes: 160 bits.
    package static let randomCount = 20

    private static let randomDigits = 27
    private static let checksumDigits = 6
    private static let prefixCount = 8
    private static let checkedCount = prefixCount + randomDigits

    /// Spells a token of `kind` over ``randomCount`` bytes from the system's generator; `nil` for any other number.
    package static func make(
        kind: TokenKind, random: borrowing SecretBytes
    ) throws(SecretMemoryExhausted) -> SecretBytes? {
        guard random.count == randomCount else { return nil }
        return try SecretBytes(count: count, exhausted: SecretMemoryExhausted()) {
            (text: inout MutableRawSpan) throws(SecretMemoryExhausted) in
            random.withBytes { bytes in spell(kind, bytes, in: &text) }
        }
    }

    private static func spell(_ kind: TokenKind, _ random: RawSpan, in text: inout MutableRawSpan) {
        put("kst_", in: &text, at: 0)
        put(kind.rawValue, in: &text, at: 4)
        put("_", in: &text, at: 7)
        // One number, most significant limb first; dividing it down to its last digit leaves zeros behind.
        var limbs: [5 of UInt32] = [0, 0, 0, 0, 0]
        for offset in 0..<randomCount { limbs[offset / 4] = limbs[offset / 4] << 8 | UInt32(random[byte: offset]) }
        for place in stride(from: checkedCount - 1, through: prefixCount, by: -1) {
            var remainder: UInt64 = 0
            for index in 0..<5 {
                let part = remainder << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(part / 62)
                remainder = part % 62
            }
            text.storeBytes(of: digit(Int(remainder)), toByteOffset: place, as: UInt8.self)
        }
        var checksum = CRC32.checksum(of: text.bytes.extracting(0..<checkedCount))
        for place in stride(from: count - 1, through: checkedCount, by: -1) {
            text.storeBytes(of: digit(Int(checksum % 62)), toByteOffset: place, as: UInt8.self)
            checksum /= 62
        }
    }

    private static func put(_ ascii: String, in text: inout MutableRawSpan, at start: Int) {
        for (offset, byte) in ascii.utf8.enumerated() {
            text.storeBytes(of: byte, toByteOffset: start + offset, as: UInt8.self)
        }
    }

    /// The kind that `bytes` claims, when form and checksum are right; `nil` for all else.
    ///
    /// Allocates nothing, and looks at no more than ``count`` bytes of whatever it is given.
    package static func check(_ bytes: RawSpan) -> TokenKind? {
        guard bytes.byteCount == count, let kind = kind(of: bytes) else { return nil }
        var claimed: UInt64 = 0
        for offset in prefixCount..<count {
            guard let value = value(of: bytes[byte: offset]) else { return nil }
            if offset >= checkedCount { claimed = claimed * 62 + value }
        }
        return claimed == UInt64(CRC32.checksum(of: bytes.extracting(0..<checkedCount))) ? kind : nil
    }

    private static func kind(of bytes: RawSpan) -> TokenKind? {
        var prefix: UInt64 = 0
        for offset in 0..<prefixCount { prefix = prefix << 8 | UInt64(bytes[byte: offset]) }
        switch prefix {
        case 0x6B73_745F_6164_6D5F: return .admin  // kst_adm_
        case 0x6B73_745F_6170_705F: return .app  // kst_app_
        case 0x6B73_745F_636F_6E5F: return .connect  // kst_con_
        case 0x6B73_745F_7573_655F: return .use  // kst_use_
        default: return nil
        }
    }

    private static func value(of digit: UInt8) -> UInt64? {
        switch digit {
        case 0x30...0x39: UInt64(digit - 0x30)
        case 0x41...0x5A: UInt64(digit - 0x41 + 10)
        case 0x61...0x7A: UInt64(digit - 0x61 + 36)
        default: nil
        }
    }

    private static func digit(_ value: Int) -> UInt8 {
        switch value {
        case 0..<10: 0x30 + UInt8(value)
        case 10..<36: 0x41 + UInt8(value - 10)
        default: 0x61 + UInt8(value - 36)
        }
    }
}
