import VaultModel

/// A paste as a person sees it, and once more in the form in which sign-in tokens are looked for.
///
/// Both copies are overwritten when they go.
struct VisibleText: ~Copyable {
    /// Without invisible characters; every kind of space is a space, every kind of line break a line feed.
    private(set) var bytes: WipedBuffer
    /// Lower case, without any space, line break or backslash; dashes are hyphens, quotation marks `"`, wide
    /// letters narrow. No way of wrapping or prettifying a token hides it here.
    private(set) var folded: WipedBuffer
    private(set) var hadInvisible = false
    /// Where the first byte that is not UTF-8 stands, in characters from 1.
    private(set) var invalidAt: Int?

    init(_ paste: RawSpan, steps: inout Int) {
        bytes = WipedBuffer(capacity: paste.byteCount + 16)
        folded = WipedBuffer(capacity: paste.byteCount + 16)
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
        case .space, .lineBreak, .invisible, .ascii(UInt8(ascii: "\\")), .wide(UInt8(ascii: "\\")): break
        case .ascii(let byte), .wide(let byte): folded.append(byte.lowered)
        case .dash: folded.append(UInt8(ascii: "-"))
        case .quote: folded.append(UInt8(ascii: "\""))
        default: folded.append(0xFF as UInt8)
        }
    }
}
