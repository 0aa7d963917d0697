import VaultModel

/// A key as the server tells it, as far as it is shown; members as in the API.
struct KeyObject: Decodable, Sendable {
    struct Verdict: Decodable, Sendable {
        let code: String
        let reason: String?
        let message: String
        let tested: [String]
        let checked_at: String?
    }

    struct Check: Decodable, Sendable {
        let at: String
        let reason: String
        let retry_at: String?
    }

    struct Staleness: Decodable, Sendable {
        let is_stale: Bool
        let reasons: [String]
        let since: String?
        let rotate_by: String?
    }

    let id: String
    let project_id: String
    let user_id: String
    let provider: String
    let label: String?
    let hint: String
    let fingerprint: String
    let status: String
    let version: Int
    let revision: Int
    let verdict: Verdict
    let last_check: Check?
    let next_check_at: String?
    let stale: Staleness
    let account: [String: String?]
    let params: [String: String]
    let tags: [String: String]
    let created_at: String
    let rotated_at: String?
    let last_used_at: String?
    let expires_at: String?
    let revoked_at: String?

    /// How the status is shown where there is color.
    var style: Terminal.Style? {
        switch KeyStatus(rawValue: status) {
        case .active: .green
        case .unverified, .quarantined: .yellow
        case .failing, .undecryptable: .red
        case .expired: .magenta
        case .revoked: .dim
        case nil: nil
        }
    }

    /// Whether the provider works with it, as the last test call found.
    ///
    /// - Returns: `nil` where the last test call came to no definite answer.
    var works: Bool? {
        guard let last = last_check, verdict.checked_at == last.at, verdict.reason == last.reason else { return nil }
        return verdict.code == VerdictCode.valid.rawValue || verdict.code == VerdictCode.validRestricted.rawValue
    }
}

/// A moment as the API writes it, to the minute and without its zone, which is UTC.
enum ShownTime {
    static func minute(_ time: String?) -> String? {
        guard let time, let moment = Timestamp(rfc3339: time) else { return time }
        let text = moment.description
        return text.prefix(10) + " " + text.dropFirst(11).prefix(5)
    }
}
