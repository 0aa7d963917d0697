import VaultModel
import VaultService

extension Answer {
    /// A key as the API shows it, its revision as `ETag`.
    static func key(_ view: KeyView, status: Int = 200) -> Answer {
        .json(status, headers: [("ETag", "\"\(view.record.revision)\"")]) { $0.value(view) }
    }

    /// A page of things, each written by `write`.
    static func page<T>(_ page: Page<T>, _ write: (inout JSONWriter, T) -> Void) -> Answer {
        .json(200) { writer in
            writer.beginObject()
            writer.beginArray("data")
            for item in page.items { write(&writer, item) }
            writer.endArray()
            writer.member("next_cursor", page.nextCursor)
            writer.endObject()
        }
    }
}

extension JSONWriter {
    /// A key; the secret is not in it.
    mutating func value(_ view: KeyView) {
        beginObject()
        members(of: view)
        endObject()
    }

    mutating func members(of view: KeyView) {
        let key = view.record
        member("id", "\(key.id)")
        member("project_id", "\(key.projectID)")
        member("user_id", "\(key.owner)")
        member("provider", "\(key.provider)")
        member("label", key.label)
        member("hint", key.hint)
        member("fingerprint", key.fingerprint)
        member("version", key.currentVersion)
        member("revision", key.revision)
        state(of: view)
        beginObject("account")
        for fact in Set(key.account.keys).union(["organization_id", "workspace_id"]).sorted() {
            name(escaping: fact)
            if let value = key.account[fact] { string(value) } else { null() }
        }
        endObject()
        member("params", key.params)
        member("tags", key.tags)
        member("created_at", key.createdAt)
        member("rotated_at", key.rotatedAt)
        member("last_used_at", key.lastUsedAt)
        member("expires_at", key.expiresAt)
        member("revoked_at", key.revokedAt)
        if view.status == .undecryptable { member("undecryptable_reason", view.integrity.reason) }
    }

    /// How a key is: its status, what was found out about it, whether it should be replaced.
    mutating func state(of view: KeyView) {
        let key = view.record
        member("status", key.status.rawValue)
        verdict(key.verdict, key.lastCheck)
        lastCheck(key.lastCheck)
        member("next_check_at", key.nextCheckAt)
        beginObject("stale")
        member("is_stale", !key.staleReasons.isEmpty)
        member("reasons", key.staleReasons.names)
        member("since", key.staleSince)
        member("rotate_by", view.rotateBy)
        endObject()
    }

    /// Without a definite answer, the words are those of the last attempt to get one.
    private mutating func verdict(_ verdict: Verdict?, _ attempt: CheckAttempt?) {
        beginObject("verdict")
        member("code", (verdict?.code ?? .unverified).rawValue)
        member("reason", verdict?.reason)
        member("message", verdict?.message ?? attempt?.message ?? "Not checked yet.")
        member("tested", verdict?.tested ?? [])
        member("checked_at", verdict?.checkedAt)
        member("http_status", verdict?.httpStatus)
        member("provider_request_id", verdict?.providerRequestID)
        endObject()
    }

    private mutating func lastCheck(_ check: CheckAttempt?) {
        guard let check else { return member("last_check", String?.none) }
        beginObject("last_check")
        member("at", check.at)
        member("reason", check.reason)
        member("http_status", check.httpStatus)
        member("retry_at", check.retryAt)
        endObject()
    }

    mutating func value(_ version: KeyVersion) {
        beginObject()
        member("version", version.number)
        member("state", version.state.rawValue)
        member("hint", version.hint)
        member("fingerprint", version.fingerprint)
        member("created_at", version.createdAt)
        member("retired_at", version.retiredAt)
        member("shredded_at", version.shreddedAt)
        endObject()
    }

    mutating func value(_ diagnosis: Diagnosis) {
        beginObject()
        member("kind", diagnosis.kind)
        member("provider", diagnosis.provider?.description)
        member("storable", diagnosis.isStorable)
        member("code", diagnosis.refusal?.rawValue)
        member("message", diagnosis.message)
        member("hint", diagnosis.hint)
        member("cleaned", diagnosis.cleaned)
        if !diagnosis.candidates.isEmpty { member("candidates", diagnosis.candidates.map(\.description)) }
        if diagnosis.refusal == .wrongProvider { member("detected_provider", diagnosis.provider?.description) }
        if let error = diagnosis.quotedError {
            member("provider_error", error)
            member("quoted", true)
        }
        if let docs = diagnosis.docsURL { member("docs_url", docs) }
        endObject()
    }
}

extension KeyView.Integrity {
    /// Why a key is `undecryptable`.
    fileprivate var reason: String {
        switch self {
        case .sound: "ciphertext"
        case .edited: "row_mac"
        case .rolledBack: "rolled_back"
        }
    }
}
