/// One call that shows what a key can do, as a provider's file describes it.
struct TestCall: Sendable, Decodable {
    /// Where a funding call gets the name of a model from: the provider's own list.
    struct Models: Sendable, Decodable {
        /// A free call that lists them; the identity call's own answer does when absent.
        let path: String?
        /// The path of the list in that answer; empty for the answer itself.
        let list: String
        let id: String
        /// The first model whose id contains the first of these is taken, then the second's, else the last model.
        let prefers: [String]
        /// A model whose id contains one of these is never taken.
        let avoids: [String]

        private enum Member: String, CodingKey, CaseIterable { case path, list, id, prefers, avoids }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(Member.self)
            path = try members.decodeIfPresent(String.self, forKey: .path)
            list = try members.decode(String.self, forKey: .list)
            id = try members.decode(String.self, forKey: .id)
            prefers = try members.decode([String].self, forKey: .prefers)
            avoids = try members.decodeIfPresent([String].self, forKey: .avoids) ?? []
        }
    }

    let method: String
    /// After the base URL, with its query; `{model}` is replaced.
    let path: String
    /// The same for an identity call whose list of models will be needed.
    let pathBeforeFunding: String?
    /// Without the one that carries the key.
    let headers: [(name: String, value: String)]
    let secretHeader: String
    /// For instance `Bearer `.
    let secretPrefix: String
    /// The member that an answer with status 200 must have, as a path; any JSON will do when absent.
    let expects: String?
    /// `{model}` is replaced in its strings.
    let body: JSONValue?
    let models: Models?
    /// Whether an acceptance also shows that the account can pay.
    let provesFunding: Bool

    /// Stands for the key in one header's value.
    static let keyMark = "{key}"

    private enum Member: String, CodingKey, CaseIterable {
        case method, path, headers, expects, body, models, verified
        case pathBeforeFunding = "path_before_funding"
        case provesFunding = "proves_funding"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        method = try members.decode(String.self, forKey: .method)
        path = try members.decode(String.self, forKey: .path)
        pathBeforeFunding = try members.decodeIfPresent(String.self, forKey: .pathBeforeFunding)
        expects = try members.decodeIfPresent(String.self, forKey: .expects)
        body = try members.decodeIfPresent(JSONValue.self, forKey: .body)
        models = try members.decodeIfPresent(Models.self, forKey: .models)
        provesFunding = try members.decodeIfPresent(Bool.self, forKey: .provesFunding) ?? false
        let all = try members.decode([String: String].self, forKey: .headers).sorted { $0.key < $1.key }
        headers = all.filter { !$0.value.contains(Self.keyMark) }.map { (name: $0.key, value: $0.value) }
        let carriers = all.filter { $0.value.contains(Self.keyMark) }
        guard carriers.count == 1, let carrier = carriers.first, carrier.value.hasSuffix(Self.keyMark),
            carrier.value.count(of: Self.keyMark) == 1
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .headers, in: members, debugDescription: "exactly one header must end in {key}")
        }
        secretHeader = carrier.key
        secretPrefix = String(carrier.value.dropLast(Self.keyMark.count))
        guard ["GET", "POST"].contains(method), path.hasPrefix("/"), pathBeforeFunding?.hasPrefix("/") ?? true,
            models?.path?.hasPrefix("/") ?? true
        else {
            throw DecodingError.dataCorruptedError(
                forKey: .path, in: members, debugDescription: "a call is GET or POST of a path that begins with /")
        }
    }
}

extension String {
    /// How often `piece` stands in it.
    func count(of piece: String) -> Int { ranges(of: piece).count }
}

extension TestCall {
    /// A GET of `path` that carries the key as `call` does.
    init(listing path: String, like call: TestCall) {
        method = "GET"
        self.path = path
        pathBeforeFunding = nil
        headers = call.headers.filter { $0.name.lowercased() != "content-type" }
        secretHeader = call.secretHeader
        secretPrefix = call.secretPrefix
        expects = nil
        body = nil
        models = nil
        provesFunding = false
    }
}
