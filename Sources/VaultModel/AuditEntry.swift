/// What can stand in the audit log; the raw value is also the event's name.
package enum AuditAction: String, Sendable, CaseIterable {
    case keyCreated = "key.created"
    case keyUpdated = "key.updated"
    case keyChecked = "key.checked"
    case keyFailing = "key.failing"
    case keyRecovered = "key.recovered"
    case keyStale = "key.stale"
    case keyRotated = "key.rotated"
    case keyRolledBack = "key.rolled_back"
    case keyVersionShredded = "key.version_shredded"
    case keyQuarantined = "key.quarantined"
    case keyReleased = "key.released"
    case keyExpired = "key.expired"
    case keyRevoked = "key.revoked"
    case keyDeleted = "key.deleted"
    case keyUndecryptable = "key.undecryptable"
    case keyRevealed = "key.revealed"
    case connectCreated = "connect.created"
    case connectCompleted = "connect.completed"
    case connectExpired = "connect.expired"
    case connectCancelled = "connect.cancelled"
    case tokenCreated = "token.created"
    case tokenRevoked = "token.revoked"
    case tokenRevealSpike = "token.reveal_spike"
    case policyChanged = "policy.changed"
    case projectChanged = "project.changed"
    case keyringRotated = "keyring.rotated"
    case keyringSealed = "keyring.sealed"
    case backupMade = "backup.made"
    case restoreMade = "restore.made"
    case providerSuspect = "provider.suspect"
    case configStarted = "config.started"
    case requestRefused = "request.refused"
}

/// One line of the audit log: typed fields from an allow-list, never a free-form dump, never a secret.
package struct AuditEntry: Sendable, Equatable {
    package var at: Timestamp
    package var actorTokenID: TokenID?
    package var actorName: String
    package var actorKind: String
    package var action: AuditAction
    /// The id of what was acted on, as the API prints it.
    package var object: String
    package var keyID: KeyID?
    package var projectID: ProjectID?
    /// `ok`, or the code of what went wrong.
    package var outcome: String
    package var requestID: RequestID?
    /// A truncated HMAC of the secret, to tell entries about the same one apart.
    package var keyRef: String
    package var reason: String
    /// The key's revision after this entry; a row that is older than its newest entry was put back.
    package var revision: Int?

    package init(
        at: Timestamp, actor: Caller, action: AuditAction, object: String = "", keyID: KeyID? = nil,
        projectID: ProjectID? = nil, outcome: String = "ok", requestID: RequestID? = nil, keyRef: String = "",
        reason: String = "", revision: Int? = nil
    ) {
        self.at = at
        actorTokenID = actor.tokenID
        actorName = actor.name
        actorKind = actor.kind.name
        self.action = action
        self.object = object
        self.keyID = keyID
        self.projectID = projectID
        self.outcome = outcome
        self.requestID = requestID
        self.keyRef = keyRef
        self.reason = reason
        self.revision = revision
    }

    /// Whether it says that its object has ended for ever.
    package var isEnding: Bool {
        switch action {
        case .keyRevoked, .keyDeleted, .tokenRevoked: true
        case .projectChanged: reason == "deleted"
        default: false
        }
    }

    /// The bytes that the hash chain covers: every field with its length before it (u32be), numbers as
    /// u64be, in this order; an absent field is empty.
    package func canonicalBytes(sequence: Int) -> [UInt8] {
        var bytes = CanonicalBytes()
        bytes.append("keystow/audit/v1")
        bytes.append(sequence)
        bytes.append(Int(at.milliseconds))
        bytes.append(actorTokenID?.bytes ?? [])
        bytes.append(actorName)
        bytes.append(actorKind)
        bytes.append(action.rawValue)
        bytes.append(object)
        bytes.append(keyID?.bytes ?? [])
        bytes.append(projectID?.bytes ?? [])
        bytes.append(outcome)
        bytes.append(requestID?.bytes ?? [])
        bytes.append(keyRef)
        bytes.append(reason)
        bytes.append(optional: revision)
        return bytes.bytes
    }
}

/// Bytes that can be read in only one way: each field with its length (u32be) before it.
///
/// What MACs, hash chains and associated data are computed over.
package struct CanonicalBytes: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init() { bytes.reserveCapacity(384) }

    package mutating func append(_ field: [UInt8]) {
        appendRaw(UInt32(field.count))
        bytes += field
    }

    package mutating func append(_ text: String) {
        appendRaw(UInt32(text.utf8.count))
        bytes += text.utf8
    }

    /// A number: length 8, then u64be of its two's complement.
    package mutating func append(_ number: Int) {
        appendRaw(UInt32(8))
        appendRaw(UInt64(bitPattern: Int64(number)))
    }

    /// A number, or a field of length 0 where there is none.
    package mutating func append(optional number: Int?) {
        if let number { append(number) } else { appendRaw(UInt32(0)) }
    }

    /// A number as it is, most significant byte first, without a length.
    package mutating func appendRaw(_ number: some FixedWidthInteger) {
        for shift in stride(from: number.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }
}
