import VaultModel
import VaultService

// The calls on keys. Each declares what it accepts beside what it does.

/// The members that requests about keys share.
private enum Field {
    static let userID = Member.text("user_id", 1...200).required
        .means("The app's own name for the user, 1 to 200 bytes.", as: .userID)
    static let key = Member.secret("key").required.means("The paste: a key, or text that holds one.")
    static let provider = Member.text("provider", 1...40).nullable
        .means("Whose key it is; found out where it is left out.", as: .provider)
    static let label = Member.text("label", 0...100).nullable
        .means("What people call the key.", such: .text("work"))
    static let tags = Member.textMap("tags", entries: 16, names: 1...40, values: 0...200).nullable
        .means("The app's own marks.")
    static let params = Member.textMap("params", entries: 16, names: 1...40, values: 0...200)
        .means("What the provider needs besides, such as a region; see `GET /v1/providers`.")
    static let expiresAt = Member<Timestamp>.time("expires_at").nullable
        .means("When it ends; in the future.")
    static let validation = Member.choice("validation", Validation.allCases.map(\.rawValue))
        .means(
            """
            `best_effort`: an outage stores it as `unverified`. `required`: an outage is 503 and stores nothing. `skip`: no \
            test call now. The usual is `best_effort`, of a rotation `required`.
            """)
    static let fundingCheck = Member.boolean("funding_check")
        .means("Whether to spend about eleven tokens of the user's to prove that it can pay.")
    static let projectID = Member.text("project_id", 1...40)
        .means("Whose it shall be: for an admin, who has to name one.", as: .id(ProjectID.self))
    static let graceSeconds = Member.integer("grace_seconds", 0...Limit.seconds)
        .means("How long the previous secret can be taken back; the policy's where it is left out.")
    static let reason = Member.text("reason", 0...200)
        .means("Why, for the audit log; a credential in it is refused.", such: .text("nightly summary"))
}

enum KeyRoutes {
    private static let create = Shape(
        Field.userID, Field.key, Field.provider, Field.label, Field.tags, Field.params, Field.expiresAt,
        Field.validation, Field.fundingCheck, Field.projectID)
    private static let rotate = Shape(Field.key, Field.graceSeconds, Field.validation, Field.fundingCheck)
    private static let patch = Shape(Field.label, Field.tags, Field.expiresAt)

    static let all: [Route] = [
        .returning(
            "POST", "/v1/keys", .scope(.keysWrite), "Store a user's key: judge it, prove it, seal it.", shape: create,
            successes: [.key(201, "Stored.")], refuses: .ofPaste + [.duplicateKey, .notFound],
            answer: { .key($0, status: 201) }
        ) { call in
            try await call.vault.create(try intake(call), call.context)
        },
        .returning(
            "GET", "/v1/keys", .scope(.keysRead), "List keys, newest first.",
            query: ["user_id", "provider", "status", "stale", "limit", "cursor", "project_id"],
            successes: [.json(.keys, 200, "A page of keys.")],
            answer: { (page: Page<KeyView>) in .page(page) { $0.value($1) } }
        ) { call in
            try call.vault.keys(try listing(call.query), call.context)
        },
        .returning(
            "GET", "/v1/keys/{id}", .scope(.keysRead), "Show a key.", successes: [.key()], answer: { .key($0) }
        ) { call in
            try call.vault.key(try call.id(), call.context)
        },
        .returning(
            "PATCH", "/v1/keys/{id}", .scope(.keysWrite), "Change what describes a key.", shape: patch,
            successes: [.key()], refuses: [.versionConflict, .keyRevoked], answer: { .key($0) }
        ) { call in
            try await call.vault.update(try call.id(), changes(call.body), ifRevision: call.ifMatch, call.context)
        },
        .returning(
            "DELETE", "/v1/keys/{id}", .scope(.keysWrite), "Shred a key and forget its record.", successes: [.done],
            answer: { (_: Deleted) in .noContent }
        ) { call in
            try await call.vault.delete(try call.id(), call.context)
        },
        Route(
            "POST", "/v1/keys/{id}/reveal", .scope(.keysReveal), "Hand out a key's secret.",
            successes: [.json(.revealed, 200, "The secret.")]
        ) { call in
            let id: KeyID = try call.id()
            let key = try await call.vault.reveal(id, reason: call.body[Field.reason] ?? "", call.context)
            return .json(200) { writer in
                writer.beginObject()
                writer.member("id", "\(key.id)")
                writer.member("provider", "\(key.provider)")
                writer.member("version", key.version)
                writer.member("key", secret: key.secret)
                writer.endObject()
            }
        }.with(shape: Shape(Field.reason), refuses: .ofState),
        .returning(
            "POST", "/v1/keys/{id}/check", .scope(.keysWrite), "Test a stored key with its provider now.",
            shape: Shape(Field.fundingCheck), successes: [.key(200, "The key with what came of it.")],
            refuses: .ofState + [.validationLimit], isIdempotent: false, answer: { .key($0) }
        ) { call in
            let wantsFunding = call.body[Field.fundingCheck] ?? false
            return try await call.vault.check(try call.id(), wantsFunding: wantsFunding, call.context)
        },
        .returning(
            "POST", "/v1/keys/{id}/rotate", .scope(.keysWrite), "Replace a key's secret.", shape: rotate,
            successes: [.key()], refuses: .ofPaste + .ofState + [.duplicateKey], answer: { .key($0) }
        ) { call in
            var replacement = KeyReplacement(paste: try call.body.requireSecret(Field.key))
            replacement.graceSeconds = call.body[Field.graceSeconds]
            replacement.validation = call.body[Field.validation].flatMap(Validation.init)
            replacement.wantsFundingCheck = call.body[Field.fundingCheck] ?? false
            return try await call.vault.rotate(try call.id(), to: replacement, call.context)
        },
        .returning(
            "POST", "/v1/keys/{id}/rollback", .scope(.keysWrite), "Make the previous version current again.",
            shape: Shape(), successes: [.key()], refuses: .ofState, answer: { .key($0) }
        ) { call in
            try await call.vault.rollback(try call.id(), call.context)
        },
        .returning(
            "POST", "/v1/keys/{id}/quarantine", .scope(.keysWrite), "Stop a key until it is released.",
            shape: Shape(), successes: [.key()], refuses: .ofState, answer: { .key($0) }
        ) { call in
            try await call.vault.quarantine(try call.id(), call.context)
        },
        .returning(
            "POST", "/v1/keys/{id}/release", .scope(.keysWrite), "Let a quarantined key work again.",
            shape: Shape(), successes: [.key()], refuses: .ofState, answer: { .key($0) }
        ) { call in
            try await call.vault.release(try call.id(), call.context)
        },
        .returning(
            "POST", "/v1/keys/{id}/revoke", .scope(.keysWrite), "End a key for ever: its secrets are shredded.",
            shape: Shape(Field.reason), successes: [.key(200, "What is left of it.")], answer: { .key($0) }
        ) { call in
            try await call.vault.revoke(try call.id(), reason: call.body[Field.reason] ?? "", call.context)
        },
        .returning(
            "GET", "/v1/keys/{id}/versions", .scope(.keysRead), "List a key's versions, without secrets.",
            successes: [.json(.versions, 200, "Its versions, newest first.")],
            answer: { (versions: [KeyVersion]) in
                .page(Page(items: versions, nextCursor: nil)) { $0.value($1) }
            }
        ) { call in
            try call.vault.versions(of: try call.id(), call.context)
        },
        .returning(
            "GET", "/v1/keys/{id}/events", .scope(.keysRead), "List what happened to a key.",
            query: ["after", "limit"], successes: [.json(.auditPage, 200, "Audit entries, oldest first.")],
            answer: Answer.audit
        ) { call in
            let (after, limit) = try AuditRoutes.place(call.query)
            return AuditPage(
                try call.vault.events(of: try call.id(), after: after, limit: limit, call.context), limit: limit)
        },
        .returning(
            "DELETE", "/v1/users/{user_id}", .scope(.keysWrite), "Shred and delete all keys of a user.",
            query: ["project_id"], successes: [.json(.counted("deleted"), 200, "How many keys there were.")],
            refuses: [.invalidField],
            answer: { (count: Int) in .count("deleted", count) }
        ) { call in
            guard let owner = call.parameters.first.flatMap(QueryString.segment).flatMap(UserID.init) else {
                throw VaultError.notFound
            }
            let project = try call.query.optional("project_id") { ProjectID($0) }
            return try await call.vault.deleteKeys(of: owner, project: project, call.context)
        },
        .returning(
            "POST", "/v1/inspect", .scope(.keysWrite), "Ask the key doctor alone: no network, nothing stored.",
            shape: Shape(Field.key, Field.provider), successes: [.json(.diagnosis, 200, "What the doctor says.")],
            isIdempotent: false,
            answer: { (diagnosis: Diagnosis) in .json(200) { $0.value(diagnosis) } }
        ) { call in
            let provider = try call.body.optional(Field.provider) { ProviderID($0) }
            return try call.vault.inspect(try call.body.requireSecret(Field.key), chosen: provider)
        },
    ]

