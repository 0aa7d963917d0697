import VaultModel
import VaultService

private enum Field {
    static let name = Member.text("name", 1...100).means("What people call it.", such: .text("notes"))
    static let origins = Member.texts("allowed_origins", count: 0...50, each: 1...200)
        .means(
            "Where its connect links may lead back to: https, or http on loopback. Empty: anywhere.",
            such: .texts("https://notes.example"))
    static let providers = Member.texts("allowed_providers", count: 0...100, each: 1...40)
        .means("Whose keys it takes. Empty: every provider's.", as: .list(.provider, count: 0...100))
    static let logo = Member.text("logo", 1...Logo.dataURLCount).nullable
        .means("A data URL of a PNG, JPEG, WebP or SVG image, or a path on this server.")
    static let accentColor = Member.text("accent_color", 1...40).nullable
        .means("A colour such as `#1f4fd8`, readable on the page.", such: .text("#1f4fd8"))
    static let projectID = Member.text("project_id", 1...40)
        .means("The project; an app has no other than its own.", as: .id(ProjectID.self))
    static let kind = Member.choice("kind", TokenKind.allCases.map(\.rawValue)).required
        .means("`app` or `adm`; the others are not made here.", such: .text("app"))
    static let scopes = Member.texts("scopes", count: 1...Scope.allCases.count, each: 1...40)
        .means(
            "What it may do.", as: .list(.choice(Scope.allCases.map(\.rawValue)), count: 1...Scope.allCases.count),
            such: .texts("keys:read", "connect:write"))
    static let tokenName = Member.text("name", 1...100).required
        .means("Who holds it, for the audit log; a credential is refused.", such: .text("notes, production"))
    static let expiresAt = Member<Timestamp>.time("expires_at").nullable
        .means("When it ends; in the future.")
    static let provider = Member.text("provider", 1...40)
        .means("Only this provider's.", as: .provider, such: .text("anthropic"))
    static let userID = Member.text("user_id", 1...200).means("Only this user's.", as: .userID)
    static let createdBefore = Member<Timestamp>.time("created_before").means("Only those stored before this moment.")
    static let all = Member.boolean("all").means("Whether no filter is meant: every key.")
    static let reason = Member.text("reason", 1...200).required
        .means("Why, for the audit log; a credential in it is refused.", such: .text("incident 7"))
    static let dryRun = Member.boolean("dry_run")
        .means("Whether only to count.", such: .boolean(true))
    static let expect = Member.integer("expect", 0...Int(Int32.max))
        .means("How many there have to be; with another count nothing is done.")
    static let maxAge = Member.integer("max_age_seconds", 1...Limit.seconds).nullable
        .means("How old a secret may get. Null: never.", such: .integer(7_776_000))
    static let warnBefore = Member.integers("warn_before_seconds", count: 0...10, each: 1...Limit.seconds)
        .means("How long before `expires_at` it is told.")
    static let unusedAfter = Member.integer("unused_after_seconds", 1...Limit.seconds).nullable
        .means("Without a reveal for so long a key is stale. Null: never.")
    static let recheckEvery = Member.integer("recheck_every_seconds", 1...Limit.seconds).nullable
        .means("How often a key is tested. Null: never.")
    static let confirmAfter = Member.integer("confirm_failure_after_seconds", 1...Limit.seconds).nullable
        .means("How much later a second refusal makes a key `failing`. Null: never.")
    static let grace = Member.integer("grace_seconds", 0...Limit.seconds)
        .means("How long a rotated secret can be taken back.")
    static let quarantineAfter = Member.integer("quarantine_after_seconds", 1...Limit.seconds).nullable
        .means("How old a secret gets before its key is quarantined. Null: never.")
}

enum ProjectRoutes {
    static let all: [Route] = [
        .returning(
            "POST", "/v1/projects", .instance(.projectsWrite), "Make a project.",
            shape: Shape(Field.name.required, Field.origins, Field.providers, Field.logo, Field.accentColor),
            successes: [.json(.project, 201, "Made.")], answer: { project($0, 201) }
        ) { call in
            let name = try call.body.require(Field.name)
            return try await call.vault.createProject(name: name, try patch(call.body), call.context)
        },
        .returning(
            "GET", "/v1/projects", .scope(.projectsWrite), "List projects, newest first.", query: ["limit", "cursor"],
            successes: [.json(.projects, 200, "A page of projects.")],
            answer: { (page: Page<ProjectRecord>) in .page(page) { $0.value($1) } }
        ) { call in
            try call.vault.projects(
                limit: try call.query.integer("limit", 1...200) ?? 50, cursor: call.query["cursor"], call.context)
        },
        .returning(
            "GET", "/v1/projects/{id}", .scope(.projectsWrite), "Show a project.",
            successes: [.json(.project, 200, "The project.")], answer: { project($0) }
        ) { call in
            try call.vault.project(try call.id(), call.context)
        },
        .returning(
            "PATCH", "/v1/projects/{id}", .scope(.projectsWrite), "Change a project.",
            shape: Shape(Field.name, Field.origins, Field.providers, Field.logo, Field.accentColor),
            successes: [.json(.project, 200, "The project as it is now.")], answer: { project($0) }
        ) { call in
            try await call.vault.updateProject(try call.id(), try patch(call.body), call.context)
        },
        .returning(
            "DELETE", "/v1/projects/{id}", .instance(.projectsWrite), "Delete a project that has no live keys.",
            successes: [.done], refuses: [.wrongState], answer: { (_: Deleted) in .noContent }
        ) { call in
            try await call.vault.deleteProject(try call.id(), call.context)
        },
    ]

