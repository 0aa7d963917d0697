import VaultModel

/// A paste as a person sees it, and once more in the form in which sign-in tokens are looked for.
///
/// Both copies are overwritten when they go.
struct VisibleText: ~Copyable {
    /// Without invisible characters; every kind of space is a space, every kind of line break a line feed.
    private(set) var bytes: WipedBuffer
    /// With hyphens for all dashes, `"` for all quotation marks, narrow letters for wide ones, and without control
    /// characters. No way of prettifying a token hides it here.
    private(set) var plain: WipedBuffer
    private(set) var hadInvisible = false
    /// Whether a token could be seen in `plain` that is not seen in `bytes`.
    private(set) var isDisguised = false
    /// Where the first byte that is not UTF-8 stands, in characters from 1.
    private(set) var invalidAt: Int?

    init(_ paste: RawSpan, steps: inout Int) {
        bytes = WipedBuffer(capacity: paste.byteCount + 16)
        plain = WipedBuffer(capacity: paste.byteCount + 16)
        var index = 0
        var position = 0
        while index < paste.byteCount {
            steps += 1
            position += 1
            guard let (value, length) = paste.scalar(at: index) else {
                if invalidAt == nil { invalidAt = position }
                index += 1
                continue
            }
            append(Glyph(value), paste.extracting(index..<index + length))
            index += length
        }
    }

    private mutating func append(_ glyph: Glyph, _ character: RawSpan) {
        switch glyph {
        case .invisible:
            hadInvisible = true
            return
        case .space: bytes.append(UInt8(ascii: " "))
        case .lineBreak: bytes.append(UInt8(ascii: "\n"))
        default: bytes.append(character)
        }
        switch glyph {
        case .ascii(let byte) where byte < 0x20 || byte == 0x7F: isDisguised = true
        case .ascii(let byte): plain.append(byte)
        case .wide(let byte): disguised(byte)
        case .dash: disguised(UInt8(ascii: "-"))
        case .quote: plain.append(UInt8(ascii: "\""))
        case .space: plain.append(UInt8(ascii: " "))
        case .lineBreak: plain.append(UInt8(ascii: "\n"))
        default: plain.append(0xFF as UInt8)
        }
    }

    private mutating func disguised(_ byte: UInt8) {
        isDisguised = true
        plain.append(byte)
    }
}
