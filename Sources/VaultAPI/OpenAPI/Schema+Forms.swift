import VaultModel

// The forms of which the API's shapes are made.

extension Schema {
    /// As a regular expression (ECMA 262): no C0 or C1 control character, no DEL.
    static let withoutControls = #"^[^\u0000-\u001f\u007f-\u009f]*$"#

    static func text(_ example: String = "text") -> Schema {
        Schema(.text(length: nil, pattern: nil, format: nil), such: .text(example))
    }

    static func text(_ length: ClosedRange<Int>) -> Schema {
        Schema(.text(length: length, pattern: withoutControls, format: nil))
    }

    static func text(matching pattern: String, such example: String) -> Schema {
        Schema(.text(length: nil, pattern: pattern, format: nil), such: .text(example))
    }

    static func url(_ example: String) -> Schema {
        Schema(.text(length: nil, pattern: nil, format: "uri"), such: .text(example))
    }

    static let time = Schema(.text(length: nil, pattern: nil, format: "date-time"))
    static let boolean = Schema(.boolean)
    static let count = Schema(.integer(0...Int.max))

    static func boolean(_ example: Bool) -> Schema { boolean.such(.boolean(example)) }

    static func integer(_ range: ClosedRange<Int>, such example: Int? = nil) -> Schema {
        Schema(.integer(range), such: example.map { .integer($0) })
    }

    static func choice(_ names: [String], such example: String? = nil) -> Schema {
        Schema(.choice(names), such: example.map { .text($0) })
    }

    static func list(_ each: Schema, count: ClosedRange<Int>? = nil) -> Schema { Schema(.list(each, count: count)) }

    static func object(_ properties: [Property]) -> Schema { Schema(.object(properties)) }

    static func object(_ name: String, _ properties: [Property]) -> Schema { Schema(.object(properties), name: name) }

    static func map(
        _ each: Schema, entries: Int? = nil, names: ClosedRange<Int>? = nil, such example: [(String, Example)] = []
    ) -> Schema {
        Schema(.map(each, entries: entries, names: names), such: .object(example))
    }

    /// A page of a list, newest first.
    static func page(_ name: String, of each: Schema) -> Schema {
        object(
            name,
            [
                Property("data", list(each)),
                Property(
                    "next_cursor", text("").nullable.such(.null), "Pass it on as `cursor`; null on the last page."),
            ])
    }

    /// An id: its prefix, then 26 characters of base32.
    static func id<ID: TypeID>(_ type: ID.Type) -> Schema {
        text(matching: "^\(ID.prefix)_[0-7][0-9a-hjkmnp-tv-z]{25}$", such: "\(ID.prefix)_\(idExample)")
    }

    private static let idExample = "01jd2k7x9zf8t9r6q4v3m2n1pw"

    static let provider = text(matching: "^[a-z][a-z0-9_-]{0,39}$", such: "anthropic")
    static let userID = text(1...200).such(.text("user-42"))
    static let scopes = list(choice(Scope.allCases.map(\.rawValue), such: Scope.keysRead.rawValue))
}
