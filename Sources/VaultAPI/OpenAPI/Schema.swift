import VaultModel

/// What a JSON value can be: JSON Schema (draft 2020-12) as far as this API needs it, with a value as an example.
///
/// Declared once, beside what reads or writes such a value; the OpenAPI document, docs/api.md, the page at /docs and the
/// examples in them are written from it.
struct Schema: Sendable {
    indirect enum Form: Sendable {
        case text(length: ClosedRange<Int>?, pattern: String?, format: String?)
        /// One of these texts.
        case choice([String])
        case integer(ClosedRange<Int>)
        case boolean
        case list(Schema, count: ClosedRange<Int>?)
        case object([Property])
        /// An object whose names are data: at most so many, of so many characters.
        case map(Schema, entries: Int?, names: ClosedRange<Int>?)
    }

    /// A member of an object.
    struct Property: Sendable {
        let name: String
        let schema: Schema
        let note: String
        /// Whether it may be absent.
        let isOptional: Bool

        init(_ name: String, _ schema: Schema, _ note: String = "", isOptional: Bool = false) {
            self.name = name
            self.schema = schema
            self.note = note
            self.isOptional = isOptional
        }
    }

    var form: Form
    /// Under which the document keeps it once; `nil` where it stands in its place.
    var name: String?
    var isNullable = false
    private var given: Example?

    init(_ form: Form, name: String? = nil, such example: Example? = nil) {
        self.form = form
        self.name = name
        given = example
    }

    /// The same, but null may stand for it.
    var nullable: Schema {
        var schema = self
        schema.isNullable = true
        return schema
    }

    func such(_ example: Example) -> Schema {
        var schema = self
        schema.given = example
        return schema
    }

    /// A value of this form.
    var example: Example {
        if let given { return given }
        switch form {
        case .text(_, _, "date-time"): return .text("2027-01-31T12:00:00.000Z")
        case .text(_, _, "uri"): return .text("https://example.com/")
        case .text: return .text("text")
        case .choice(let names): return .text(names.first ?? "")
        case .integer(let range): return .integer(max(range.lowerBound, 0))
        case .boolean: return .boolean(false)
        case .list(let each, let count): return count?.lowerBound == 0 ? .list([]) : .list([each.example])
        case .object(let properties):
            return .object(properties.filter { !$0.isOptional }.map { ($0.name, $0.schema.example) })
        case .map: return .object([])
        }
    }
}

/// A JSON value in a document.
indirect enum Example: Sendable {
    case null
    case text(String)
    case integer(Int)
    case boolean(Bool)
    case list([Example])
    case object([(String, Example)])

    static func texts(_ texts: String...) -> Example { .list(texts.map { .text($0) }) }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .null: writer.null()
        case .text(let text): writer.string(text)
        case .integer(let number): writer.integer(number)
        case .boolean(let value): writer.boolean(value)
        case .list(let items):
            writer.beginArray()
            for item in items { item.write(to: &writer) }
            writer.endArray()
        case .object(let members):
            writer.beginObject()
            for (name, value) in members {
                writer.name(escaping: name)
                value.write(to: &writer)
            }
            writer.endObject()
        }
    }
}