    private static func project(_ project: ProjectRecord, _ status: Int = 200) -> Answer {
        .json(status) { $0.value(project) }
    }

    private static func patch(_ body: borrowing Members) throws(Problem) -> ProjectPatch {
        var patch = ProjectPatch()
        patch.name = body[Field.name]
        patch.allowedOrigins = try body.optional(Field.origins) { origins in
            let checked = origins.compactMap { WebOrigin($0) }
            return checked.count == origins.count ? checked.map(\.description) : nil
        }
        patch.allowedProviders = try body.optional(Field.providers) { ProviderID.all($0) }
        patch.logo = try change(
            body, Field.logo, Logo.init,
            form:
                "a data URL of a PNG, JPEG, WebP or SVG image in base64, or a path on this server that begins with one /"
        )
        patch.accentColor = try change(body, Field.accentColor, AccentColor.init, form: "a colour such as #1f4fd8")
        return patch
    }

    /// What a body says of a member that may be cleared.
    ///
    /// - Parameter form: what `make` takes, in words, after "must be".
    private static func change<Noun>(
        _ body: borrowing Members, _ member: Member<String>, _ make: (String) -> Noun?, form: String
    ) throws(Problem) -> Noun?? {
        switch body.change(member) {
        case .unchanged: return nil
        case .cleared: return .some(nil)
        case .set(let text):
            guard let noun = make(text) else {
                throw Problem(
                    .invalidField, detail: "`\(member.name)` must be \(form), or null.", field: member.name)
            }
            return noun
        }
    }
}

enum TokenRoutes {
    static let all: [Route] = [
        create.forAdmins,
        .returning(
            "GET", "/v1/tokens", .scope(.tokensWrite), "List tokens, newest first, without their text.",
            query: ["project_id", "limit", "cursor"], successes: [.json(.tokens, 200, "A page of tokens.")],
            answer: { (page: Page<TokenRecord>) in .page(page) { $0.value($1) } }
        ) { call in
            try call.vault.tokens(
                project: try call.query.optional("project_id") { ProjectID($0) },
                limit: try call.query.integer("limit", 1...200) ?? 50, cursor: call.query["cursor"], call.context)
        }.forAdmins,
        .returning(
            "DELETE", "/v1/tokens/{id}", .scope(.tokensWrite), "Revoke a token.", successes: [.done],
            answer: { (_: Deleted) in .noContent }
        ) { call in
            try await call.vault.revokeToken(try call.id(), call.context)
        }.forAdmins,
        .returning(
            "GET", "/v1/token", .anyToken, "Tell the caller who it is and what it may do.",
            successes: [.json(.caller, 200, "The caller.")],
            answer: { (caller: Caller) in .json(200) { $0.value(caller) } }
        ) { call in
            call.context.caller
        },
    ]

    /// The one answer with a token's text; its repetition has null there.
    private static var create: Route {
        var route = Route(
            "POST", "/v1/tokens", .scope(.tokensWrite), "Make a token; its text is shown this once.",
            successes: [.json(.mintedToken, 201, "Made.")]
        ) { call in
            let minted = try await call.vault.createToken(try request(call.body), call.context)
            return .json(201) { writer in
                writer.beginObject()
                writer.members(of: minted.record)
                writer.member("token", secret: minted.text)
                writer.endObject()
            }
        }
        route = route.with(
            shape: Shape(Field.projectID, Field.kind, Field.scopes, Field.tokenName, Field.expiresAt),
            refuses: [.notFound])
        route.keeps = Route.keeping { (record: TokenRecord) in
            .json(201) { writer in
                writer.beginObject()
                writer.members(of: record)
                writer.member("token", String?.none)
                writer.endObject()
            }
        }
        return route
    }

    private static func request(_ body: borrowing Members) throws(Problem) -> TokenRequest {
        var request = TokenRequest(
            kind: try body.require(Field.kind) { TokenKind(rawValue: $0) }, name: try body.require(Field.tokenName))
        request.projectID = try body.optional(Field.projectID) { ProjectID($0) }
        request.scopes = try body.optional(Field.scopes) { names in
            let scopes = names.compactMap(Scope.init)
            return scopes.count == names.count ? scopes : nil
        }
        request.expiresAt = body[Field.expiresAt]
        return request
    }
}

