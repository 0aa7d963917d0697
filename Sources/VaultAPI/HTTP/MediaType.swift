/// A media type or range as it stands in a header (RFC 9110 §8.3.1, §12.5.1): `application/json; charset=utf-8`.
struct MediaType {
    /// In lower case.
    let type: String
    let subtype: String
    /// Names in lower case, values without their quotes.
    let parameters: [(name: String, value: String)]

    /// `nil` for what is not one.
    init?(_ text: some StringProtocol) {
        var rest = Array(text.utf8)[...]
        Self.skipSpace(&rest)
        guard let type = Self.token(&rest), rest.popFirst() == UInt8(ascii: "/"), let subtype = Self.token(&rest)
        else { return nil }
        var parameters: [(name: String, value: String)] = []
        Self.skipSpace(&rest)
        while rest.popFirst() == UInt8(ascii: ";") {
            Self.skipSpace(&rest)
            guard let name = Self.token(&rest), rest.popFirst() == UInt8(ascii: "="),
                let value = rest.first == UInt8(ascii: "\"") ? Self.quoted(&rest) : Self.token(&rest)
            else { return nil }
            parameters.append((name.lowercased(), value))
            Self.skipSpace(&rest)
        }
        guard rest.isEmpty, rest.startIndex == rest.endIndex else { return nil }
        self.type = type.lowercased()
        self.subtype = subtype.lowercased()
        self.parameters = parameters
    }

    private static func skipSpace(_ rest: inout ArraySlice<UInt8>) {
        while rest.first == 0x20 || rest.first == 0x09 { rest.removeFirst() }
    }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> String? {
        let token = rest.prefix { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
            }
        }
        rest.removeFirst(token.count)
        return token.isEmpty ? nil : String(decoding: token, as: UTF8.self)
    }

    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        rest.removeFirst()
        var value: [UInt8] = []
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: value, as: UTF8.self)
            case UInt8(ascii: "\\"):
                guard let next = rest.popFirst() else { return nil }
                value.append(next)
            default: value.append(byte)
            }
        }
        return nil
    }
}

/// The `Content-Type` of a request body: JSON in UTF-8 and nothing else.
package enum ContentType {
    /// - Throws: `unsupported_media_type` unless it is `application/json`, alone or with `charset=utf-8`.
    package static func requireJSON(_ header: String?) throws(Problem) {
        guard let media = header.flatMap({ MediaType($0) }), media.type == "application", media.subtype == "json",
            media.parameters.count <= 1,
            media.parameters.allSatisfy({ $0.name == "charset" && $0.value.lowercased() == "utf-8" })
        else { throw Problem(.unsupportedMediaType) }
    }
}
