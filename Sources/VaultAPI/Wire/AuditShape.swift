import VaultModel

// What is written of the audit log.

extension Schema {
    static let auditEntry = object(
        "AuditEntry",
        [
            Property("seq", .integer(1...Int.max, such: 1042), "Counts without gaps."),
            Property("at", .time),
            Property(
                "actor",
                .object([
                    Property("token_id", .id(TokenID.self).nullable),
                    Property("name", .text("notes, production")),
                    Property("kind", .text("app")),
                ])),
            Property("action", .choice(AuditAction.allCases.map(\.rawValue), such: AuditAction.keyRevealed.rawValue)),
            Property("object", .text("key_01jd2k7x9zf8t9r6q4v3m2n1pw"), "The id of what was acted on."),
            Property("project_id", .id(ProjectID.self).nullable),
            Property("outcome", .text("ok"), "`ok`, or the code of what went wrong."),
            Property("request_id", .id(RequestID.self).nullable),
            Property(
                "key_ref", .text("9b1c6d20a7f34e58").nullable,
                "The same for the same secret: tells entries about it apart."),
            Property("reason", .text("incident 7").nullable.such(.null)),
            Property("key_id", .id(KeyID.self).nullable, "The key that it is about."),
            Property("revision", .integer(1...Int.max).nullable.such(.integer(3)), "The key's, after it."),
            Property("hash", hash, "Of all entries up to this one; the chain that `keystow audit verify` follows."),
        ])

    static let auditPage = object(
        "AuditPage",
        [
            Property("data", .list(auditEntry)),
            Property(
                "next_after", .integer(1...Int.max).nullable.such(.null), "Pass it on as `after`; null: no more yet."),
        ])

    static let auditHead = object(
        "AuditHead",
        [
            Property("seq", .count.such(.integer(1042)), "Of the newest entry."),
            Property("hash", hash, "Over all entries to that one."),
            Property(
                "signed_head", .text("keystow/vlt_…/head").nullable,
                "The newest signed note (C2SP signed-note) about the log; it also stands in the anchor."),
            Property("public_keys", .list(.text("keystow/vlt_…+6f1d2c3b+AQ==")), "What notes are checked with."),
            Property(
                "anchor_writable", .boolean(true), "False while heads and revocations cannot be written to the anchor."),
            Property(
                "dropped_through", .integer(1...Int.max).nullable.such(.null),
                "Entries up to that one were dropped, but for those that still decide something."),
            Property("dropped_hash", hash.nullable.such(.null), "Over all entries to that one."),
        ])

    private static let hash = text(matching: "^[0-9a-f]{64}$", such: String(repeating: "5e", count: 32))
}
