import FoundationEssentials
import HTTPServer

/// Answers as one provider does, with the outcome that the key itself names.
struct StandIn: Sendable {
    /// A request whose head is in order.
    struct Call: Sendable {
        let route: Route
        /// What the path says of the model; empty when it says nothing.
        let model: String
        /// `nil` where the head does not hold it.
        let key: String?
    }

    enum Reception: Sendable {
        case call(Call)
        /// The name of the answer to a request that is not in order, and its route where it has one.
        case fault(String, Route?)
    }

    /// Which answer a call gets, and what is filled in.
    struct Reply: Sendable {
        /// The word that chose it.
        let word: String
        let answer: Answer?
        var values: [String: String] = [:]
    }

    /// As in Keystow's catalogue: also where it is mounted.
    let id: String
    private let own: Transcript
    private let shared: Transcript
    private let vocabulary: Vocabulary

    /// - Parameter shared: the answers that every provider gives.
    init(_ id: String, _ own: Transcript, shared: Transcript) {
        (self.id, self.own, self.shared) = (id, own, shared)
        vocabulary = Vocabulary(own.words.union(shared.words))
    }

    var routes: [Route] { own.routes }
    var words: [String] { vocabulary.words }

    /// The ids of the models that `route` takes.
    func models(at route: Route) -> [String] {
        own.models.models.filter { $0.route == route.name }.map { String($0.id.dropFirst().dropLast()) }
    }

    /// Judges a head, its path without the place where this provider is mounted.
    func receive(_ head: RequestHead, path: String) -> Reception {
        let found = own.routes.filter { $0.model(at: path) != nil }
        guard let route = found.first(where: { $0.method == head.method }), let model = route.model(at: path) else {
            return .fault(found.isEmpty ? "no-route" : "no-method", found.first)
        }
        var key: String?
        if case .header(let name, let prefix) = route.carrier {
            guard let value = head.value(name), value.hasPrefix(prefix), value.count > prefix.count else {
                let sign = own.substitutes.first { head.value($0.header)?.hasPrefix($0.prefix) == true }
                return .fault(sign?.answer ?? "no-key", route)
            }
            key = String(value.dropFirst(prefix.count))
        }
        if let missing = own.required.first(where: { head.value($0.header) == nil }) {
            return .fault(missing.answer, route)
        }
        return .call(Call(route: route, model: model, key: key))
    }

    /// Chooses the answer to a call.
    func reply(to call: Call, query: String?, body: Data) -> Reply {
        let route = call.route.name
        var values: [String: String] = [:]
        if let key = call.key { values["key"] = key }
        if call.route.method == "GET" {
            guard let count = own.models.count(asked: query) else {
                values["message"] = own.models.paging?.message
                return reply("bad-request", route, values)
            }
            values.merge(own.models.values(count)) { _, new in new }
        }
        let members = try? JSONDecoder().decode([String: Member].self, from: body)
        let needs = own.needs.filter { $0.route == route }
        for need in needs where need.member == "." ? members == nil : members?[need.member]?.isEmpty != false {
            values["message"] = need.message
            return reply("bad-request", route, values)
        }
        let takesModels = own.models.models.contains { $0.route == route }
        if takesModels {
            let model = call.model.isEmpty ? members?["model"]?.text ?? "" : call.model
            let isKnown = own.models.takes(model, at: route)
            // Not echoed: only names from the list are.
            values["model"] = isKnown ? model : "unknown"
            guard isKnown else { return reply("no-model", route, values) }
        }
        if call.route.carrier == .nowhere { return reply("valid", route, values) }
        let text = call.route.carrier == .body ? String(decoding: body, as: UTF8.self) : call.key ?? ""
        return reply(vocabulary.word(in: text) ?? "invalid", route, values)
    }

    /// The answer of this name at a route; where a word has none there, the one that a good key gets.
    func reply(_ name: String, _ route: String, _ values: [String: String] = [:]) -> Reply {
        let answer =
            own.answers["\(name) \(route)"] ?? own.answers[name] ?? shared.answers[name]
            ?? own.answers["valid \(route)"]
        return Reply(word: name, answer: answer, values: values)
    }

    /// A member of a request's body, as far as it matters whether there is one.
    private enum Member: Decodable {
        case text(String)
        case number(Double)
        case list(isEmpty: Bool)
        case other

        init(from decoder: any Decoder) throws {
            if let items = try? decoder.unkeyedContainer() {
                self = .list(isEmpty: items.isAtEnd)
                return
            }
            let value = try? decoder.singleValueContainer()
            if let text = try? value?.decode(String.self) {
                self = .text(text)
            } else if let number = try? value?.decode(Double.self) {
                self = .number(number)
            } else {
                self = .other
            }
        }

        var text: String? { if case .text(let text) = self { text } else { nil } }

        /// Empty lists and numbers below 1 are as good as none.
        var isEmpty: Bool {
            switch self {
            case .text, .other: false
            case .number(let number): number < 1
            case .list(let isEmpty): isEmpty
            }
        }
    }
}
