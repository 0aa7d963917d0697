import VaultModel

/// A header field by which an answer says more than its body, as the documents tell of it.
enum AnswerHeader: String, Sendable, CaseIterable {
    case requestID = "Request-Id"
    case eTag = "ETag"
    case idempotentReplayed = "Idempotent-Replayed"
    case rateLimitLimit = "RateLimit-Limit"
    case rateLimitRemaining = "RateLimit-Remaining"
    case rateLimitReset = "RateLimit-Reset"
    case retryAfter = "Retry-After"
    case wwwAuthenticate = "WWW-Authenticate"

    /// Its name among the document's components.
    var component: String { rawValue.replacing("-", with: "") }

    var note: String {
        switch self {
        case .requestID: "Names this request; an audit entry and a problem name it too."
        case .eTag: "The record's revision, for `If-Match`."
        case .idempotentReplayed: "`true` where the answer was given before."
        case .rateLimitLimit: "How many calls a span allows, where the caller is under a limit."
        case .rateLimitRemaining: "How many of them are left."
        case .rateLimitReset: "Seconds until the next span begins."
        case .retryAfter: "Seconds after which to try again; always with 429."
        case .wwwAuthenticate: "How to say who calls (RFC 6750)."
        }
    }

    var schema: Schema {
        switch self {
        case .requestID: .id(RequestID.self)
        case .eTag: .text("\"1\"")
        case .idempotentReplayed: .choice(["true"])
        case .rateLimitLimit: .integer(1...Int.max, such: 120)
        case .rateLimitRemaining: .integer(0...Int.max, such: 119)
        case .rateLimitReset: .integer(1...Int.max, such: 60)
        case .retryAfter: .integer(0...Int.max, such: 30)
        case .wwwAuthenticate: .text("Bearer realm=\"keystow\"")
        }
    }

    /// How a caller stands with the limit that it is under, if it is under one.
    private static let standing = [rateLimitLimit, rateLimitRemaining, rateLimitReset]

    /// What is refused before it is known who calls.
    private static let early: Set<ProblemCode> = [.notAcceptable, .bodyTooLarge, .uriTooLong, .headersTooLarge]

    /// Those that an answer of this kind has or may have.
    static func all(of success: Success, _ route: Route) -> [AnswerHeader] {
        [requestID] + (success.hasETag ? [eTag] : []) + (route.isIdempotent ? [idempotentReplayed] : [])
            + (route.isForAnyone ? [] : standing)
    }

    /// The same of a refusal for one of these reasons, which have one status.
    static func all(of codes: [ProblemCode], _ route: Route) -> [AnswerHeader] {
        [requestID] + (codes.contains { $0.status == 401 } ? [wwwAuthenticate] : [])
            + (codes.contains(where: \.mayTellWhen) ? [retryAfter] : [])
            + (route.isForAnyone || early.isSuperset(of: codes) ? [] : standing)
    }
}

extension ProblemCode {
    /// Whether it may come with the time after which to try again.
    var mayTellWhen: Bool {
        switch self {
        case .rateLimited, .validationLimit, .providerUnavailable, .overloaded: true
        default: false
        }
    }
}

extension Route {
    fileprivate var isForAnyone: Bool { if case .anyone = access { true } else { false } }
}
