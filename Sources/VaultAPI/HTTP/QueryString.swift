import VaultModel

/// The parameters of a request's query, `application/x-www-form-urlencoded`, read strictly.
package struct QueryString: Sendable, Equatable {
    private let values: [String: String]

    /// Reads `query`, the raw text after `?`, `nil` or empty when there is none.
    ///
    /// - Parameter allowed: the names that the route declares.
    /// - Throws: `invalid_parameter` for an unknown or repeated name, a part without `=`, a broken escape,
    ///   and for what is not UTF-8 or holds a control character (NUL among them).
    package init(_ query: String?, allowed: [String]) throws(Problem) {
        var values: [String: String] = [:]
        for part in (query ?? "").utf8.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            if part.isEmpty, query?.isEmpty ?? true { break }
            guard let equals = part.firstIndex(of: UInt8(ascii: "=")), let name = Self.decode(part[..<equals]) else {
                throw Problem(.invalidParameter)
            }
            guard allowed.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else {
                throw Problem(
                    .invalidParameter, detail: "The query has a parameter that this call does not know.",
                    field: Problem.echoable(name)
                )
            }
            guard values[name] == nil else { throw Self.refusal(of: name, "is given more than once") }
            guard let value = Self.decode(part[part.index(after: equals)...]) else {
                throw Self.refusal(of: name, "is not UTF-8 in valid percent-encoding without control characters")
            }
            values[name] = value
        }
        self.values = values
    }

    package subscript(_ name: String) -> String? { values[name] }

    /// A whole number within `range`, in decimal digits; `nil` when it is absent.
    package func integer(_ name: String, _ range: ClosedRange<Int>) throws(Problem) -> Int? {
        guard let text = values[name] else { return nil }
        let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) }
        guard isPlain, let value = Int(text), range.contains(value) else {
            throw Self.refusal(of: name, "must be a whole number, \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// `true` or `false`; `nil` when it is absent.
    package func boolean(_ name: String) throws(Problem) -> Bool? {
        switch values[name] {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw Self.refusal(of: name, "must be true or false")
        }
    }

    /// The value made into a noun of the vault; `nil` when it is absent.
    package func optional<Noun>(_ name: String, as make: (String) -> Noun?) throws(Problem) -> Noun? {
        guard let text = values[name] else { return nil }
        guard let noun = make(text) else { throw Self.refusal(of: name, "has a value that cannot be used here") }
        return noun
    }

    private static func refusal(of name: String, _ what: String) -> Problem {
        Problem(.invalidParameter, detail: "The query parameter `\(name)` \(what).", field: name)
    }

    /// `nil` for a broken escape, for what is not UTF-8, and for control characters.
    private static func decode(_ encoded: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = encoded
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(0x20)
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal)
                else { return nil }
                bytes.append(high << 4 | low)
            default: bytes.append(byte)
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self), !text.hasControlCharacters else { return nil }
        return text
    }

    /// One segment of a path, percent-decoded (RFC 3986 §2.1); `nil` as for a value of the query.
    package static func segment(_ encoded: Substring) -> String? {
        // Only in a query does a plus stand for a space.
        decode(encoded.replacing("+", with: "%2B")[...].utf8)
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46, 0x61...0x66: digit & 0xDF - 0x41 + 10
        default: nil
        }
    }
}
