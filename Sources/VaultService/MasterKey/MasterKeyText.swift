import VaultCrypto
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// A master key as it is written, wherever it comes from: exactly 32 raw bytes, or exactly 44 characters of padded base64
/// (RFC 4648 §4) and at most one newline behind them.
enum MasterKeyText {
    /// Room for one byte more than the longest that is right has, so that a longer one is told from it.
    static let room = 46

    /// The key that the first `length` bytes of `text` stand for.
    ///
    /// - Throws: `masterKeyMalformed` for any other length or alphabet.
    static func key(
        of text: borrowing SecretBytes, _ length: Int, from place: MasterKeyPlace, mayBeRaw: Bool = true
    ) throws(OpeningError) -> SecretBytes {
        try unsafe text.withUnsafeBytes { text throws(OpeningError) in
            let isRaw = mayBeRaw && length == 32
            let hasNewline = unsafe length == 45 && text[44] == UInt8(ascii: "\n")
            guard isRaw || hasNewline || length == 44 else { throw .masterKeyMalformed(place) }
            return try SecretBytes(count: 32, exhausted: OpeningError.vault(.overloaded)) { key throws(OpeningError) in
                for index in 0..<32 {
                    let byte = isRaw ? unsafe text[index] : unsafe base64Byte(index, of: text)
                    guard let byte else { throw .masterKeyMalformed(place) }
                    key.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
                }
                guard unsafe isRaw || text[43] == UInt8(ascii: "=") else { throw .masterKeyMalformed(place) }
            }
        }
    }

    /// How a key is written: 44 characters of base64.
    ///
    /// - Throws: `overloaded` when secure memory has no room.
    static func text(of key: borrowing SecretBytes) throws(OpeningError) -> SecretBytes {
        try key.withBytes { key throws(OpeningError) in
            try SecretBytes(count: (key.byteCount + 2) / 3 * 4, exhausted: OpeningError.vault(.overloaded)) {
                text throws(OpeningError) in
                for place in 0..<text.byteCount {
                    text.storeBytes(of: Base64.character(place, of: key), toByteOffset: place, as: UInt8.self)
                }
            }
        }
    }

    /// Byte `index` of what 43 base64 characters stand for; `nil` for a foreign character, or when the last one carries
    /// bits that no byte has.
    private static func base64Byte(_ index: Int, of text: UnsafeRawBufferPointer) -> UInt8? {
        let (group, place) = (index / 3 * 4, index % 3)
        var bits: UInt32 = 0
        for offset in 0..<4 {
            if group + offset == 43 {
                bits <<= 6
            } else {
                guard let six = Base64.value(of: unsafe text[group + offset]) else { return nil }
                bits = bits << 6 | six
            }
        }
        if group == 40, bits & 0xFF != 0 { return nil }
        return UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place))
    }
}
