import VaultModel

extension Schema {
    /// Writes it as JSON Schema: by reference where it has a name.
    func write(to writer: inout JSONWriter, note: String = "") {
        guard let name else { return writeWhole(to: &writer, note: note) }
        writer.beginObject()
        if isNullable {
            writer.beginArray("anyOf")
            writer.beginObject()
            writer.member("$ref", "#/components/schemas/\(name)")
            writer.endObject()
            writer.beginObject()
            writer.member("type", "null")
            writer.endObject()
            writer.endArray()
        } else {
            writer.member("$ref", "#/components/schemas/\(name)")
        }
        if !note.isEmpty { writer.member("description", note) }
        writer.endObject()
    }

    /// Writes it with all that it says, whether it has a name or not.
    ///
    /// - Parameter isClosed: whether an object says that it has no other members. Those of requests do; those of answers
    ///   may get more, which clients should pass over.
    func writeWhole(to writer: inout JSONWriter, note: String = "", isClosed: Bool = false) {
        writer.beginObject()
        if isNullable { writer.member("type", [type, "null"]) } else { writer.member("type", type) }
        if !note.isEmpty { writer.member("description", note) }
        switch form {
        case .text(let length, let pattern, let format):
            if let length { bounds(length, "minLength", "maxLength", &writer) }
            if let pattern { writer.member("pattern", pattern) }
            if let format { writer.member("format", format) }
        case .choice(let names):
            writer.beginArray("enum")
            for name in names { writer.string(name) }
            if isNullable { writer.null() }
            writer.endArray()
        case .integer(let range): bounds(range, "minimum", "maximum", &writer)
        case .boolean: break
        case .list(let each, let count):
            if let count { bounds(count, "minItems", "maxItems", &writer) }
            writer.name("items")
            each.write(to: &writer)
        case .object(let properties): members(properties, isClosed: isClosed, &writer)
        case .map(let each, let entries, let names):
            if let entries { writer.member("maxProperties", entries) }
            if let names {
                writer.name("propertyNames")
                Schema.text(names).writeWhole(to: &writer)
            }
            writer.name("additionalProperties")
            each.write(to: &writer)
        }
        writer.endObject()
    }

    private func members(_ properties: [Property], isClosed: Bool, _ writer: inout JSONWriter) {
        if isClosed { writer.member("additionalProperties", false) }
        writer.member("required", properties.filter { !$0.isOptional }.map(\.name))
        writer.beginObject("properties")
        for property in properties {
            writer.name(escaping: property.name)
            if isClosed, property.schema.name == nil {
                property.schema.writeWhole(to: &writer, note: property.note, isClosed: true)
            } else {
                property.schema.write(to: &writer, note: property.note)
            }
        }
        writer.endObject()
    }

    private func bounds(
        _ range: ClosedRange<Int>, _ least: StaticString, _ most: StaticString, _ writer: inout JSONWriter
    ) {
        if range.lowerBound > 0 || (range.lowerBound == 0 && !isText) { writer.member(least, range.lowerBound) }
        if range.upperBound < Int.max { writer.member(most, range.upperBound) }
    }

    private var isText: Bool { if case .text = form { true } else { false } }

    /// The JSON Schema type of a value that is not null.
    var type: String {
        switch form {
        case .text, .choice: "string"
        case .integer: "integer"
        case .boolean: "boolean"
        case .list: "array"
        case .object, .map: "object"
        }
    }

    /// The named schemas in it, itself first.
    var named: [Schema] {
        let inside: [Schema] =
            switch form {
            case .list(let each, _), .map(let each, _, _): each.named
            case .object(let properties): properties.flatMap(\.schema.named)
            case .text, .choice, .integer, .boolean: []
            }
        guard name != nil else { return inside }
        var own = self
        own.isNullable = false
        return [own] + inside
    }
}
