/// One call that shows what a key can do, as a provider's file describes it.
struct TestCall: Sendable, Decodable {
    /// Where the answer to the identity call lists the models that a funding call may name.
    struct Models: Sendable, Decodable {
        let list: String
        let id: String
        /// The first model whose id contains this is taken, else the last.
        let prefers: String
    }

    let method: String
    /// After the base URL, with its query.
    let path: String
    /// The same for an identity call whose list of models will be needed.
    let pathBeforeFunding: String?
    let headers: [String: String]
    let secretHeader: String
    /// For instance `Bearer `.
    let secretPrefix: String
    /// The member that an answer with status 200 must have; any JSON object will do when absent.
    let expects: String?
    /// `{model}` is replaced.
    let body: String?
    let models: Models?

    private enum Member: String, CodingKey {
        case method, path, headers, expects, body, models
        case pathBeforeFunding = "path_before_funding"
        case secretHeader = "secret_header"
        case secretPrefix = "secret_prefix"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        method = try members.decode(String.self, forKey: .method)
        path = try members.decode(String.self, forKey: .path)
        pathBeforeFunding = try members.decodeIfPresent(String.self, forKey: .pathBeforeFunding)
        headers = try members.decodeIfPresent([String: String].self, forKey: .headers) ?? [:]
        secretHeader = try members.decode(String.self, forKey: .secretHeader)
        secretPrefix = try members.decodeIfPresent(String.self, forKey: .secretPrefix) ?? ""
        expects = try members.decodeIfPresent(String.self, forKey: .expects)
        body = try members.decodeIfPresent(String.self, forKey: .body)
        models = try members.decodeIfPresent(Models.self, forKey: .models)
    }
}

/// How a provider's keys are tested.
struct TestCalls: Sendable, Decodable {
    /// The headers that tell of the call and of the account behind the key, lower case.
    struct Captures: Sendable, Decodable {
        let requestID: String?
        let account: [String: String]?

        private enum CodingKeys: String, CodingKey {
            case requestID = "request_id"
            case account
        }
    }

    /// Free of charge; proves that the provider knows the key.
    let identity: TestCall
    /// Costs the key's owner a few tokens; proves that the account can pay.
    let funding: TestCall?
    let captures: Captures?
}
