import VaultModel

// What KeyWire.swift writes.

extension Schema {
    static let key = object("Key", identity + state + account + times + [undecryptable])

    private static let identity = [
        Property("id", .id(KeyID.self)),
        Property("project_id", .id(ProjectID.self)),
        Property("user_id", .userID, "The app's own name for the user whose key it is."),
        Property("provider", .provider, "Whose key it is; see `GET /v1/providers`."),
        Property("label", .text("work").nullable),
        Property("hint", .text("sk-ant-api03-R2D…wXAA"), "The key as its provider's own console shows it."),
        Property(
            "fingerprint", .text("kfp_3f9c1b7a5d2e8046"),
            "The same for the same key in one project; tells nothing of it."),
        Property("version", .integer(1...Int.max, such: 1), "Numbers the secret; none is used twice."),
        Property(
            "revision", .integer(1...Int.max, such: 1), "Grows with every change of the record; also its `ETag`."),
    ]

    /// What ``JSONWriter/state(of:)`` writes.
    static let state = [
        Property(
            "status", .choice(KeyStatus.allCases.map(\.rawValue)),
            "Whether the key may be handed out: `active`, `unverified` and `failing` ones are."),
        Property("verdict", .verdict, "The last definite answer of the provider."),
        Property("last_check", .lastCheck.nullable, "The last attempt to get one."),
        Property("next_check_at", .time.nullable),
        Property("stale", .staleness, "Whether the key should be replaced. A stale key still works."),
    ]

    private static let verdict = object(
        "Verdict",
        [
            Property("code", .choice(VerdictCode.allCases.map(\.rawValue))),
            Property("reason", .text("ok").nullable, "Stable, for machines; null while nothing was definite."),
            Property("message", .text("Key works. Anthropic accepted it. Not tested: credit.")),
            Property("tested", .list(.choice(["identity", "funding"]))),
            Property("checked_at", .time.nullable),
            Property("http_status", .integer(100...599, such: 200).nullable),
            Property("provider_request_id", .text("req_011CUf").nullable),
        ])

    private static let lastCheck = object(
        "LastCheck",
        [
            Property("at", .time),
            Property("reason", .text("ok"), "Stable, for machines."),
            Property("http_status", .integer(100...599, such: 200).nullable),
            Property("retry_at", .time.nullable.such(.null)),
        ])

    private static let staleness = object(
        "Staleness",
        [
            Property("is_stale", .boolean),
            Property("reasons", .list(.choice(StaleReason.allCases.map(\.rawValue))).such(.list([]))),
            Property("since", .time.nullable.such(.null)),
            Property("rotate_by", .time.nullable, "The end of the policy's `max_age_seconds`."),
        ])

    private static let account = [
        Property(
            "account",
            .map(
                .text().nullable,
                such: [("organization_id", .text("4c2f1a")), ("workspace_id", .null)]),
            "What the provider told of the account."),
        Property("params", .map(.text()), "What a call with the key needs besides, such as a region."),
        Property("tags", .map(.text(), such: [("team", .text("search"))])),
    ]

    private static let times = [
        Property("created_at", .time),
        Property("rotated_at", .time.nullable.such(.null)),
        Property("last_used_at", .time.nullable.such(.null), "When it was last revealed."),
        Property("expires_at", .time.nullable.such(.null)),
        Property("revoked_at", .time.nullable.such(.null)),
    ]

    private static let undecryptable = Property(
        "undecryptable_reason", .choice(["ciphertext", "row_mac", "rolled_back"]),
        "Of an `undecryptable` key: what cannot be believed.", isOptional: true)

    static let keys = page("KeyPage", of: key)

    static let revealed = object(
        "RevealedKey",
        [
            Property("id", .id(KeyID.self)),
            Property("provider", .provider),
            Property("version", .integer(1...Int.max, such: 1)),
            Property("key", .text("sk-ant-api03-…"), "The secret itself: in no other answer."),
        ])

    private static let version = object(
        "KeyVersion",
        [
            Property("version", .integer(1...Int.max, such: 1)),
            Property("state", .choice(KeyVersion.State.allCases.map(\.rawValue))),
            Property("hint", .text("sk-ant-api03-R2D…wXAA")),
            Property("fingerprint", .text("kfp_3f9c1b7a5d2e8046")),
            Property("created_at", .time),
            Property("retired_at", .time.nullable.such(.null)),
            Property("shredded_at", .time.nullable.such(.null), "When its secret was destroyed."),
        ])

    static let versions = page("KeyVersionPage", of: version)

    static let diagnosis = object(
        "Diagnosis",
        [
            Property("kind", .text("api_key"), "What kind of thing the paste is."),
            Property("provider", .provider.nullable, "Whose it is, as far as its shape tells."),
            Property("storable", .boolean(true)),
            Property(
                "code", .choice(Diagnosis.Refusal.allCases.map(\.rawValue)).nullable.such(.null),
                "Why it would be refused; null where it would not."),
            Property("message", .text("This is an Anthropic API key.")),
            Property("hint", .text(""), "What to do next; empty where nothing is to be done."),
            Property("cleaned", .list(.text("whitespace")), "What was cleaned away."),
            Property(
                "candidates", .list(.provider), "Whose it could be, where its shape is several providers'.",
                isOptional: true),
            Property("detected_provider", .provider, isOptional: true),
            Property("provider_error", .providerError, isOptional: true),
            Property(
                "quoted", .boolean(true), "`provider_error` is from documentation: no call was made.", isOptional: true),
            Property("docs_url", .url("https://example.com/"), isOptional: true),
        ])

    static let providerError = object(
        "ProviderError",
        [
            Property("type", .choice(["error"])),
            Property(
                "error",
                .object([
                    Property("type", .text("authentication_error")),
                    Property("message", .text("invalid x-api-key"), "Redacted, at most 200 characters."),
                ])),
        ])

    /// An object of one number.
    static func counted(_ name: String) -> Schema { object([Property(name, .count.such(.integer(3)))]) }
}
