import FoundationEssentials
import Testing
import VaultAPI
import VaultModel

struct ProblemTests {
    static let request = RequestID(at: Timestamp(milliseconds: 1_700_000_000_000))

    /// The contract's table.
    static let table: [(status: Int, codes: String)] = [
        (400, "invalid_json duplicate_member invalid_parameter invalid_cursor"),
        (401, "missing_token invalid_token expired_token"), (403, "insufficient_scope foreign_origin"),
        (404, "not_found"),
        (405, "method_not_allowed"), (406, "not_acceptable"), (413, "body_too_large"), (414, "uri_too_long"),
        (415, "unsupported_media_type"), (431, "headers_too_large"),
        (409, "duplicate_key idempotency_conflict wrong_state version_conflict"),
        (410, "key_revoked session_expired session_used"),
        (
            422,
            "unknown_member invalid_field oauth_token_rejected wrong_key_type masked_key placeholder_key truncated_key several_keys wrong_provider malformed_key invalid_key"
        ),
        (429, "rate_limited validation_limit"),
        (503, "sealed provider_unavailable audit_unavailable overloaded storage_unavailable"), (507, "storage_full"),
    ]

    @Test func `the codes and their statuses are those of the contract`() {
        var expected: [String: Int] = [:]
        for row in Self.table { for code in row.codes.split(separator: " ") { expected[String(code)] = row.status } }
        let actual = Dictionary(uniqueKeysWithValues: ProblemCode.allCases.map { ($0.rawValue, $0.status) })
        #expect(actual == expected)
    }

    @Test func `every refusal of the key doctor has its code`() {
        for refusal in Diagnosis.Refusal.allCases {
            #expect(Problem(Diagnosis(kind: "k", refusal: refusal, message: "m"))?.code.rawValue == refusal.rawValue)
        }
        #expect(Problem(Diagnosis(kind: "api_key", message: "m")) == nil)
    }

    private struct Wire: Decodable, Equatable {
        struct Quoted: Decodable, Equatable {
            struct Inner: Decodable, Equatable { let type, message: String }
            let type: String
            let error: Inner
        }
        let type, title, code, detail, instance, hint: String
        let status: Int
        let retryable: Bool
        let field, kind, detected_provider, key_id, docs_url: String?
        let candidates: [String]?
        let retry_after: Int?
        let provider_error: Quoted?
        let quoted: Bool?
    }

    private func wire(_ problem: Problem) throws -> Wire {
        try JSONDecoder().decode(Wire.self, from: Data(bytes(problem.json(instance: Self.request))))
    }

    @Test(arguments: ProblemCode.allCases)
    func `every problem has its members, in words for people`(_ code: ProblemCode) throws {
        let problem = try wire(Problem(code))
        #expect(problem.type == "urn:keystow:problem:\(code.rawValue)")
        #expect(problem.code == code.rawValue)
        #expect(problem.status == code.status)
        #expect(problem.instance == Self.request.description)
        #expect(problem.retryable == [429, 503].contains(code.status))
        for words in [problem.detail, problem.hint] {
            #expect(words.hasSuffix("."))
            #expect(words.count > 20)
        }
        #expect(!problem.title.isEmpty && !problem.title.hasSuffix("."))
        #expect(
            problem.field == nil && problem.quoted == nil && problem.provider_error == nil && problem.candidates == nil)
        let answer = text(Problem(code).json(instance: Self.request))
        #expect(!answer.contains("null"))
    }

    @Test func `no two codes share their title`() {
        #expect(Set(ProblemCode.allCases.map { Problem($0).title }).count == ProblemCode.allCases.count)
    }

    @Test func `the documented refusal of a sign-in token is quoted`() throws {
        let documented = "OAuth authentication is currently not supported."
        let diagnosis = Diagnosis(
            kind: "oauth_access_token", provider: .anthropic, refusal: .oauthToken, message: documented,
            hint: "Create a key.",
            quotedError: ProviderError(type: "authentication_error", message: documented),
            docsURL: "https://docs.example/"
        )
        let problem = try wire(try #require(Problem(diagnosis)))
        #expect(problem.title == "OAuth tokens cannot be used as API keys")
        #expect(problem.status == 422)
        #expect(problem.kind == "oauth_access_token")
        #expect(problem.detail == documented)
        #expect(problem.provider_error?.type == "error")
        #expect(problem.provider_error?.error.type == "authentication_error")
        #expect(problem.provider_error?.error.message == documented)
        #expect(problem.quoted == true)
        #expect(!problem.retryable)
        #expect(problem.docs_url == "https://docs.example/")
    }

    @Test func `an ambiguous key names its candidates, and another provider's the provider`() throws {
        let candidates = try ["openai", "deepseek"].map { try #require(ProviderID($0)) }
        let ambiguous = try wire(
            try #require(
                Problem(Diagnosis(kind: "ambiguous", refusal: .ambiguous, message: "m.", candidates: candidates))
            )
        )
        #expect(ambiguous.code == "invalid_field")
        #expect(ambiguous.field == "provider")
        #expect(ambiguous.candidates == ["openai", "deepseek"])
        let wrong = try wire(
            try #require(
                Problem(Diagnosis(kind: "api_key", provider: .anthropic, refusal: .wrongProvider, message: "m.")))
        )
        #expect(wrong.detected_provider == "anthropic")
    }

    @Test func `what else applies is written, and a provider's words are cut to 200 characters`() throws {
        var problem = Problem(.validationLimit, detail: "d \"quoted\"", hint: "h", field: "key")
        problem.retryAfter = 30
        problem.keyID = KeyID(at: Timestamp(milliseconds: 1))
        problem.providerError = ProviderError(type: "t", message: String(repeating: "é", count: 300))
        let written = try wire(problem)
        #expect(written.detail == "d \"quoted\"")
        #expect(written.retry_after == 30)
        #expect(written.key_id == problem.keyID?.description)
        #expect(written.field == "key")
        #expect(written.provider_error?.error.message.count == 200)
        #expect(written.quoted == nil)
    }
}