enum PolicyRoutes {
    private static let shape = Shape(
        Field.maxAge, Field.warnBefore, Field.unusedAfter, Field.recheckEvery, Field.confirmAfter, Field.grace,
        Field.quarantineAfter)

    static let all: [Route] =
        ["/v1/projects/{id}/policy", "/v1/projects/{id}/policy/{provider}"].flatMap { path in
            [
                .returning(
                    "GET", path, .scope(.policyWrite), "Show the rotation policy that holds here.",
                    successes: [.json(.policy, 200, "The policy.")], answer: policy
                ) { call in
                    try call.vault.policy(project: try call.id(), provider: try provider(call), call.context)
                },
                .returning(
                    "PUT", path, .scope(.policyWrite), "Set the rotation policy.", shape: shape,
                    successes: [.json(.policy, 200, "The policy that holds now.")], answer: policy
                ) { call in
                    try await call.vault.setPolicy(
                        policy(call.body), project: try call.id(), provider: try provider(call), call.context)
                },
            ] as [Route]
        } + [
            .returning(
                "DELETE", "/v1/projects/{id}/policy/{provider}", .scope(.policyWrite),
                "Return a provider's keys to the project's policy.", successes: [.done],
                answer: { (_: Deleted) in .noContent }
            ) { call in
                guard let provider = try provider(call) else { throw VaultError.notFound }
                return try await call.vault.deletePolicy(project: try call.id(), provider: provider, call.context)
            }
        ]

    private static func policy(_ policy: RotationPolicy) -> Answer { .json(200) { $0.value(policy) } }

    private static func provider(_ call: borrowing Call) throws(VaultError) -> ProviderID? {
        guard call.parameters.count > 1 else { return nil }
        guard let provider = ProviderID(String(call.parameters[1])) else { throw .notFound }
        return provider
    }

    /// The policy of a request: what it leaves out is as in the standard one, null is never.
    private static func policy(_ body: borrowing Members) -> RotationPolicy {
        var policy = RotationPolicy.standard
        set(&policy.maxAgeSeconds, body.change(Field.maxAge))
        set(&policy.unusedAfterSeconds, body.change(Field.unusedAfter))
        set(&policy.recheckEverySeconds, body.change(Field.recheckEvery))
        set(&policy.confirmFailureAfterSeconds, body.change(Field.confirmAfter))
        set(&policy.quarantineAfterSeconds, body.change(Field.quarantineAfter))
        policy.warnBeforeSeconds = body[Field.warnBefore] ?? policy.warnBeforeSeconds
        policy.graceSeconds = body[Field.grace] ?? policy.graceSeconds
        return policy
    }

    private static func set(_ span: inout Int?, _ change: Change<Int>) {
        switch change {
        case .unchanged: break
        case .cleared: span = nil
        case .set(let seconds): span = seconds
        }
    }
}

enum VaultRoutes {
    static let all: [Route] = [
        .returning(
            "GET", "/v1/providers", .anyToken, "List the providers whose keys are taken.",
            successes: [.json(.providers, 200, "The catalogue.")],
            answer: { (providers: [ProviderSummary]) in
                .page(Page(items: providers, nextCursor: nil)) { $0.value($1) }
            }
        ) { call in
            call.vault.providers
        },
        .returning(
            "GET", "/v1/stats", .scope(.keysRead), "Count keys by provider, status, stale reason and age.",
            query: ["project_id"], successes: [.json(.statistics, 200, "The counts.")],
            answer: { (statistics: KeyStatistics) in .json(200) { $0.value(statistics) } }
        ) { call in
            try call.vault.statistics(
                project: try call.query.optional("project_id") { ProjectID($0) }, call.context)
        }.forAdmins,
        .returning(
            "POST", "/v1/revoke", .scope(.keysWrite), "Revoke every key that a filter names, or count them.",
            shape: Shape(
                Field.projectID, Field.provider, Field.userID, Field.createdBefore, Field.all, Field.reason,
                Field.dryRun, Field.expect),
            successes: [.json(.counted("revoked"), 200, "How many keys it names.")],
            refuses: [.notFound, .versionConflict],
            answer: { (count: Int) in .count("revoked", count) }
        ) { call in
            try await call.vault.revoke(try revocation(call.body), call.context)
        }.forAdmins,
    ]

    private static func revocation(_ body: borrowing Members) throws(Problem) -> MassRevocation {
        var request = MassRevocation()
        request.filter.projectID = try body.optional(Field.projectID) { ProjectID($0) }
        request.filter.provider = try body.optional(Field.provider) { ProviderID($0) }
        request.filter.owner = try body.optional(Field.userID) { UserID($0) }
        request.filter.createdBefore = body[Field.createdBefore]
        request.isForAll = body[Field.all] ?? false
        request.reason = try body.require(Field.reason)
        request.isDryRun = body[Field.dryRun] ?? false
        request.expected = body[Field.expect]
        return request
    }
}