    private static func intake(_ call: borrowing Call) throws -> KeyIntake {
        var intake = KeyIntake(
            owner: try call.body.require(Field.userID) { UserID($0) },
            paste: try call.body.requireSecret(Field.key))
        intake.provider = try call.body.optional(Field.provider) { ProviderID($0) }
        intake.label = call.body[Field.label]
        intake.tags = call.body[Field.tags] ?? [:]
        intake.params = call.body[Field.params] ?? [:]
        intake.expiresAt = call.body[Field.expiresAt]
        intake.validation = call.body[Field.validation].flatMap(Validation.init) ?? .bestEffort
        intake.wantsFundingCheck = call.body[Field.fundingCheck] ?? false
        intake.projectID = try call.project(Field.projectID)
        return intake
    }

    private static func listing(_ query: QueryString) throws(Problem) -> KeyListing {
        var listing = KeyListing()
        listing.owner = try query.optional("user_id") { UserID($0) }
        listing.provider = try query.optional("provider") { ProviderID($0) }
        listing.status = try query.optional("status") { KeyStatus(rawValue: $0) }
        listing.isStale = try query.boolean("stale")
        listing.limit = try query.integer("limit", 1...200) ?? 50
        listing.cursor = query["cursor"]
        listing.projectID = try query.optional("project_id") { ProjectID($0) }
        return listing
    }

    private static func changes(_ body: borrowing Members) -> KeyPatch {
        var patch = KeyPatch()
        switch body.change(Field.label) {
        case .unchanged: break
        case .cleared: patch.label = .some(nil)
        case .set(let label): patch.label = label
        }
        switch body.change(Field.expiresAt) {
        case .unchanged: break
        case .cleared: patch.expiresAt = .some(nil)
        case .set(let end): patch.expiresAt = end
        }
        switch body.change(Field.tags) {
        case .unchanged: break
        case .cleared: patch.tags = [:]
        case .set(let tags): patch.tags = tags
        }
        return patch
    }
}

/// Bounds that several calls share.
enum Limit {
    /// The longest span of time that can be asked for: a hundred years.
    static let seconds = 3_155_760_000
}

extension Answer {
    static func count(_ name: StaticString, _ count: Int) -> Answer {
        .json(200) { writer in
            writer.beginObject()
            writer.member(name, count)
            writer.endObject()
        }
    }
}
