import VaultModel

/// How a caller stands with the limit that it is under: what the fields `RateLimit-*` of its answers say.
///
/// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset` are those of draft-ietf-httpapi-ratelimit-headers up to
/// revision 06: three plain numbers, which installed clients and proxies read. Later revisions put the same into two
/// structured fields, `RateLimit` and `RateLimit-Policy`, and none of them is a standard yet.
struct RateStanding: Sendable, Equatable {
    /// How many calls a span allows.
    let limit: Int
    /// How many of them have been made.
    let count: Int
    /// Whole seconds until the next span begins, one at least.
    let reset: Int

    /// How many seconds to wait; `nil` when the call may go on.
    var wait: Int? { count > limit ? reset : nil }

    var headers: [(String, String)] {
        [
            ("RateLimit-Limit", "\(limit)"), ("RateLimit-Remaining", "\(max(0, limit - count))"),
            ("RateLimit-Reset", "\(reset)"),
        ]
    }
}
