/// Where a key is in its life; the raw value is the API's `status`.
package enum KeyStatus: String, Sendable, CaseIterable {
    case active, unverified, failing, quarantined, revoked, expired
    /// The row or its ciphertext cannot be believed. Written only where the ciphertext was found not to open: what is
    /// wrong with a row is found each time it is looked at.
    case undecryptable
}

/// Why a key should be looked at or replaced; it still works.
package enum StaleReason: String, Sendable, CaseIterable {
    case age, expiring, unused
    case checkFailed = "check_failed"
    case leaked
}

/// A set of ``StaleReason``, stored as bits in the order of its cases.
package struct StaleReasons: OptionSet, Sendable, Hashable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let age = StaleReasons(.age)
    package static let expiring = StaleReasons(.expiring)
    package static let unused = StaleReasons(.unused)
    package static let checkFailed = StaleReasons(.checkFailed)
    package static let leaked = StaleReasons(.leaked)

    package init(_ reason: StaleReason) {
        self.init(rawValue: 1 << (StaleReason.allCases.firstIndex(of: reason) ?? 62))
    }

    package var names: [String] {
        StaleReason.allCases.filter { contains(StaleReasons($0)) }.map(\.rawValue)
    }
}

/// Why a key was quarantined, which decides what a rotation does to it.
package enum QuarantineReason: String, Sendable {
    case admin, leak, age
}

/// What the vault knows about a key without knowing the key: one row.
package struct KeyRecord: Sendable, Equatable {
    // Decides something, so under the row MAC.
    package var id: KeyID
    package var projectID: ProjectID
    package var owner: UserID
    package var provider: ProviderID
    /// The origin the key was proven at, `scheme://host[:port]`; part of what its box is bound to.
    package var endpoint: String
    /// What the provider's base URL needs besides, such as a region: decides where a new secret is tested.
    package var params: [String: String]
    package var status: KeyStatus
    package var expiresAt: Timestamp?
    package var currentVersion: Int
    package var previousVersion: Int?
    /// The highest version number ever given out; none is used twice.
    package var lastVersion: Int
    /// HMAC over provider and current secret, for duplicates; in no answer.
    package var blindIndex: [UInt8]
    package var quarantineReason: QuarantineReason?
    /// Grows with every change of the record.
    package var revision: Int

    // Describes.
    package var label: String?
    package var hint: String
    package var fingerprint: String
    package var tags: [String: String]
    package var account: [String: String]
    /// The last definite answer.
    package var verdict: Verdict?
    /// Whether the provider has ever accepted the current secret, whatever it said since.
    package var isProven = false
    package var lastCheck: CheckAttempt?
    package var nextCheckAt: Timestamp?
    /// When the first refusal came that is not yet confirmed or taken back.
    package var refusedSince: Timestamp?
    package var staleReasons: StaleReasons
    package var staleSince: Timestamp?
    /// The end of the previous version's grace time.
    package var previousUntil: Timestamp?
    /// When the current version was stored: its age counts from here.
    package var versionStoredAt: Timestamp
    package var createdAt: Timestamp
    package var rotatedAt: Timestamp?
    package var lastUsedAt: Timestamp?
    package var revokedAt: Timestamp?
    package var shredCompleteAt: Timestamp?
    /// When the scheduler has to look at this key next; `nil` for never.
    package var dueAt: Timestamp?

    package init(
        id: KeyID, projectID: ProjectID, owner: UserID, provider: ProviderID, endpoint: String, status: KeyStatus,
        blindIndex: [UInt8], hint: String, fingerprint: String, createdAt: Timestamp
    ) {
        self.id = id
        self.projectID = projectID
        self.owner = owner
        self.provider = provider
        self.endpoint = endpoint
        self.status = status
        self.blindIndex = blindIndex
        self.hint = hint
        self.fingerprint = fingerprint
        self.createdAt = createdAt
        versionStoredAt = createdAt
        currentVersion = 1
        lastVersion = 1
        revision = 1
        tags = [:]
        params = [:]
        account = [:]
        staleReasons = []
    }
}

/// The last attempt to check a key, whether it came to a verdict or not.
package struct CheckAttempt: Sendable, Equatable {
    package var at: Timestamp
    package var reason: String
    /// What came of it, in words for people; `nil` for one made before they were kept.
    package var message: String?
    package var httpStatus: Int?
    package var retryAt: Timestamp?

    package init(
        at: Timestamp, reason: String, message: String? = nil, httpStatus: Int? = nil, retryAt: Timestamp? = nil
    ) {
        self.at = at
        self.reason = reason
        self.message = message
        self.httpStatus = httpStatus
        self.retryAt = retryAt
    }
}
