import VaultModel

// What ConnectWire.swift writes.

extension Schema {
    static let connectSession = object(
        "ConnectSession",
        [
            Property("id", .id(ConnectSessionID.self)),
            Property("state", .choice(ConnectState.allCases.map(\.rawValue))),
            Property("purpose", .purpose),
            Property("user_id", .userID),
            Property("user_label", .text("Ada").nullable),
            Property("key_id", .id(KeyID.self).nullable, "Of a completed link: the key that was saved by it."),
            Property("providers", .list(.provider), "Whose keys it takes; empty: those that its project takes."),
            Property("return_url", .url("https://notes.example/settings").nullable),
            Property("origin", .text("https://notes.example").nullable),
            Property("locale", .text("en").nullable),
            Property("created_at", .time),
            Property("expires_at", .time),
            Property("ended_at", .time.nullable.such(.null)),
        ])

    static let purpose = choice(ConnectPurpose.allCases.map(\.rawValue))

    static let mintedSession = object(
        "MintedConnectSession",
        [
            Property("id", .id(ConnectSessionID.self)),
            Property(
                "token", .text("kst_con_…").nullable, "The link's token: shown this once; null in a repetition."),
            Property(
                "url", .url("https://keys.example/connect#kst_con_…").nullable,
                "Where to send the user: shown this once; null in a repetition."),
            Property("expires_at", .time),
        ])

    static let connectPage = object(
        "ConnectPage",
        [
            Property("id", .id(ConnectSessionID.self)),
            Property("purpose", .purpose),
            Property("state", .choice(ConnectState.allCases.map(\.rawValue))),
            Property("checking", .boolean, "Whether a key of this link is being tested now."),
            Property("now", .time),
            Property("expires_at", .time),
            Property("locale", .text("en").nullable),
            Property("user", .text("Ada")),
            Property(
                "project",
                .object([
                    Property("name", .text("notes")),
                    Property("logo", .text("/logo.svg").nullable),
                    Property("accent_color", .text("#1f4fd8").nullable),
                ])),
            Property("return_url", .url("https://notes.example/settings").nullable),
            Property("return_host", .text("notes.example").nullable),
            Property("origin", .text("https://notes.example").nullable),
            Property("readers", .count.such(.integer(1)), "How many of the app's tokens may read the key."),
            Property("providers", .list(offer)),
            Property("key", .ownKey.nullable.such(.null), "The key that was saved, or that is to be replaced."),
            Property("keys", .list(.ownKey).such(.list([])), "Of a link to manage keys: this user's."),
        ])

    private static let offer = object(
        "ProviderOffer",
        [
            Property("id", .provider),
            Property("name", .text("Anthropic")),
            Property("console_url", .url("https://platform.claude.com/settings/keys")),
            Property("billing_url", .url("https://platform.claude.com/settings/billing")),
            Property("docs_url", .url("https://platform.claude.com/docs").nullable),
            Property("steps", .list(.text("Open the console."))),
            Property("example", .text("sk-ant-api03-…").nullable, "How its keys begin."),
            Property("testable", .boolean(true)),
            Property("funding_check", .boolean(true)),
        ])

    static let ownKey = object("OwnKey", ownMembers)

    private static let ownMembers =
        [
            Property("id", .id(KeyID.self)),
            Property("provider", .provider),
            Property("label", .text("work").nullable),
            Property("hint", .text("sk-ant-api03-R2D…wXAA")),
            Property("version", .integer(1...Int.max, such: 1)),
        ] + state + [
            Property("created_at", .time),
            Property("rotated_at", .time.nullable.such(.null)),
            Property("last_used_at", .time.nullable.such(.null)),
            Property("expires_at", .time.nullable.such(.null)),
        ]

    static let connectedKey = object(
        "ConnectedKey",
        ownMembers + [
            Property("already_saved", .boolean, "Whether it had been there before."),
            Property(
                "already_replaced", .boolean(true), "Whether it was in the other's place before.", isOptional: true),
        ])

    /// The page's texts by their names.
    static let pageTexts = map(.text(), such: [("title", .text("Connect your key"))])
}
