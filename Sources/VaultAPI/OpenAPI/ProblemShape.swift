import VaultModel

extension Schema {
    /// What ``Problem/json(instance:)`` writes.
    static let problem = object(
        "Problem",
        [
            Property("type", .text("urn:keystow:problem:not_found"), "`urn:keystow:problem:` and the code."),
            Property("title", .text("Not found")),
            Property("status", .integer(400...599, such: 404), "The HTTP status."),
            Property("code", .choice(ProblemCode.allCases.map(\.rawValue)), "Stable, for machines."),
            Property("detail", .text("There is nothing here."), "What happened."),
            Property("field", .text("user_id"), "The member or parameter at fault.", isOptional: true),
            Property(
                "kind", .text("oauth_access_token"), "What kind of credential a refused paste is.", isOptional: true),
            Property("candidates", .list(.provider), "Whose a paste could be.", isOptional: true),
            Property("detected_provider", .provider, "Whose a paste is.", isOptional: true),
            Property("key_id", .id(KeyID.self), "The key in the way.", isOptional: true),
            Property("hint", .text("Check the path and the id."), "What to do next, for people."),
            Property("provider_error", .providerError, "The provider's own words.", isOptional: true),
            Property(
                "quoted", .boolean(true), "`provider_error` is from documentation: no call was made.", isOptional: true),
            Property("retryable", .boolean, "Whether the same request may succeed later."),
            Property("retry_after", .integer(0...Int.max, such: 30), "Seconds; also `Retry-After`.", isOptional: true),
            Property("docs_url", .url("https://example.com/"), isOptional: true),
            Property("instance", .id(RequestID.self), "The id of this request."),
        ])
}

extension Problem {
    /// One with this code as it could be answered.
    static func example(of code: ProblemCode) -> Problem {
        var problem = Problem(code)
        switch code {
        case .invalidField: problem.field = "user_id"
        case .unknownMember: problem.field = "nickname"
        case .invalidParameter: problem.field = "limit"
        case .invalidCursor: problem.field = "cursor"
        case .duplicateKey, .keyRevoked: problem.keyID = KeyID(Self.exampleID(KeyID.self))
        case .rateLimited, .validationLimit, .providerUnavailable: problem.retryAfter = 30
        case .oauthTokenRejected: problem.kind = "oauth_access_token"
        case .wrongProvider: problem.detectedProvider = .anthropic
        default: break
        }
        return problem
    }

    private static func exampleID<ID: TypeID>(_ type: ID.Type) -> String {
        if case .text(let id) = Schema.id(type).example { id } else { "" }
    }

    /// Writes the example of a code as it would be answered.
    static func writeExample(of code: ProblemCode, to writer: inout JSONWriter) {
        guard let instance = RequestID(exampleID(RequestID.self)) else { return writer.null() }
        example(of: code).write(to: &writer, instance: instance)
    }
}
