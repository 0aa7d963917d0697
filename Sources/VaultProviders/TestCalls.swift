/// How a provider's keys are tested.
struct TestCalls: Sendable, Decodable {
    /// Where an answer tells something worth keeping.
    enum Place: Sendable, Decodable {
        /// A header's name, lower case.
        case header(String)
        /// A member's path.
        case body(String)

        private enum Member: String, CodingKey, CaseIterable { case header, body }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(Member.self)
            if let name = try members.decodeIfPresent(String.self, forKey: .header) {
                self = .header(name)
            } else {
                self = .body(try members.decode(String.self, forKey: .body))
            }
        }
    }

    /// What tells of the call and of the account behind the key.
    struct Captures: Sendable, Decodable {
        /// A header, lower case.
        let requestID: String?
        let account: [String: Place]

        private enum Member: String, CodingKey, CaseIterable {
            case requestID = "request_id"
            case account
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(Member.self)
            requestID = try members.decodeIfPresent(String.self, forKey: .requestID)
            account = try members.decodeIfPresent([String: Place].self, forKey: .account) ?? [:]
        }
    }

    /// Free of charge; proves that the provider knows the key.
    let identity: TestCall
    /// Costs the key's owner a few tokens; proves that the account can pay.
    let funding: TestCall?
    let captures: Captures?

    private enum Member: String, CodingKey, CaseIterable { case identity, funding, captures }

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        identity = try members.decode(TestCall.self, forKey: .identity)
        funding = try members.decodeIfPresent(TestCall.self, forKey: .funding)
        captures = try members.decodeIfPresent(Captures.self, forKey: .captures)
    }

    /// How many calls there are; each holds the key once.
    var count: Int { funding == nil ? 1 : 2 }
}
