import FoundationEssentials
import Synchronization
import VaultAPI

/// The server's OpenAPI document, held against what it really answers.
///
/// Stricter than the document: a member that it does not name is a fault, where a client would pass over it.
package struct Contract: Sendable {
    package static let published = Contract(
        (try? JSONDecoder().decode(JSONTree.self, from: Data(OpenAPIDocument.bytes))) ?? .null)

    package let document: JSONTree

    package init(_ document: JSONTree) {
        self.document = document
    }

    /// What in `answer` the document does not say; empty for a path that is none of its.
    package func faults(of answer: HTTPAnswer, to method: String, _ target: String) -> [String] {
        guard let path = template(of: target) else {
            return answer.status < 300 ? ["no such path is documented"] : []
        }
        let operation = document["paths"][path][method.lowercased()]
        guard operation != .null else { return answer.status == 405 ? [] : ["\(method) is not documented"] }
        let response = operation["responses"]["\(answer.status)"]
        guard response != .null else { return ["the status \(answer.status) is not documented"] }
        return body(answer, response["content"]) + headers(answer, response["headers"])
    }

    /// What any answer has, or a file that is no call's, with or without a word of it in the document.
    private static let general: Set = [
        "date", "connection", "content-length", "content-type", "content-encoding", "cache-control", "vary",
        "cross-origin-resource-policy", "x-content-type-options",
    ]

    private func headers(_ answer: HTTPAnswer, _ declared: JSONTree) -> [String] {
        guard answer.header("request-id") != nil else { return ["the header request-id is missing"] }
        // What guards a page is not the document's matter.
        guard answer.header("content-security-policy") == nil else { return [] }
        let names = Dictionary(declared.names.map { ($0.lowercased(), declared[$0]) }) { first, _ in first }
        return answer.headers.filter { !Self.general.contains($0.name) }.flatMap { name, value -> [String] in
            guard let schema = names[name].map({ resolve($0["$ref"].string ?? "")["schema"] }), schema != .null else {
                return ["the header \(name) is not documented"]
            }
            let number = schema["type"].string == "integer" ? Double(value) : nil
            return faults(of: number.map { .number($0) } ?? .string(value), schema, at: name)
        }
    }

    /// What `value` has that `schema` does not admit, by where it is.
    package func faults(of value: JSONTree, _ schema: JSONTree, at place: String = "$") -> [String] {
        if let reference = schema["$ref"].string { return faults(of: value, resolve(reference), at: place) }
        if case .array(let options) = schema["anyOf"] {
            let tried = options.map { faults(of: value, $0, at: place) }
            return tried.contains([]) ? [] : tried.first ?? []
        }
        if case .array(let parts) = schema["allOf"] {
            return faults(of: value, .object(merged(parts)), at: place)
        }
        guard isOfType(value, schema["type"]) else { return ["\(place) is of another type"] }
        if case .array(let allowed) = schema["enum"], !allowed.contains(value) {
            return ["\(place) is not in its list"]
        }
        switch value {
        case .string(let text): return faults(of: text, schema).map { "\(place) \($0)" }
        case .number(let number):
            guard case let (least, most) = (schema["minimum"].int, schema["maximum"].int),
                number < Double(least ?? .min) || number > Double(most ?? .max)
            else { return [] }
            return ["\(place) is out of its range"]
        case .array(let items):
            return items.enumerated().flatMap { faults(of: $1, schema["items"], at: "\(place)[\($0)]") }
        case .object(let members): return faults(of: members, schema, at: place)
        case .null, .bool: return []
        }
    }

    private func faults(of members: [String: JSONTree], _ schema: JSONTree, at place: String) -> [String] {
        let missing = schema["required"].items.compactMap(\.string).filter { members[$0] == nil }
            .map { "\(place).\($0) is missing" }
        return missing
            + members.sorted { $0.key < $1.key }.flatMap { name, value in
                let declared = schema["properties"][name]
                if declared != .null { return faults(of: value, declared, at: "\(place).\(name)") }
                guard case .object = schema["additionalProperties"] else {
                    return ["\(place).\(name) is not documented"]
                }
                return faults(of: value, schema["additionalProperties"], at: "\(place).\(name)")
            }
    }

    private func faults(of text: String, _ schema: JSONTree) -> [String] {
        let count = text.unicodeScalars.count
        if count < schema["minLength"].int ?? 0 || count > schema["maxLength"].int ?? .max {
            return ["has another length"]
        }
        if let pattern = schema["pattern"].string, let regex = try? Regex(pattern), !text.contains(regex) {
            return ["does not fit its pattern"]
        }
        switch schema["format"].string {
        case "date-time":
            return text.contains(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) ? [] : ["is no time"]
        case "uri": return text.contains(/^[a-z]+:\/\/./) ? [] : ["is no web address"]
        default: return []
        }
    }

    private func isOfType(_ value: JSONTree, _ type: JSONTree) -> Bool {
        let allowed = type.items.isEmpty ? [type] : type.items
        switch value {
        case .null: return allowed.contains(.string("null"))
        case .bool: return allowed.contains(.string("boolean"))
        case .number(let number): return allowed.contains(.string("integer")) && number == number.rounded()
        case .string: return allowed.contains(.string("string"))
        case .array: return allowed.contains(.string("array"))
        case .object: return allowed.contains(.string("object"))
        }
    }

    /// The parts of an `allOf` as one object: the properties of all, the narrower one where two declare the same.
    private func merged(_ parts: [JSONTree]) -> [String: JSONTree] {
        var whole: [String: JSONTree] = [:]
        for part in parts.map({ $0["$ref"].string.map(resolve) ?? $0 }) {
            guard case .object(let members) = part else { continue }
            for (name, value) in members {
                guard case .object(let new) = value, case .object(let old)? = whole[name] else {
                    whole[name] = value
                    continue
                }
                whole[name] = .object(
                    old.merging(new) { first, second in
                        guard case .object(let before) = first, case .object(let after) = second else { return second }
                        return .object(before.merging(after) { $1 })
                    })
            }
        }
        return whole
    }

    private func body(_ answer: HTTPAnswer, _ content: JSONTree) -> [String] {
        guard let declared = content.names.first else { return answer.body.isEmpty ? [] : ["a body is not documented"] }
        let type = answer.header("content-type")?.prefix { $0 != ";" }
        guard type.map(String.init) == declared else { return ["the content type is not documented"] }
        guard answer.header("content-encoding") == nil else { return [] }
        let schema = content[declared]["schema"]
        return schema == .null ? [] : faults(of: answer.json, schema)
    }

    /// The documented path that a target is of: the one with the fewest parameters.
    package func template(of target: String) -> String? {
        let segments = target.prefix { $0 != "?" }.split(separator: "/", omittingEmptySubsequences: false)
        return document["paths"].names.filter { path in
            let parts = path.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == segments.count && zip(parts, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
        }.min { $0.count { $0 == "{" } < $1.count { $0 == "{" } }
    }

    package func resolve(_ reference: String) -> JSONTree {
        reference.dropFirst(2).split(separator: "/").reduce(document) { $0[String($1)] }
    }
}

/// Which answers have been given, as `GET /v1/keys 200`. Safe to use from any thread.
package final class SeenAnswers: Sendable {
    private let seen = Mutex<Set<String>>([])

    package init() {}

    package func note(_ method: String, _ target: String, _ status: Int) {
        guard let path = Contract.published.template(of: target) else { return }
        _ = seen.withLock { $0.insert("\(method) \(path) \(status)") }
    }

    package var all: Set<String> { seen.withLock(\.self) }
}
