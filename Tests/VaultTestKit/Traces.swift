/// Looks for pieces of a secret in bytes: as they are, forwards and backwards, as base64 at any alignment, as hex and as a
/// URL has them, in either case.
package struct Traces {
    /// How long a piece is that counts as a leak.
    package static let length = 8

    /// What is looked for, by its first eight bytes.
    private var needles: [UInt64: [[UInt8]]] = [:]

    /// - Parameter secret: what follows a key's prefix; every eight bytes of it are looked for.
    package init(of secret: String) { self.init(of: Array(secret.utf8)) }

    package init(of bytes: [UInt8]) {
        for start in 0...(bytes.count - Self.length) {
            let piece = Array(bytes[start..<start + Self.length])
            add(piece)
            add(piece.reversed())
            for digits in ["0123456789abcdef", "0123456789ABCDEF"] {
                add(Self.hex(piece, digits))
                add(piece.flatMap { [UInt8(ascii: "%")] + Self.hex([$0], digits) })
            }
        }
        // In base64 a piece has three looks, by where it falls; the characters that neighbours touch are left out.
        for alignment in 0..<3 {
            let padded = [UInt8](repeating: 0, count: alignment) + bytes
            let text = Self.base64(Array(padded.prefix(padded.count / 3 * 3)))
            let inner = text.dropFirst(4)
            for variant in [Array(inner), inner.map { $0 == 0x2B ? 0x2D : $0 == 0x2F ? 0x5F : $0 }]
            where variant.count >= 11 {
                for start in 0...(variant.count - 11) { add(Array(variant[start..<start + 11])) }
            }
        }
    }

    private mutating func add(_ needle: [UInt8]) {
        let key = Self.word(needle, 0)
        if needles[key]?.contains(needle) != true { needles[key, default: []].append(needle) }
    }

    /// The first piece that is there.
    package func first(in bytes: [UInt8]) -> String? {
        guard bytes.count >= 8 else { return nil }
        var word = Self.word(bytes, 0)
        for end in 8...bytes.count {
            if let candidates = needles[word] {
                for needle in candidates where bytes[(end - 8)...].starts(with: needle) {
                    return String(decoding: needle, as: UTF8.self)
                }
            }
            if end < bytes.count { word = word << 8 | UInt64(bytes[end]) }
        }
        return nil
    }

    private static func word(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func hex(_ bytes: [UInt8], _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return stride(from: 0, to: bytes.count, by: 3).flatMap { start in
            let bits = UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8 | UInt32(bytes[start + 2])
            return [18, 12, 6, 0].map { alphabet[Int(bits >> UInt32($0) & 63)] }
        }
    }
}
