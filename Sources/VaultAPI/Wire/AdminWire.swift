import VaultModel
import VaultService

extension JSONWriter {
    mutating func value(_ project: ProjectRecord) {
        beginObject()
        member("id", "\(project.id)")
        member("name", project.name)
        member("allowed_origins", project.allowedOrigins)
        member("allowed_providers", project.allowedProviders.map(\.description))
        member("logo", project.logo?.description)
        member("accent_color", project.accentColor?.description)
        member("reveal_granted_at", project.revealGrantedAt)
        member("created_at", project.createdAt)
        member("revision", project.revision)
        endObject()
    }

    /// A token without its text, or with it where `isShown`: null in the repetition of the one answer that had it.
    mutating func members(of token: TokenRecord) {
        member("id", "\(token.id)")
        member("kind", token.kind.rawValue)
        member("name", token.name)
        member("project_id", token.projectID?.description)
        member("scopes", token.scopes.names)
        member("created_at", token.createdAt)
        member("expires_at", token.expiresAt)
        member("last_used_at", token.lastUsedAt)
        member("revoked_at", token.revokedAt)
    }

    mutating func value(_ token: TokenRecord) {
        beginObject()
        members(of: token)
        endObject()
    }

    mutating func value(_ policy: RotationPolicy) {
        beginObject()
        member("max_age_seconds", policy.maxAgeSeconds)
        member("warn_before_seconds", policy.warnBeforeSeconds)
        member("unused_after_seconds", policy.unusedAfterSeconds)
        member("recheck_every_seconds", policy.recheckEverySeconds)
        member("confirm_failure_after_seconds", policy.confirmFailureAfterSeconds)
        member("grace_seconds", policy.graceSeconds)
        member("quarantine_after_seconds", policy.quarantineAfterSeconds)
        endObject()
    }

    mutating func value(_ record: AuditRecord) {
        let entry = record.entry
        beginObject()
        member("seq", record.sequence)
        member("at", entry.at)
        beginObject("actor")
        member("token_id", entry.actorTokenID?.description)
        member("name", entry.actorName)
        member("kind", entry.actorKind)
        endObject()
        member("action", entry.action.rawValue)
        member("object", entry.object)
        member("project_id", entry.projectID?.description)
        member("outcome", entry.outcome)
        member("request_id", entry.requestID?.description)
        member("key_ref", entry.keyRef.isEmpty ? nil : entry.keyRef)
        member("reason", entry.reason.isEmpty ? nil : entry.reason)
        member("key_id", entry.keyID?.description)
        member("revision", entry.revision)
        member("hash", record.hash.hexadecimal)
        endObject()
    }

    mutating func value(_ provider: ProviderSummary) {
        beginObject()
        member("id", "\(provider.id)")
        member("name", provider.name)
        member("console_url", provider.consoleURL)
        member("billing_url", provider.billingURL)
        member("docs_url", provider.docsURL)
        member("environment_variable", provider.environmentVariable)
        member("steps", provider.steps)
        member("params", provider.params)
        endObject()
    }

    mutating func value(_ caller: Caller) {
        beginObject()
        member("id", caller.tokenID?.description)
        member("kind", caller.kind.name)
        member("name", caller.name)
        member("project_id", caller.projectID?.description)
        member("scopes", caller.scopes.names)
        member("expires_at", caller.expiresAt)
        endObject()
    }

    mutating func value(_ statistics: KeyStatistics) {
        beginObject()
        counts("by_provider", statistics.byProvider)
        counts("by_status", statistics.byStatus)
        counts("by_stale_reason", statistics.byStaleReason)
        beginArray("age_histogram")
        let edges = [0] + KeyStatistics.ageEdges
        for (index, count) in statistics.byStoredAt.enumerated() {
            beginObject()
            member("from_days", edges[index])
            member("to_days", index + 1 < edges.count ? edges[index + 1] : nil)
            member("keys", count)
            endObject()
        }
        endArray()
        endObject()
    }

    private mutating func counts(_ name: StaticString, _ counts: [(String, Int)]) {
        beginObject(name)
        for (name, count) in counts {
            self.name(escaping: name)
            integer(count)
        }
        endObject()
    }
}
