package import VaultModel

/// A key as it lies in the store, with what tells whether to believe it.
package struct StoredKey: Sendable, Equatable {
    /// `status` is `undecryptable` where the stored one cannot be read.
    package var record: KeyRecord
    /// The MAC stored with it; empty where the row cannot be read in full, so that it matches nothing.
    package var mac: [UInt8]
    /// The revision in the key's newest audit entry that names one.
    package var newestRevision: Int?
    /// The action of that entry.
    package var newestAction: AuditAction?

    package init(record: KeyRecord, mac: [UInt8], newestRevision: Int? = nil, newestAction: AuditAction? = nil) {
        self.record = record
        self.mac = mac
        self.newestRevision = newestRevision
        self.newestAction = newestAction
    }
}

/// How a key's record lies in the table `keys`.
enum KeyRow {
    static let columns = Columns(
        "keys",
        "id", "project_id", "owner", "provider", "endpoint", "status", "expires_at", "current_version",
        "previous_version", "last_version", "blind_index", "quarantine_reason", "revision", "label", "hint",
        "fingerprint", "tags", "params", "account", "verdict_code", "verdict_reason", "verdict_message",
        "verdict_tested", "verdict_checked_at", "verdict_http_status", "verdict_provider_request_id",
        "verdict_retry_after", "verdict_error_type", "verdict_error_message", "verdict_account", "check_at",
        "check_reason", "check_http_status", "check_retry_at", "next_check_at", "refused_since", "stale_reasons",
        "stale_since", "previous_until", "version_stored_at", "created_at", "rotated_at", "last_used_at",
        "revoked_at", "shred_complete_at", "due_at", "is_proven", "check_message", "mac"
    )

    static let insert = columns.insert
    static let update = columns.update()

    /// All columns of `keys` as `k`, then revision and action of the key's newest entry that names a revision.
    static let select =
        "SELECT \(columns.list(alias: "k")), a.revision, a.action FROM keys k LEFT JOIN audit a ON a.seq ="
        + " (SELECT MAX(seq) FROM audit WHERE key_id = k.id AND revision IS NOT NULL)"

    static func values(_ key: KeyRecord, mac: [UInt8]) throws(StoreError) -> [Value] {
        var values: [Value] = [
            .id(key.id), .id(key.projectID), .owner(key.owner), .provider(key.provider), .text(key.endpoint),
            .text(key.status.rawValue), .time(key.expiresAt), .int(key.currentVersion), .int(key.previousVersion),
            .int(key.lastVersion), .blob(key.blindIndex), .string(key.quarantineReason?.rawValue), .int(key.revision),
            .string(key.label), .text(key.hint), .text(key.fingerprint),
        ]
        values.append(try JSONText.value(key.tags))
        values.append(try JSONText.value(key.params))
        values.append(try JSONText.value(key.account))
        values += try verdictValues(key.verdict)
        values += [
            .time(key.lastCheck?.at), .string(key.lastCheck?.reason), .int(key.lastCheck?.httpStatus),
            .time(key.lastCheck?.retryAt),
        ]
        values += [
            .time(key.nextCheckAt), .time(key.refusedSince), .int(key.staleReasons.rawValue), .time(key.staleSince),
            .time(key.previousUntil), .time(key.versionStoredAt), .time(key.createdAt), .time(key.rotatedAt),
            .time(key.lastUsedAt), .time(key.revokedAt), .time(key.shredCompleteAt), .time(key.dueAt),
            .int(key.isProven ? 1 : 0), .string(key.lastCheck?.message), .blob(mac),
        ]
        return values
    }

    static func decode(_ row: inout Row) -> StoredKey {
        let id: KeyID = row.id()
        let projectID: ProjectID = row.id()
        let owner = row.owner()
        let provider = row.provider()
        let endpoint = row.text()
        let status = row.name(or: KeyStatus.undecryptable)
        let expiresAt = row.optionalTime()
        let currentVersion = row.int()
        let previousVersion = row.optionalInt()
        let lastVersion = row.int()
        let blindIndex = row.blob()
        let quarantineReason = row.optionalName(QuarantineReason.self)
        let revision = row.int()
        let label = row.optionalText()
        var key = KeyRecord(
            id: id, projectID: projectID, owner: owner, provider: provider, endpoint: endpoint, status: status,
            blindIndex: blindIndex, hint: row.text(), fingerprint: row.text(), createdAt: Timestamp(milliseconds: 0)
        )
        key.expiresAt = expiresAt
        key.currentVersion = currentVersion
        key.previousVersion = previousVersion
        key.lastVersion = lastVersion
        key.quarantineReason = quarantineReason
        key.revision = revision
        key.label = label
        key.tags = JSONText.map(row.text())
        key.params = JSONText.map(row.text())
        key.account = JSONText.map(row.text())
        key.verdict = verdict(&row)
        key.lastCheck = lastCheck(&row)
        key.nextCheckAt = row.optionalTime()
        key.refusedSince = row.optionalTime()
        key.staleReasons = StaleReasons(rawValue: row.int())
        key.staleSince = row.optionalTime()
        key.previousUntil = row.optionalTime()
        key.versionStoredAt = row.time()
        key.createdAt = row.time()
        key.rotatedAt = row.optionalTime()
        key.lastUsedAt = row.optionalTime()
        key.revokedAt = row.optionalTime()
        key.shredCompleteAt = row.optionalTime()
        key.dueAt = row.optionalTime()
        key.isProven = row.int() != 0
        let message = row.optionalText()
        key.lastCheck?.message = message
        let mac = row.seal()
        if !row.isWhole { key.status = .undecryptable }
        let newestRevision = row.optionalInt()
        return StoredKey(record: key, mac: mac, newestRevision: newestRevision, newestAction: row.optionalName())
    }

    private static func verdictValues(_ verdict: Verdict?) throws(StoreError) -> [Value] {
        guard let verdict else { return [Value](repeating: .null, count: 11) }
        return [
            .text(verdict.code.rawValue), .text(verdict.reason), .text(verdict.message),
            try JSONText.value(verdict.tested), .time(verdict.checkedAt), .int(verdict.httpStatus),
            .string(verdict.providerRequestID), .int(verdict.retryAfter), .string(verdict.providerError?.type),
            .string(verdict.providerError?.message), try JSONText.value(verdict.account),
        ]
    }

    /// Describes only, so that an unreadable one is none and the row stays whole.
    private static func verdict(_ row: inout Row) -> Verdict? {
        let code = row.optionalText().flatMap(VerdictCode.init)
        let verdict = Verdict(
            code: code ?? .unverified, reason: row.text(), message: row.text(), tested: JSONText.list(row.text()),
            checkedAt: row.time(), httpStatus: row.optionalInt(), providerRequestID: row.optionalText(),
            retryAfter: row.optionalInt(), providerError: providerError(&row), account: JSONText.map(row.text())
        )
        return code == nil ? nil : verdict
    }

    private static func providerError(_ row: inout Row) -> ProviderError? {
        let type = row.optionalText()
        let message = row.text()
        return type.map { ProviderError(type: $0, message: message) }
    }

    private static func lastCheck(_ row: inout Row) -> CheckAttempt? {
        let at = row.optionalTime()
        let reason = row.text()
        let httpStatus = row.optionalInt()
        let retryAt = row.optionalTime()
        return at.map { CheckAttempt(at: $0, reason: reason, httpStatus: httpStatus, retryAt: retryAt) }
    }
}
