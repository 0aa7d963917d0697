import VaultModel

/// A parameter of a call, besides its body.
struct Parameter: Sendable {
    enum Place: String, Sendable { case path, query, header }

    let name: String
    let place: Place
    let schema: Schema
    let note: String

    private init(_ name: String, _ place: Place, _ schema: Schema, _ note: String) {
        self.name = name
        self.place = place
        self.schema = schema
        self.note = note
    }

    /// What a route takes: the parameters of its path in their order, of its query, its headers.
    static func all(of route: Route) -> [Parameter] {
        let segments = route.path.split(separator: "/")
        let inPath = segments.indices.filter { segments[$0].hasPrefix("{") }.compactMap { index in
            ofPath(segments[index].dropFirst().dropLast(), below: index > 0 ? segments[index - 1] : "")
        }
        let inQuery = route.query.compactMap { name in query.first { $0.name == name } }
        let isConditional = route.method == "PATCH" && route.successes.contains(where: \.hasETag)
        return inPath + inQuery + (route.isIdempotent ? [idempotencyKey] : []) + (isConditional ? [ifMatch] : [])
    }

    /// - Parameter parent: the segment before it, which says what an id names.
    private static func ofPath(_ name: Substring, below parent: Substring) -> Parameter? {
        switch (name, parent) {
        case ("id", "keys"): Parameter("id", .path, .id(KeyID.self), "Names the key.")
        case ("id", "projects"): Parameter("id", .path, .id(ProjectID.self), "Names the project.")
        case ("id", "tokens"): Parameter("id", .path, .id(TokenID.self), "Names the token; it is not the token itself.")
        case ("id", "sessions"): Parameter("id", .path, .id(ConnectSessionID.self), "Names the connect session.")
        case ("user_id", _): Parameter("user_id", .path, .userID, "The user, percent-encoded.")
        case ("provider", _): Parameter("provider", .path, .provider, "A provider's id in the catalogue.")
        case ("locale", _):
            Parameter(
                "locale", .path, .text("de"),
                "A language tag (RFC 5646).")
        default: nil
        }
    }

    /// What a query can have, the same wherever it stands.
    private static let query = [
        Parameter("user_id", .query, .userID, "Only this user's."),
        Parameter("provider", .query, .provider, "Only this provider's."),
        Parameter("status", .query, .choice(KeyStatus.allCases.map(\.rawValue)), "Only those in this status."),
        Parameter("stale", .query, .boolean(true), "Only those that are stale, or only those that are not."),
        Parameter("limit", .query, .integer(1...200, such: 50), "How many at most; 50 where it is left out."),
        Parameter("cursor", .query, .text(1...200).such(.text("…")), "`next_cursor` of the page before, unchanged."),
        Parameter("project_id", .query, .id(ProjectID.self), "Only this project's; an app has no other than its own."),
        Parameter(
            "after", .query, .integer(0...Int(Int32.max), such: 0), "`next_after` of the page before: only later ones."),
        Parameter("key_id", .query, .id(KeyID.self), "Only what was done to this key."),
        Parameter("token_id", .query, .id(TokenID.self), "Only what was done with this token."),
        Parameter(
            "action", .query, .choice(AuditAction.allCases.map(\.rawValue), such: AuditAction.keyRevealed.rawValue),
            "Only this action."),
        Parameter("since", .query, .time, "Only from this moment on."),
        Parameter("until", .query, .time, "Only before this moment."),
    ]

    private static let idempotencyKey = Parameter(
        "Idempotency-Key", .header,
        .text(matching: "^[!-~]([ -~]{0,126}[!-~])?$", such: "3c5e1f0a-signup-42"),
        "Names this request of this token: repeated with the same body within 24 hours it gets the same answer.")

    private static let ifMatch = Parameter(
        "If-Match", .header, .text(matching: #"^(\*|"[1-9][0-9]{0,17}")$"#, such: "\"1\""),
        "The `ETag` that was read: the change is made only if the record still has it.")
}
