import VaultModel
import VaultService

/// Audit entries as a page: ascending, with the number after which the next page begins.
struct AuditPage: Sendable {
    let records: [AuditRecord]
    let next: Int?

    /// A page of up to `limit`; a full one may have a next.
    init(_ records: [AuditRecord], limit: Int) {
        self.records = records
        next = records.count == limit ? records.last?.sequence : nil
    }
}

extension Answer {
    static func audit(_ page: AuditPage) -> Answer {
        .json(200) { writer in
            writer.beginObject()
            writer.beginArray("data")
            for record in page.records { writer.value(record) }
            writer.endArray()
            writer.member("next_after", page.next)
            writer.endObject()
        }
    }
}

enum AuditRoutes {
    static let all: [Route] = [
        .returning(
            "GET", "/v1/audit/entries", .scope(.auditRead), "List audit entries in the order of their sequence.",
            query: ["after", "limit", "key_id", "token_id", "action", "since", "until"],
            successes: [.json(.auditPage, 200, "Audit entries, oldest first.")], answer: Answer.audit
        ) { call in
            let (after, limit) = try place(call.query)
            return AuditPage(
                try call.vault.auditEntries(try filter(call.query), after: after, limit: limit, call.context),
                limit: limit)
        },
        .returning(
            "GET", "/v1/audit/head", .scope(.auditRead),
            "Show where the log is: number and chain hash of the newest entry, the newest signed head, the public keys.",
            successes: [.json(.auditHead, 200, "The head.")],
            answer: { (head: AuditHeadView) in
                .json(200) { writer in
                    writer.beginObject()
                    writer.member("seq", head.position.sequence)
                    writer.member("hash", head.position.hash.hexadecimal)
                    writer.member("signed_head", head.signedHead)
                    writer.member("public_keys", head.publicKeys)
                    writer.member("anchor_writable", head.isAnchorWritable)
                    writer.member("dropped_through", head.dropped?.sequence)
                    writer.member("dropped_hash", head.dropped?.hash.hexadecimal)
                    writer.endObject()
                }
            }
        ) { call in
            try call.vault.auditHead(call.context)
        },
    ]

    static func place(_ query: QueryString) throws(Problem) -> (after: Int, limit: Int) {
        (try query.integer("after", 0...Int(Int32.max)) ?? 0, try query.integer("limit", 1...200) ?? 50)
    }

    private static func filter(_ query: QueryString) throws(Problem) -> AuditFilter {
        var filter = AuditFilter()
        filter.keyID = try query.optional("key_id") { KeyID($0) }
        filter.tokenID = try query.optional("token_id") { TokenID($0) }
        filter.action = try query.optional("action") { AuditAction(rawValue: $0) }
        filter.since = try query.optional("since") { Timestamp(rfc3339: $0) }
        filter.until = try query.optional("until") { Timestamp(rfc3339: $0) }
        return filter
    }
}
