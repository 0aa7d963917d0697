/// The checksum of ISO-HDLC, zlib and PNG: polynomial 0xEDB88320 (reflected), start and end inverted.
///
/// Finds mistyping, not malice: it is no MAC. Source: RFC 1952 §8.
package enum CRC32 {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 0 ? value >> 1 : value >> 1 ^ 0xEDB8_8320 }
    }

    package static func checksum(of bytes: RawSpan) -> UInt32 {
        var value = UInt32.max
        for offset in 0..<bytes.byteCount {
            value = table[Int((value ^ UInt32(bytes[byte: offset])) & 0xFF)] ^ value >> 8
        }
        return ~value
    }
}
