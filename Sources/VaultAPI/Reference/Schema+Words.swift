import VaultModel

extension Schema {
    /// What a value can be, in a few words.
    var words: String { form(of: self) + (isNullable ? " or null" : "") }

    private func form(of schema: Schema) -> String {
        if let name = schema.name { return Self.link(name) }
        switch schema.form {
        case .text(_, _, "date-time"): return "time"
        case .text(_, _, "uri"): return "web address"
        case .text(_, let pattern?, _) where pattern != Self.withoutControls:
            if case .text(let example) = schema.example { return "text such as `\(example)`" }
            return "text"
        case .text(let length, _, _): return "text" + (length.map { " of \(bounds($0)) characters" } ?? "")
        case .choice(let names):
            return names.count > 12 ? "one of \(names.count) names" : names.map { "`\($0)`" }.joined(separator: " ")
        case .integer(let range):
            let limits = bounds(range)
            return "whole number" + (limits.isEmpty ? "" : ", \(limits)")
        case .boolean: return "`true` `false`"
        case .list(let each, let count):
            return "list of " + (count.map { "\(bounds($0)): " } ?? "") + each.words
        case .object: return "object"
        case .map(let each, let entries, _):
            return "object of " + (entries.map { "at most \($0): " } ?? "") + each.words
        }
    }

    static func link(_ name: String) -> String { "[\(name)](#\(Block.anchor(of: name)))" }

    private func bounds(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let least, .max): "at least \(least)"
        case (0, let most): "at most \(most)"
        case (let least, let most): "\(least) to \(most)"
        }
    }

    /// Its members, and those of objects in their place within it, as rows of a table.
    func rows(below path: String = "") -> [[String]] {
        guard case .object(let properties) = form else { return [["", words, ""]] }
        return properties.flatMap { property in
            let own = path + property.name
            let row = [
                "`\(own)`" + (property.isOptional ? ", may be absent" : ""), property.schema.words, property.note,
            ]
            guard property.schema.name == nil else { return [row] }
            switch property.schema.form {
            case .object: return [row] + property.schema.rows(below: own + ".")
            case .list(let each, _) where each.name == nil && each.type == "object":
                return [row] + each.rows(below: own + "[].")
            default: return [row]
            }
        }
    }
}

extension Example {
    /// As JSON over several lines.
    var pretty: String { text(indent: "\n") }

    /// As JSON in one line.
    var compact: String { text(indent: nil) }

    /// - Parameter indent: a line's end and what it begins with; `nil` for one line.
    private func text(indent: String?) -> String {
        let inner = indent.map { $0 + "  " }
        switch self {
        case .object(let members) where !members.isEmpty:
            let lines = members.map { name, value in
                "\(Example.text(name).compact):\(indent == nil ? "" : " ")\(value.text(indent: inner))"
            }
            return "{\(inner ?? "")" + lines.joined(separator: ",\(inner ?? "")") + "\(indent ?? "")}"
        case .list(let items) where !items.isEmpty:
            return "[\(inner ?? "")" + items.map { $0.text(indent: inner) }.joined(separator: ",\(inner ?? "")")
                + "\(indent ?? "")]"
        default:
            var writer = JSONWriter()
            write(to: &writer)
            return String(decoding: writer.finish().withBytes { $0.copied }, as: UTF8.self)
        }
    }
}
