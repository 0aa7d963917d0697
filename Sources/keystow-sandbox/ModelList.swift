import FoundationEssentials

/// The models that a provider lists, and the pages in which it does.
struct ModelList: Sendable {
    struct Model: Sendable {
        /// As a JSON string or `null`.
        let id: String
        /// The one route that takes it; empty when none does.
        let route: String
        /// As it is listed.
        let json: String
    }

    /// How a caller asks for part of the list.
    struct Paging: Sendable {
        let query: String
        let usual: Int
        let most: Int
        /// What the provider says to a number that it does not allow.
        let message: String
    }

    private(set) var models: [Model] = []
    var paging: Paging?
    /// What an answer says when there is more to list.
    var nextPage = ""
    /// The member of a model that names it.
    var idMember = "id"

    /// Adds a model, listed as `json` and taken by `route`.
    ///
    /// - Returns: whether `json` is a model of this provider.
    mutating func add(_ json: String, takenBy route: String) -> Bool {
        struct Name: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
        struct Identified: DecodableWithConfiguration {
            let id: String
            init(from decoder: any Decoder, configuration member: String) throws {
                id = try decoder.container(keyedBy: Name.self)
                    .decode(String.self, forKey: Name(stringValue: member))
            }
        }
        let read = try? JSONDecoder().decode(Identified.self, from: Data(json.utf8), configuration: idMember)
        guard let id = read?.id else { return false }
        models.append(Model(id: "\"\(id)\"", route: route == "-" ? "" : route, json: json))
        return true
    }

    /// Whether `route` takes the model `id`.
    func takes(_ id: String, at route: String) -> Bool {
        models.contains { $0.id == "\"\(id)\"" && $0.route == route }
    }

    /// How many models a caller with `query` asks for; `nil` when it is no number that the provider allows.
    func count(asked query: String?) -> Int? {
        guard let paging else { return models.count }
        let asked = query?.split(separator: "&").first { $0.hasPrefix(paging.query + "=") }
        guard let asked else { return paging.usual }
        let count = Int(asked.dropFirst(paging.query.count + 1)) ?? 0
        return (1...paging.most).contains(count) ? count : nil
    }

    /// What stands in an answer that lists the first `count` models.
    func values(_ count: Int) -> [String: String] {
        let shown = models.prefix(count)
        let hasMore = shown.count < models.count
        return [
            "models": shown.map(\.json).joined(separator: ","),
            "has-more": hasMore ? "true" : "false",
            "next-page": hasMore ? nextPage : "",
            "first-id": shown.first?.id ?? "null",
            "last-id": shown.last?.id ?? "null",
        ]
    }
}
