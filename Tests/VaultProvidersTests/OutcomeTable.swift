import Testing
import VaultModel

@testable import VaultProviders

/// One answer of Anthropic's and the verdict it must become.
struct Outcome: CustomTestStringConvertible, Sendable {
    let name: String
    let answer: ProbeAnswer
    let code: VerdictCode
    let reason: String
    let says: String

    var testDescription: String { name }

    init(
        _ status: Int, _ type: String, _ message: String, _ code: VerdictCode, _ reason: String, says: String,
        details: String? = nil, headers: [(String, String)] = []
    ) {
        name = "\(status) \(type) \(reason)"
        let more = details.map { ",\"details\":{\"error_code\":\"\($0)\"}" } ?? ""
        let body =
            #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"\#(more)},"request_id":"req_1"}"#
        answer = .response(status: status, headers: headers.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8))
        (self.code, self.reason, self.says) = (code, reason, says)
    }

    init(_ name: String, _ answer: ProbeAnswer, _ code: VerdictCode, _ reason: String, says: String) {
        (self.name, self.answer, self.code, self.reason, self.says) = (name, answer, code, reason, says)
    }

    static func raw(_ status: Int, _ body: String, headers: [(name: String, value: String)] = []) -> ProbeAnswer {
        .response(status: status, headers: headers, body: Array(body.utf8))
    }
}

let modelList =
    #"{"data":[{"id":"claude-opus-4-5","type":"model"},{"id":"claude-haiku-4-5","type":"model"},{"id":"claude-old","type":"model"}],"has_more":false}"#

let outcomes: [Outcome] = [
    Outcome("200", Outcome.raw(200, modelList), .valid, "ok", says: "Key works. Anthropic accepted it."),
    Outcome(
        401, "authentication_error", "OAuth authentication is currently not supported.", .oauthRejected, "oauth_token",
        says: "only authorized for use with Claude Code"),
    Outcome(
        401, "authentication_error", "CORS requests are not allowed for this Organization", .unverified,
        "our_request_had_origin_header", says: "not judged"),
    Outcome(
        401, "authentication_error", "OAuth token has expired. Please refresh.", .oauthRejected, "oauth_token",
        says: "currently not supported"),
    Outcome(
        401, "authentication_error", "API key is invalid.", .invalid, "rejected",
        says: "Copy it again from https://platform.claude.com/settings/keys"),
    Outcome(
        401, "authentication_error", "invalid x-api-key", .invalid, "rejected", says: "does not recognise this key"),
    Outcome(
        402, "billing_error", "Your payment failed.", .validUnfunded, "billing",
        says: "https://platform.claude.com/settings/billing"),
    Outcome(
        400, "invalid_request_error",
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
        .validUnfunded, "no_credit", says: "no credit"),
    Outcome(
        400, "invalid_request_error",
        "You have reached your specified workspace API usage limits. You will regain access on 2026-11-01 at 00:00 UTC.",
        .validUnfunded, "own_spend_limit_workspace", says: "regain access on 2026-11-01"),
    Outcome(
        400, "invalid_request_error",
        "You have reached your specified API usage limits. You will regain access on 2026-11-01 at 00:00 UTC.",
        .validUnfunded, "own_spend_limit_org", says: "regain access on 2026-11-01"),
    Outcome(
        400, "invalid_request_error", "This organization has been disabled.", .invalid, "org_disabled",
        says: "has been disabled by Anthropic"),
    Outcome(
        400, "invalid_request_error",
        "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
        .oauthRejected, "claude_code_only", says: "OAuth authentication is currently not supported."),
    Outcome(
        400, "invalid_request_error", "anthropic-version: header is required", .unverified,
        "our_request_was_malformed", says: "not about the key"),
    Outcome(
        403, "permission_error", "Your API key does not have permission to use the specified resource.",
        .validRestricted, "no_permission", says: "genuine"),
    Outcome(
        403, "forbidden", "Request not allowed", .unverified, "edge_or_region_block", says: "before looking at the key"),
    Outcome(404, "not_found_error", "Not found", .unverified, "not_found", says: "not judged"),
    Outcome(409, "conflict_error", "Conflict", .unverified, "conflict", says: "try again"),
    Outcome(413, "request_too_large", "Too large", .unverified, "our_request_was_malformed", says: "too large"),
    Outcome(
        429, "rate_limit_error", "This organization has reached its monthly spend limit.", .validUnfunded,
        "tier_spend_cap", says: "first of next month", details: "enforced_spend_limit_reached"),
    Outcome(
        429, "rate_limit_error", "Number of requests has exceeded your rate limit.", .unverified, "rate_limited",
        says: "try again after 7 seconds", headers: [("retry-after", "7")]),
    Outcome(500, "api_error", "Internal server error", .unverified, "provider_error", says: "internal error"),
    Outcome(504, "timeout_error", "Timed out", .unverified, "provider_timeout", says: "timed out"),
    Outcome(529, "overloaded_error", "Overloaded", .unverified, "overloaded", says: "overloaded"),
    Outcome("408", Outcome.raw(408, ""), .unverified, "provider_timeout", says: "Anthropic took too long"),
    Outcome("302", Outcome.raw(302, "<a>"), .unverified, "unexpected_redirect", says: "redirect"),
    Outcome("502 page", Outcome.raw(502, "<html>bad gateway</html>"), .unverified, "provider_error", says: "HTTP 502"),
    Outcome("no answer", .failure(.unreachable), .unverified, "unreachable", says: "could not reach Anthropic"),
    Outcome("no answer in time", .failure(.timeout), .unverified, "provider_timeout", says: "took too long"),
    Outcome("no certificate", .failure(.tls), .unverified, "insecure_connection", says: "secure connection"),
    Outcome("a private address", .failure(.refused), .unverified, "address_refused", says: "do not send keys"),
    Outcome("too much", .failure(.tooLarge), .unverified, "unexpected_body", says: "expected form"),
    Outcome(
        "200 page", Outcome.raw(200, "<html>log in</html>"), .unverified, "unexpected_body", says: "captive portal"),
    Outcome(
        "200 other JSON", Outcome.raw(200, "{\"ok\":true}"), .unverified, "unexpected_body", says: "captive portal"),
    Outcome("200 empty", Outcome.raw(200, ""), .unverified, "unexpected_body", says: "captive portal"),
    Outcome("418", Outcome.raw(418, "{}"), .unverified, "unexpected_status", says: "HTTP 418"),
    Outcome("401 page", Outcome.raw(401, "<html>proxy</html>"), .unverified, "unexpected_status", says: "HTTP 401"),
    Outcome("403 page", Outcome.raw(403, "<html>blocked</html>"), .unverified, "unexpected_status", says: "HTTP 403"),
    Outcome("404 page", Outcome.raw(404, "<html>"), .unverified, "unexpected_status", says: "HTTP 404"),
    Outcome(
        "deeply nested", Outcome.raw(200, String(repeating: "[", count: 60_000)), .unverified, "unexpected_body",
        says: "form"),
]
