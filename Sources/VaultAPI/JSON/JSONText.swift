import VaultModel

/// The text of a scanned string, with its escapes undone (RFC 8259 §7).
///
/// Only for nodes that ``JSONScanner`` made of the same bytes.
enum JSONText {
    /// Undoes a string byte by byte, keeping nothing but the character it is in.
    struct Reader {
        private var position: Int
        private let end: Int
        /// What is left of an undone escape, next byte lowest.
        private var pending: UInt32 = 0
        private var pendingCount = 0

        init(_ node: JSONNode) {
            position = node.bytes.lowerBound
            end = node.bytes.upperBound
        }

        /// The next byte of UTF-8, `nil` at the end.
        mutating func next(_ bytes: RawSpan) -> UInt8? {
            if pendingCount > 0 { return takePending() }
            guard position < end else { return nil }
            let byte = bytes[byte: position]
            guard byte == UInt8(ascii: "\\") else {
                position += 1
                return byte
            }
            guard let scalar = escaped(bytes, at: &position).flatMap(Unicode.Scalar.init) else { return nil }
            for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                pending |= UInt32(unit) << (8 * UInt32(pendingCount))
                pendingCount += 1
            }
            return takePending()
        }

        private mutating func takePending() -> UInt8 {
            let byte = UInt8(truncatingIfNeeded: pending)
            pending >>= 8
            pendingCount -= 1
            return byte
        }
    }

    /// The scalar that the escape at `position` stands for, moving behind it (or to what is wrong with it).
    ///
    /// `nil` for an escape outside the grammar and for a surrogate that is not half of a pair.
    static func escaped(_ bytes: RawSpan, at position: inout Int) -> UInt32? {
        guard position + 1 < bytes.byteCount else { return nil }
        let letter = bytes[byte: position + 1]
        if letter == UInt8(ascii: "u") {
            guard let unit = codeUnit(bytes, at: position) else { return nil }
            position += 6
            guard (0xD800...0xDFFF).contains(unit) else { return unit }
            guard unit < 0xDC00, let low = codeUnit(bytes, at: position), (0xDC00...0xDFFF).contains(low)
            else { return nil }
            position += 6
            return 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
        }
        let scalar: UInt32
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): scalar = UInt32(letter)
        case UInt8(ascii: "b"): scalar = 0x08
        case UInt8(ascii: "f"): scalar = 0x0C
        case UInt8(ascii: "n"): scalar = 0x0A
        case UInt8(ascii: "r"): scalar = 0x0D
        case UInt8(ascii: "t"): scalar = 0x09
        default: return nil
        }
        position += 2
        return scalar
    }

    /// The code unit of a `\uXXXX` at `position`.
    private static func codeUnit(_ bytes: RawSpan, at position: Int) -> UInt32? {
        guard position + 6 <= bytes.byteCount, bytes[byte: position] == UInt8(ascii: "\\"),
            bytes[byte: position + 1] == UInt8(ascii: "u")
        else { return nil }
        var unit: UInt32 = 0
        for offset in position + 2..<position + 6 {
            let digit = bytes[byte: offset]
            switch digit {
            case 0x30...0x39: unit = unit << 4 | UInt32(digit - 0x30)
            case 0x41...0x46, 0x61...0x66: unit = unit << 4 | UInt32(digit & 0xDF - 0x41 + 10)
            default: return nil
            }
        }
        return unit
    }

    /// How many bytes the text has; 0 for what is not a string.
    static func count(_ node: JSONNode) -> Int {
        if case .string(let extent) = node.kind { extent.count } else { 0 }
    }

    /// The text as a `String`: not for secrets.
    static func string(_ node: JSONNode, _ bytes: RawSpan) -> String {
        let count = count(node)
        return unsafe String(unsafeUninitializedCapacity: count) { buffer in
            var reader = Reader(node)
            var end = 0
            while end < count, let byte = reader.next(bytes) {
                unsafe buffer[end] = byte
                end += 1
            }
            return end
        }
    }

    /// The text in memory that is wiped: the one copy made of a secret.
    static func wiped(_ node: JSONNode, _ bytes: RawSpan) -> WipedBuffer {
        let count = count(node)
        var buffer = WipedBuffer(capacity: count)
        if node.bytes.count == count {
            buffer.append(bytes.extracting(node.bytes))
        } else {
            var reader = Reader(node)
            while let byte = reader.next(bytes) { buffer.append(byte) }
        }
        return buffer
    }

    /// The hash of the text, the same however it is escaped; eight bytes at a time.
    static func hash(_ node: JSONNode, _ bytes: RawSpan) -> Int {
        var hasher = Hasher()
        var (word, count) = (0 as UInt64, 0)
        var reader = Reader(node)
        while let byte = reader.next(bytes) {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 { hasher.combine(word) }
        }
        hasher.combine(word)
        hasher.combine(count)
        return hasher.finalize()
    }

    static func areEqual(_ left: JSONNode, _ right: JSONNode, _ bytes: RawSpan) -> Bool {
        guard count(left) == count(right) else { return false }
        var (one, other) = (Reader(left), Reader(right))
        while let byte = one.next(bytes) {
            guard byte == other.next(bytes) else { return false }
        }
        return true
    }

    static func isEqual(_ node: JSONNode, to text: String, _ bytes: RawSpan) -> Bool {
        guard count(node) == text.utf8.count else { return false }
        if node.bytes.count == text.utf8.count {
            var offset = node.bytes.lowerBound
            for byte in text.utf8 {
                guard byte == bytes[byte: offset] else { return false }
                offset += 1
            }
            return true
        }
        var reader = Reader(node)
        return text.utf8.allSatisfy { $0 == reader.next(bytes) }
    }
}
