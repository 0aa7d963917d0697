package import VaultModel

/// One row of a provider's table of outcomes; the first row that fits an answer decides.
package struct OutcomeRow: Sendable, Decodable {
    /// Which answers a row is about.
    package enum Status: Sendable, Equatable, Decodable {
        case exactly(Int)
        /// `5xx` is `hundreds(5)`.
        case hundreds(Int)
        /// There was no answer.
        case network
        /// The other side could not prove who it is, so that nothing was sent.
        case insecure
        /// Our own client did not make the call.
        case refused
        /// 200, but not the body that the call expects.
        case unexpectedBody
        case any

        package init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                self = .exactly(number)
                return
            }
            let text = try value.decode(String.self)
            switch text {
            case "network": self = .network
            case "tls": self = .insecure
            case "refused": self = .refused
            case "200-nonjson": self = .unexpectedBody
            case "*": self = .any
            default:
                guard text.utf8.count == 3, text.hasSuffix("xx"), let digit = Int(text.prefix(1)) else {
                    throw DecodingError.dataCorruptedError(in: value, debugDescription: "no such status")
                }
                self = .hundreds(digit)
            }
        }
    }

    /// A condition on the body of an answer: a member, by its path of names joined with dots, and what it must be.
    struct Condition: Sendable, Decodable {
        let path: String
        let equals: JSONValue?
        let atMost: Double?

        private enum Member: String, CodingKey, CaseIterable {
            case path
            case equals = "is"
            case atMost = "at_most"
        }

        init(from decoder: any Decoder) throws {
            let members = try decoder.members(Member.self)
            path = try members.decode(String.self, forKey: .path)
            equals = try members.decodeIfPresent(JSONValue.self, forKey: .equals)
            atMost = try members.decodeIfPresent(Double.self, forKey: .atMost)
            guard (equals == nil) != (atMost == nil) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .path, in: members, debugDescription: "exactly one of is and at_most")
            }
        }
    }

    package let status: Status
    /// Compared with every place where providers put an error's type or code; a leading `*` matches its end.
    package let type: String?
    /// Looked for in the provider's message and in those codes, in any case.
    package let contains: String?
    let `where`: Condition?
    package let code: VerdictCode
    package let reason: String
    package let message: String
    package let honorsRetryAfter: Bool

    private enum Member: String, CodingKey, CaseIterable {
        case status, type, contains, `where`, verdict, reason, message, verified
        case honorsRetryAfter = "honors_retry_after"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.members(Member.self)
        status = try members.decode(Status.self, forKey: .status)
        type = try members.decodeIfPresent(String.self, forKey: .type)
        contains = try members.decodeIfPresent(String.self, forKey: .contains)
        `where` = try members.decodeIfPresent(Condition.self, forKey: .where)
        reason = try members.decode(String.self, forKey: .reason)
        message = try members.decode(String.self, forKey: .message)
        honorsRetryAfter = try members.decodeIfPresent(Bool.self, forKey: .honorsRetryAfter) ?? false
        let verdict = try members.decode(String.self, forKey: .verdict)
        guard let code = Self.codes[verdict] else {
            throw DecodingError.dataCorruptedError(forKey: .verdict, in: members, debugDescription: "no such verdict")
        }
        self.code = code
    }

    private static let codes: [String: VerdictCode] = [
        "valid": .valid, "valid_unfunded": .validUnfunded, "valid_restricted": .validRestricted,
        "invalid": .invalid, "unknown_retry": .unverified, "rejected_oauth": .oauthRejected,
        "rejected_type": .wrongType,
    ]
}
