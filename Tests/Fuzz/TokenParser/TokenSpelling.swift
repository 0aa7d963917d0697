import VaultModel

/// How tokens are spelled, once more: the sentence of the API's contract, and none of the vault's code.
enum TokenSpelling {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func kind(of token: [UInt8]) -> TokenKind? {
        let parts = token.split(separator: UInt8(ascii: "_"), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual("kst".utf8), parts[2].count == 33,
            parts[2].allSatisfy({ digits.contains($0) })
        else { return nil }
        let checksum = parts[2].suffix(6).reduce(0) { $0 * 62 + (digits.firstIndex(of: $1) ?? 0) }
        guard checksum == Int(crc(token.dropLast(6))) else { return nil }
        return TokenKind(rawValue: String(decoding: parts[1], as: UTF8.self))
    }

    /// The token in an `Authorization` header, if it is one of these kinds.
    static func bearer(_ header: [UInt8], of kinds: [TokenKind]) -> [UInt8]? {
        let scheme = header.prefix(7).map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        guard scheme == Array("bearer ".utf8), let kind = kind(of: Array(header.dropFirst(7))), kinds.contains(kind)
        else { return nil }
        return Array(header.dropFirst(7))
    }

    /// One bit after the other, as the polynomial is divided by hand.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var remainder = UInt32.max
        for byte in bytes {
            for place in 0..<8 {
                let bit = UInt32(byte >> place) & 1
                remainder = (remainder & 1) ^ bit == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
            }
        }
        return ~remainder
    }
}
