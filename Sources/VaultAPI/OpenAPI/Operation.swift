import VaultModel

/// A route as the documents show it: what its declaration says and what follows from that.
struct Operation: Sendable {
    let route: Route
    /// Unique and stable: what generated clients call it.
    let name: String
    let tag: Tag
    /// More than its summary tells.
    let detail: String
    let parameters: [Parameter]
    let problems: [(status: Int, codes: [ProblemCode])]

    /// Every call, in the order of the route table.
    static let all = Routes.all.map(Operation.init)

    init(_ route: Route) {
        self.route = route
        let prose = Prose.of(route)
        name = prose?.name ?? ""
        detail = prose?.detail ?? ""
        tag = Tag(path: route.path)
        parameters = Parameter.all(of: route)
        let codes = Self.codes(of: route)
        problems = Set(codes.map(\.status)).sorted().map { status in
            (status, ProblemCode.allCases.filter { $0.status == status && codes.contains($0) })
        }
    }

    var call: String { "\(route.method) \(route.path)" }

    /// Who may make it, in words.
    var caller: String {
        switch route.access {
        case .anyone: "anyone, without a token"
        case .anyToken: "any access token"
        case .scope(let scope): "a token with the scope `\(scope.rawValue)`"
        case .instance(let scope): "an admin's token with the scope `\(scope.rawValue)`"
        case .connectLink: "the page, with its link's token"
        }
    }

    /// All that it can refuse: what follows from its declaration, and what it names itself.
    private static func codes(of route: Route) -> Set<ProblemCode> {
        // What the server says before it looks at the call.
        var codes: Set<ProblemCode> = [
            .invalidParameter, .notAcceptable, .uriTooLong, .headersTooLarge, .bodyTooLarge, .overloaded,
        ]
        codes.formUnion(route.refuses)
        switch route.access {
        case .anyone: return codes
        case .connectLink: codes.formUnion([.foreignOrigin, .auditUnavailable, .storageFull])
        case .scope, .instance: codes.formUnion([.expiredToken, .insufficientScope])
        case .anyToken: codes.insert(.expiredToken)
        }
        codes.formUnion([.missingToken, .invalidToken, .rateLimited, .sealed, .storageUnavailable])
        if route.method != "GET" { codes.formUnion([.auditUnavailable, .storageFull]) }
        if route.path.contains("{") { codes.insert(.notFound) }
        if route.shape != nil {
            codes.formUnion([
                .invalidJSON, .duplicateMember, .unsupportedMediaType, .unknownMember, .invalidField,
            ])
        }
        if route.query.contains("cursor") { codes.insert(.invalidCursor) }
        if route.query.contains("project_id") { codes.insert(.notFound) }
        if route.isIdempotent { codes.insert(.idempotencyConflict) }
        return codes
    }
}

extension [ProblemCode] {
    /// What the key doctor refuses, and the provider.
    static let ofPaste: [ProblemCode] = [
        .oauthTokenRejected, .wrongKeyType, .maskedKey, .placeholderKey, .truncatedKey, .severalKeys, .wrongProvider,
        .malformedKey, .invalidKey, .validationLimit, .providerUnavailable,
    ]
    /// What a key's state may not allow, and what others may do to it meanwhile.
    static let ofState: [ProblemCode] = [.wrongState, .keyRevoked, .versionConflict]
    /// What may have become of a link.
    static let ofLink: [ProblemCode] = [.sessionExpired, .sessionUsed]
}
