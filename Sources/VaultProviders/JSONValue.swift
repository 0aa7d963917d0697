import FoundationEssentials

/// Any JSON value, for answers of which we know little beforehand.
enum JSONValue: Sendable, Equatable, Codable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONValue].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONValue].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        switch self {
        case .null: try value.encodeNil()
        case .bool(let bool): try value.encode(bool)
        case .number(let number): try value.encode(number)
        case .string(let string): try value.encode(string)
        case .array(let items): try value.encode(items)
        case .object(let members): try value.encode(members)
        }
    }

    /// Its text, members in the order of their names.
    var bytes: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { Array($0) } ?? []
    }

    /// With `{name}`s filled in, in every string.
    func filling(_ values: [String: String]) -> JSONValue {
        switch self {
        case .string(let text): .string(text.filling(values))
        case .array(let items): .array(items.map { $0.filling(values) })
        case .object(let members): .object(members.mapValues { $0.filling(values) })
        case .null, .bool, .number: self
        }
    }

    /// Reads `bytes`; `nil` when they are not JSON or nested deeper than 16.
    static func read(_ bytes: [UInt8]) -> JSONValue? {
        guard depth(of: bytes) <= 16 else { return nil }
        return try? JSONDecoder().decode(JSONValue.self, from: Data(bytes))
    }

    private static func depth(of bytes: [UInt8]) -> Int {
        var (depth, deepest, inString, escaped) = (0, 0, false, false)
        for byte in bytes {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                deepest = max(deepest, depth)
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
        }
        return deepest
    }

    subscript(_ name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }

    /// The member at a path of names joined with dots; itself for the empty path.
    func member(at path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { value, name in value?[String(name)] }
    }

    var text: String? { if case .string(let text) = self { text } else { nil } }
    /// A text, a number or a truth value, as text.
    var plainText: String? {
        switch self {
        case .string(let text): text
        case .number(let number): Int(exactly: number).map(String.init) ?? String(number)
        case .bool(let bool): String(bool)
        case .null, .array, .object: nil
        }
    }

    var items: [JSONValue]? { if case .array(let items) = self { items } else { nil } }
    var number: Double? { if case .number(let number) = self { number } else { nil } }
}
