import VaultModel

// What AdminWire.swift writes.

extension Schema {
    static let project = object(
        "Project",
        [
            Property("id", .id(ProjectID.self)),
            Property("name", .text("notes")),
            Property(
                "allowed_origins", .list(.text("https://notes.example")),
                "Where its connect links may lead back to; empty: anywhere with TLS."),
            Property("allowed_providers", .list(.provider), "Whose keys it takes; empty: every provider's."),
            Property("logo", .text("/logo.svg").nullable.such(.null)),
            Property("accent_color", .text("#1f4fd8").nullable),
            Property(
                "reveal_granted_at", .time.nullable.such(.null),
                "When an admin last gave a token of it `keys:reveal`; null: never."),
            Property("created_at", .time),
            Property("revision", .integer(1...Int.max, such: 1)),
        ])

    static let projects = page("ProjectPage", of: project)

    private static let tokenMembers = [
        Property("id", .id(TokenID.self)),
        Property("kind", .choice(TokenKind.allCases.map(\.rawValue), such: "app")),
        Property("name", .text("notes, production")),
        Property("project_id", .id(ProjectID.self).nullable, "Null: over the whole instance."),
        Property("scopes", .scopes),
        Property("created_at", .time),
        Property("expires_at", .time.nullable.such(.null)),
        Property("last_used_at", .time.nullable.such(.null)),
        Property("revoked_at", .time.nullable.such(.null)),
    ]

    static let token = object("Token", tokenMembers)
    static let tokens = page("TokenPage", of: token)

    static let mintedToken = object(
        "MintedToken",
        tokenMembers + [
            Property(
                "token", .text("kst_app_…").nullable,
                "The token itself: shown this once; null where the answer is a repetition.")
        ])

    static let caller = object(
        "Caller",
        [
            Property("id", .id(TokenID.self).nullable),
            Property("kind", .choice(TokenKind.allCases.map(\.rawValue), such: "app")),
            Property("name", .text("notes, production")),
            Property("project_id", .id(ProjectID.self).nullable, "Null: over the whole instance."),
            Property("scopes", .scopes),
            Property("expires_at", .time.nullable.such(.null)),
        ])

    static let policy = object(
        "RotationPolicy",
        [
            span("max_age_seconds", 7_776_000, "How old a secret may get.").orNever,
            Property(
                "warn_before_seconds",
                .list(.integer(1...Int.max)).such(.list([.integer(2_592_000), .integer(864_000)])),
                "How long before `expires_at` it is told."),
            span("unused_after_seconds", 5_184_000, "Without a reveal for so long a key is stale.").orNever,
            span("recheck_every_seconds", 86_400, "How often a key is tested.").orNever,
            span("confirm_failure_after_seconds", 600, "How much later a second refusal makes a key `failing`.")
                .orNever,
            Property(
                "grace_seconds", .integer(0...Int.max, such: 604_800), "How long a rotated secret can be taken back."),
            span("quarantine_after_seconds", 7_776_000, "How old a secret gets before its key is quarantined.").orNever,
        ])

    private static func span(_ name: String, _ example: Int, _ note: String) -> Property {
        Property(name, .integer(1...Int.max, such: example), note)
    }

    static let providers = page("ProviderPage", of: providerSummary)

    private static let providerSummary = object(
        "Provider",
        [
            Property("id", .provider),
            Property("name", .text("Anthropic")),
            Property("console_url", .url("https://platform.claude.com/settings/keys")),
            Property("billing_url", .url("https://platform.claude.com/settings/billing")),
            Property("docs_url", .url("https://platform.claude.com/docs").nullable),
            Property("environment_variable", .text("ANTHROPIC_API_KEY").nullable),
            Property("steps", .list(.text("Open the console.")), "How to get a key."),
            Property("params", .list(.text("region")).such(.list([])), "What a key needs besides, as `params`."),
        ])

    static let statistics = object(
        "Statistics",
        [
            Property("by_provider", .map(.count, such: [("anthropic", .integer(3))])),
            Property("by_status", .map(.count, such: [("active", .integer(3))])),
            Property("by_stale_reason", .map(.count)),
            Property(
                "age_histogram",
                .list(
                    .object([
                        Property("from_days", .count),
                        Property("to_days", .count.nullable.such(.integer(1)), "Null: and older."),
                        Property("keys", .count.such(.integer(3))),
                    ]))),
        ])

    static let health = object([Property("status", .text("ready"))])
}

extension Schema.Property {
    /// Null stands for never.
    fileprivate var orNever: Schema.Property { Schema.Property(name, schema.nullable, note + " Null: never.") }
}
