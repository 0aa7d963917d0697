import VaultModel

/// `keystow keys …`: always over HTTP.
struct KeysCommand: Sendable, Equatable {
    enum Act: Sendable, Equatable {
        /// Up to so many keys; `nil`: all.
        case list(KeySelection, limit: Int?)
        case show(KeyID)
        /// One after the other, in this order.
        case change(KeyChange, [KeyID])
        case revokeMany(MassRevocationOrder)
        /// Of these reasons alone; empty: of any.
        case stale(KeySelection, reasons: [StaleReason], isQuiet: Bool)
    }

    var act: Act
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// Which keys are meant; what is `nil` leaves out none.
struct KeySelection: Sendable, Equatable {
    var user: UserID?
    var provider: ProviderID?
    var status: KeyStatus?
    var isStale = false
    var project: ProjectID?

    /// The members of a query, each after a `&`.
    var query: String {
        var query = ""
        if let user { query += "&user_id=\(Self.escaped(user.description))" }
        if let provider { query += "&provider=\(Self.escaped(provider.description))" }
        if let status { query += "&status=\(status.rawValue)" }
        if isStale { query += "&stale=true" }
        if let project { query += "&project_id=\(project)" }
        return query
    }

    /// RFC 3986 §2.3: all but the unreserved characters as `%XX`.
    private static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                [byte]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// What is done to a key that is named.
enum KeyChange: Sendable, Equatable {
    case check, quarantine, release
    case revoke(reason: String?, isSure: Bool)

    /// The last part of the call's path.
    var name: String {
        switch self {
        case .check: "check"
        case .quarantine: "quarantine"
        case .release: "release"
        case .revoke: "revoke"
        }
    }
}

/// Many keys, to be revoked at once.
struct MassRevocationOrder: Sendable, Equatable {
    var user: UserID?
    var provider: ProviderID?
    var project: ProjectID?
    var createdBefore: Timestamp?
    var isForAll = false
    var reason: String?
    /// How many there have to be; `nil`: whoever sits at the terminal is asked.
    var expected: Int?
    /// Whether they are only counted.
    var isDryRun = false

    /// What is asked for, in words, to be asked about before it is done.
    var story: String {
        var parts = [isForAll ? "every key that this token reaches" : "every key"]
        if let user { parts.append("of the user \(HarmlessText.cell(user.description))") }
        if let provider { parts.append("for \(provider)") }
        if let project { parts.append("in the project \(project)") }
        if let createdBefore { parts.append("stored before \(createdBefore)") }
        return parts.joined(separator: " ")
    }
}
