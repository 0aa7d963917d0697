package import VaultModel

/// Writes JSON (RFC 8259) straight into memory that is wiped: answers may hold a secret.
///
/// A text is written on one line for every reader of lines, and reads in one direction: what ends or turns a line is escaped.
///
/// The caller keeps the grammar (begin and end in pairs, a name for every member); commas and escapes are
/// kept here. Names are ours, so they are written as they are: no quote, backslash or control character.
package struct JSONWriter: ~Copyable, Sendable {
    private var buffer: WipedBuffer
    /// Whether a value precedes at this place, so that a comma is due.
    private var followsValue = false

    package init(capacity: Int = 256) {
        buffer = WipedBuffer(capacity: capacity)
    }

    /// The finished text.
    package consuming func finish() -> WipedBuffer { buffer }

    package mutating func beginObject() { begin(UInt8(ascii: "{")) }
    package mutating func endObject() { end(UInt8(ascii: "}")) }
    package mutating func beginArray() { begin(UInt8(ascii: "[")) }
    package mutating func endArray() { end(UInt8(ascii: "]")) }

    package mutating func beginObject(_ name: StaticString) {
        self.name(name)
        beginObject()
    }

    package mutating func beginArray(_ name: StaticString) {
        self.name(name)
        beginArray()
    }

    /// The name of the member whose value comes next.
    package mutating func name(_ name: StaticString) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        buffer.append(name)
        buffer.append("\":" as StaticString)
        followsValue = false
    }

    /// The name of the member whose value comes next, where it is not ours (tags).
    package mutating func name(escaping name: String) {
        string(name)
        buffer.append(UInt8(ascii: ":"))
        followsValue = false
    }

    package mutating func string(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { bytes in unsafe appendString(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(bytes))) }
    }

    /// A string of `utf8`, which the caller knows to be UTF-8: how a secret is written, with no other copy.
    package mutating func string(utf8: RawSpan) {
        separate()
        appendString(utf8)
    }

    package mutating func integer(_ value: Int) {
        separate()
        buffer.append(String(value))
    }

    package mutating func boolean(_ value: Bool) {
        separate()
        buffer.append(value ? "true" as StaticString : "false")
    }

    package mutating func null() {
        separate()
        buffer.append("null" as StaticString)
    }

    private mutating func separate() {
        if followsValue { buffer.append(UInt8(ascii: ",")) }
        followsValue = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        buffer.append(bracket)
        followsValue = false
    }

    private mutating func end(_ bracket: UInt8) {
        buffer.append(bracket)
        followsValue = true
    }

    private mutating func appendString(_ bytes: RawSpan) {
        buffer.append(UInt8(ascii: "\""))
        var start = 0
        for offset in 0..<bytes.byteCount {
            let byte = bytes[byte: offset]
            if byte == 0xE2, let escape = Self.escape(ofThree: bytes, at: offset) {
                buffer.append(bytes.extracting(start..<offset))
                start = offset + 3
                buffer.append(escape)
                continue
            }
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            buffer.append(bytes.extracting(start..<offset))
            start = offset + 1
            appendEscape(byte)
        }
        buffer.append(bytes.extracting(start..<bytes.byteCount))
        buffer.append(UInt8(ascii: "\""))
    }

    /// The escape of what ends a line to some readers of text, or turns its direction round (UAX #9): U+2028 to U+202E and
    /// U+2066 to U+2069.
    private static func escape(ofThree bytes: RawSpan, at offset: Int) -> String? {
        guard offset + 2 < bytes.byteCount else { return nil }
        let (second, third) = (bytes[byte: offset + 1], bytes[byte: offset + 2])
        switch (second, third) {
        case (0x80, 0xA8...0xAE), (0x81, 0xA6...0xA9):
            return "\\u" + String(0x2000 + Int(second - 0x80) * 64 + Int(third - 0x80), radix: 16)
        default: return nil
        }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        case 0x00..<0x20:
            buffer.append("u00" as StaticString)
            for digit in [byte >> 4, byte & 0xF] {
                buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            }
        default: buffer.append(byte)
        }
    }
}

extension JSONWriter {
    /// A member with text; `nil` is written as null.
    package mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { null() }
    }

    /// A member with a number; `nil` is written as null.
    package mutating func member(_ name: StaticString, _ value: Int?) {
        self.name(name)
        if let value { integer(value) } else { null() }
    }

    package mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        boolean(value)
    }

    /// A member with a moment in RFC 3339; `nil` is written as null.
    package mutating func member(_ name: StaticString, _ value: Timestamp?) {
        member(name, value?.description)
    }

    package mutating func member(_ name: StaticString, _ values: [String]) {
        beginArray(name)
        for value in values { string(value) }
        endArray()
    }

    package mutating func member(_ name: StaticString, _ values: [Int]) {
        beginArray(name)
        for value in values { integer(value) }
        endArray()
    }

    /// A member with an object of texts, in the order of their names.
    package mutating func member(_ name: StaticString, _ values: [String: String]) {
        beginObject(name)
        for (key, value) in values.sorted(by: { $0.key < $1.key }) {
            self.name(escaping: key)
            string(value)
        }
        endObject()
    }

    /// A member with a secret, which the caller knows to be UTF-8.
    package mutating func member(_ name: StaticString, secret: borrowing SecretBytes) {
        self.name(name)
        secret.withBytes { bytes in string(utf8: bytes) }
    }
}
