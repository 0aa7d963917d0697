import VaultCrypto
package import VaultModel
import VaultProviders
import VaultStore

/// A change of a project; `nil` leaves a member as it is, `.some(nil)` clears it.
package struct ProjectPatch: Sendable {
    package var name: String?
    package var allowedOrigins: [String]?
    package var allowedProviders: [ProviderID]?
    package var logo: Logo??
    package var accentColor: AccentColor??

    package init() {}
}

extension Vault {
    package func createProject(
        name: String, _ patch: ProjectPatch, _ context: RequestContext
    ) async throws(VaultError) -> ProjectRecord {
        try requireInstanceAdmin(context)
        try require(known: patch.allowedProviders)
        try Self.require(readable: patch.accentColor ?? nil)
        let now = time.now()
        let project = ProjectRecord(
            id: ProjectID(at: now), name: name, allowedOrigins: patch.allowedOrigins ?? [],
            allowedProviders: patch.allowedProviders ?? [], logo: patch.logo ?? nil,
            accentColor: patch.accentColor ?? nil, createdAt: now)
        return try await write(context) { [self] transaction in
            try transaction.insert(project, mac: keyring.mac(of: project))
            try audit(project, "created", in: transaction, context)
            return project
        }
    }

    package func project(_ id: ProjectID, _ context: RequestContext) throws(VaultError) -> ProjectRecord {
        try context.require(.projectsWrite)
        return try reading { transaction in try visibleProject(id, context, in: transaction) }
    }

    package func projects(
        limit: Int, cursor: String?, _ context: RequestContext
    ) throws(VaultError) -> Page<ProjectRecord> {
        try context.require(.projectsWrite)
        if let own = context.caller.projectID {
            // Its one page never gave a cursor.
            guard cursor == nil else { throw .invalidCursor }
            return Page(items: [try project(own, context)], nextCursor: nil)
        }
        let scope = CursorScope(list: "projects", project: nil)
        let before = try cursor.map { cursor throws(VaultError) in try open(cursor: cursor, scope) }.map(ProjectID.init)
        return try reading { transaction in
            let rows = try transaction.projects(before: before, limit: limit + 1)
            return try page(of: rows, limit: limit, scope, id: \.record.id.uuid) { stored in
                try believed(stored, in: transaction)
            }
        }
    }

    package func updateProject(
        _ id: ProjectID, _ patch: ProjectPatch, _ context: RequestContext
    ) async throws(VaultError) -> ProjectRecord {
        try context.require(.projectsWrite)
        try require(known: patch.allowedProviders)
        try Self.require(readable: patch.accentColor ?? nil)
        return try await write(context) { [self] transaction in
            var project = try visibleProject(id, context, in: transaction)
            let before = project
            project.name = patch.name ?? project.name
            project.allowedOrigins = patch.allowedOrigins ?? project.allowedOrigins
            project.allowedProviders = patch.allowedProviders ?? project.allowedProviders
            project.logo = patch.logo ?? project.logo
            project.accentColor = patch.accentColor ?? project.accentColor
            guard project != before else { return project }
            project.revision = project.revision.next
            try transaction.update(project, mac: keyring.mac(of: project))
            try audit(project, "updated", in: transaction, context)
            return project
        }
    }

    /// Forgets a project and its tokens.
    ///
    /// - Throws: `wrongState` while it has keys that are not revoked.
    package func deleteProject(_ id: ProjectID, _ context: RequestContext) async throws(VaultError) -> Deleted {
        try requireInstanceAdmin(context)
        defer {
            tokenCache.forget()
            policyCache.forget()
        }
        return try await write(context) { [self] transaction in
            let project = try visibleProject(id, context, in: transaction)
            let live = try transaction.liveKeyCount(project: id)
            guard live == 0 else {
                throw VaultError.wrongState(
                    detail: "The project still has \(live) keys that are not revoked.",
                    hint: "Revoke or delete its keys first: POST /v1/revoke with this project_id.")
            }
            try transaction.delete(project: id)
            try audit(project, "deleted", in: transaction, context)
            return Deleted()
        }
    }

    func visibleProject(
        _ id: ProjectID, _ context: RequestContext, in transaction: ReadTransaction
    ) throws -> ProjectRecord {
        guard context.caller.sees(id), let project = try believedProject(id, in: transaction) else {
            throw VaultError.notFound
        }
        return project
    }

    private func audit(
        _ project: ProjectRecord, _ reason: String, in transaction: WriteTransaction, _ context: RequestContext
    ) throws {
        _ = try transaction.append(
            AuditEntry(
                at: time.now(), actor: context.caller, action: .projectChanged, object: "\(project.id)",
                projectID: project.id, requestID: context.requestID, reason: reason))
    }

    /// Projects are made and unmade only from above them.
    private func requireInstanceAdmin(_ context: RequestContext) throws(VaultError) {
        try context.require(.projectsWrite)
        guard context.caller.projectID == nil else { throw .insufficientScope(.projectsWrite) }
    }

    private func require(known providers: [ProviderID]?) throws(VaultError) {
        for provider in providers ?? [] where catalogue[provider] == nil {
            throw .invalidField(
                "allowed_providers", detail: "The catalogue has no such provider; see GET /v1/providers.")
        }
    }

    /// White text must be readable on the colour.
    private static func require(readable color: AccentColor?) throws(VaultError) {
        guard let contrast = color?.contrast(with: .white), contrast < AccentColor.readableContrast else { return }
        // Rounded down, so that what is not enough never reads as if it were.
        let hundredths = Int(contrast * 100)
        let measured = "\(hundredths / 100).\(hundredths / 10 % 10)\(hundredths % 10)"
        throw .invalidField(
            "accent_color",
            detail: "White text on this colour has a contrast of \(measured):1 and needs at least "
                + "\(AccentColor.readableContrast):1 (WCAG 2.2, 1.4.3), or people with low vision cannot read the "
                + "buttons. Take a darker colour.")
    }
}
