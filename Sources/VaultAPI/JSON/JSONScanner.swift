import VaultModel

/// Reads a whole JSON text by the grammar of RFC 8259 and nothing beyond it.
///
/// Refused as `invalid_json`: a byte order mark, any encoding but UTF-8, control characters in strings, lone
/// surrogates even when escaped, comments, trailing commas, leading zeros, anything after the value,
/// numbers from 1e308 up, and what is over ``JSONLimits``. Refused as `duplicate_member`: two names in one
/// object that are the same after unescaping. Copies no byte of the text.
struct JSONScanner {
    var position = 0
    private var depth = 0
    private var strings = 0
    private var nodes: [JSONNode] = []
    /// The hash of each node that is a member name, 0 for all others: seeded anew in every process.
    private var hashes: [Int] = []

    private init() {
        nodes.reserveCapacity(32)
        hashes.reserveCapacity(32)
    }

    /// The nodes of `bytes`, the first being the whole value.
    static func scan(_ bytes: RawSpan) throws(Problem) -> [JSONNode] {
        var scanner = JSONScanner()
        scanner.skipWhitespace(bytes)
        try scanner.value(bytes)
        scanner.skipWhitespace(bytes)
        guard scanner.position == bytes.byteCount else { throw scanner.refusal("something follows the value") }
        return scanner.nodes
    }

    func refusal(_ what: StaticString) -> Problem {
        Problem(.invalidJSON, detail: "The request body is not valid JSON: \(what), at byte \(position).")
    }

    /// The byte at the current position, 0 at the end: NUL is a part of no JSON token.
    func peek(_ bytes: RawSpan) -> UInt8 {
        position < bytes.byteCount ? bytes[byte: position] : 0
    }

    private mutating func skipWhitespace(_ bytes: RawSpan) {
        while true {
            switch peek(bytes) {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            default: return
            }
        }
    }

    private mutating func append(_ kind: JSONNode.Kind, bytes: Range<Int>) throws(Problem) {
        guard nodes.count < JSONLimits.nodes else { throw refusal("there are too many values") }
        nodes.append(JSONNode(kind: kind, bytes: bytes, next: nodes.count + 1))
        hashes.append(0)
    }

    private mutating func value(_ bytes: RawSpan) throws(Problem) {
        let start = position
        switch peek(bytes) {
        case UInt8(ascii: "{"): try object(bytes)
        case UInt8(ascii: "["): try array(bytes)
        case UInt8(ascii: "\""): try string(bytes)
        case UInt8(ascii: "t"): try word("true", .boolean(true), bytes)
        case UInt8(ascii: "f"): try word("false", .boolean(false), bytes)
        case UInt8(ascii: "n"): try word("null", .null, bytes)
        case UInt8(ascii: "-"), 0x30...0x39:
            let kind = try number(bytes)
            try append(kind, bytes: start..<position)
        default: throw refusal("a value is missing")
        }
    }

    private mutating func word(_ word: String, _ kind: JSONNode.Kind, _ bytes: RawSpan) throws(Problem) {
        let start = position
        for byte in word.utf8 {
            guard peek(bytes) == byte else { throw refusal("a value is misspelled") }
            position += 1
        }
        try append(kind, bytes: start..<position)
    }

    private mutating func enter(_ kind: JSONNode.Kind, _ bytes: RawSpan) throws(Problem) -> Int {
        guard depth < JSONLimits.depth else { throw refusal("it is nested too deeply") }
        depth += 1
        let index = nodes.count
        try append(kind, bytes: position..<position)
        position += 1
        skipWhitespace(bytes)
        return index
    }

    private mutating func leave(_ index: Int) {
        position += 1
        depth -= 1
        nodes[index].next = nodes.count
    }

    private mutating func array(_ bytes: RawSpan) throws(Problem) {
        let index = try enter(.array, bytes)
        if peek(bytes) == UInt8(ascii: "]") { return leave(index) }
        while true {
            try value(bytes)
            skipWhitespace(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "]"): return leave(index)
            default: throw refusal("a comma or ] is missing")
            }
            skipWhitespace(bytes)
        }
    }

    private mutating func object(_ bytes: RawSpan) throws(Problem) {
        let index = try enter(.object, bytes)
        if peek(bytes) == UInt8(ascii: "}") { return leave(index) }
        while true {
            guard peek(bytes) == UInt8(ascii: "\"") else { throw refusal("a member name is missing") }
            let name = nodes.count
            try string(bytes)
            try refuseRepetition(of: name, in: index, bytes)
            skipWhitespace(bytes)
            guard peek(bytes) == UInt8(ascii: ":") else { throw refusal("a colon is missing") }
            position += 1
            skipWhitespace(bytes)
            try value(bytes)
            skipWhitespace(bytes)
            switch peek(bytes) {
            case UInt8(ascii: ","): position += 1
            case UInt8(ascii: "}"): return leave(index)
            default: throw refusal("a comma or } is missing")
            }
            skipWhitespace(bytes)
        }
    }

    /// Looks for the same name earlier in the object. Only names of one hash are compared, so that names
    /// chosen to be nearly the same cost no more than others.
    private mutating func refuseRepetition(of name: Int, in object: Int, _ bytes: RawSpan) throws(Problem) {
        hashes[name] = JSONText.hash(nodes[name], bytes)
        var other = object + 1
        while other < name {
            if hashes[other] == hashes[name], JSONText.areEqual(nodes[other], nodes[name], bytes) {
                throw Problem(.duplicateMember, field: Problem.echoable(JSONText.string(nodes[name], bytes)))
            }
            other = nodes[other + 1].next
        }
    }

    private mutating func string(_ bytes: RawSpan) throws(Problem) {
        strings += 1
        guard strings <= JSONLimits.strings else { throw refusal("there are too many strings") }
        position += 1
        let start = position
        var extent = JSONNode.Extent()
        while true {
            guard position < bytes.byteCount else { throw refusal("a string does not end") }
            let byte = bytes[byte: position]
            switch byte {
            case UInt8(ascii: "\""):
                guard extent.count <= JSONLimits.stringCount else { throw refusal("a string is too long") }
                try append(.string(extent), bytes: start..<position)
                position += 1
                return
            case UInt8(ascii: "\\"):
                guard let scalar = JSONText.escaped(bytes, at: &position) else { throw refusal("an escape is wrong") }
                extent.append(scalar)
            case 0x00..<0x20: throw refusal("a control character stands in a string")
            case 0x20..<0x80:
                position += 1
                extent.append(UInt32(byte))
            default:
                guard let scalar = UTF8Form.scalar(bytes, at: &position) else { throw refusal("it is not UTF-8") }
                extent.append(scalar)
            }
        }
    }
}
