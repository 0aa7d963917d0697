import VaultModel

extension Shape {
    /// The object that a request may carry, as JSON Schema.
    var schema: Schema {
        .object(
            members.map { Schema.Property($0.name, $0.schema, $0.note, isOptional: !$0.isRequired) })
    }

    /// A request that says something: what has to be said, and what is worth showing.
    var example: Example {
        .object(
            members.filter { $0.isRequired || $0.isShown }.map { ($0.name, $0.schema.example) })
    }
}

extension MemberDeclaration {
    /// What its value may be; of a declared form where that says more than its kind.
    var schema: Schema {
        var schema = form ?? kind.schema
        schema.isNullable = isNullable
        return example.map(schema.such) ?? schema
    }
}

extension MemberKind {
    fileprivate var schema: Schema {
        switch self {
        case .text(let length): .text(length)
        case .choice(let names): .choice(names)
        case .time: .time
        case .integer(let range): .integer(range)
        case .boolean: .boolean
        case .secret: .text("sk-ant-api03-…")
        case .textMap(let entries, let names, let values):
            .map(.text(values), entries: entries, names: names)
        case .texts(let count, let each): .list(.text(each), count: count)
        case .integers(let count, let each): .list(.integer(each), count: count)
        case .object(let shape): shape.schema
        }
    }
}

extension Member {
    /// The same, with what the documents say of it.
    ///
    /// - Parameters:
    ///   - form: what its value has to be, where the server looks closer than its kind tells.
    ///   - example: a value that shows what it is for; with one, the example of a request has the member.
    func means(_ note: String, as form: Schema? = nil, such example: Example? = nil) -> Self {
        describing { declaration in
            declaration.note = note
            declaration.form = form
            declaration.example = example
            declaration.isShown = example != nil
        }
    }
}
