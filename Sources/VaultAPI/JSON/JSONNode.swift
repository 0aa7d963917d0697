/// One value or member name of a scanned JSON text: what it is and where its bytes are, never the bytes.
///
/// Nodes lie in document order. Those below an array or object follow it at once; ``next`` is the index
/// of the first node after them. In an object, names and values alternate.
struct JSONNode: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case object, array
        case string(Extent)
        /// A number without fraction (`1`, `1.0`, `1e3`) that fits `Int`.
        case integer(Int)
        /// Any other number below 1e308.
        case number
        case boolean(Bool)
        case null
    }

    /// What a string amounts to after unescaping.
    struct Extent: Sendable, Equatable {
        /// Bytes of UTF-8.
        var count = 0
        /// Unicode scalars.
        var characters = 0
        /// Whether any of them is a C0 or C1 control character or DEL.
        var hasControlCharacters = false

        mutating func append(_ scalar: UInt32) {
            count += scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
            characters += 1
            if scalar < 0x20 || (0x7F...0x9F).contains(scalar) { hasControlCharacters = true }
        }
    }

    let kind: Kind
    /// A string's bytes between its quotes, as sent.
    let bytes: Range<Int>
    var next: Int
}

/// What a JSON text may amount to; RFC 8259 §9 leaves these to the reader.
enum JSONLimits {
    /// Arrays and objects in one another.
    static let depth = 16
    /// Strings, member names among them.
    static let strings = 200
    /// Values of any kind and member names.
    static let nodes = 1000
    /// Bytes of UTF-8 in one string, after unescaping.
    static let stringCount = 65_536
}
