import Testing
import VaultModel

@testable import VaultProviders

struct OutcomeReaderTests {
    let catalogue: Catalogue
    let reader: OutcomeReader
    let anthropic: Provider
    let call: TestCall
    let now = Timestamp(milliseconds: 1_795_000_000_000)

    init() throws {
        catalogue = try Catalogue.embedded()
        reader = OutcomeReader(catalogue)
        anthropic = try #require(catalogue[.anthropic])
        call = try #require(anthropic.calls?.identity)
    }

    func read(_ answer: ProbeAnswer, key: String = Sham.claudeKey) -> Verdict {
        reader.read(answer, to: call, of: anthropic, key: Array(key.utf8).span.bytes, at: now)
    }

    func error(
        _ message: String, status: Int = 401, type: String = "authentication_error",
        headers: [(name: String, value: String)] = []
    ) -> ProbeAnswer {
        let escaped = message.replacing("\"", with: "\\\"")
        return Outcome.raw(
            status, #"{"type":"error","error":{"type":"\#(type)","message":"\#(escaped)"}}"#, headers: headers)
    }

    @Test(arguments: outcomes) func `each answer becomes the verdict of its row`(outcome: Outcome) {
        let verdict = read(outcome.answer)
        #expect(verdict.code == outcome.code)
        #expect(verdict.reason == outcome.reason)
        #expect(verdict.message.contains(outcome.says), "\(verdict.message)")
        #expect(!verdict.message.contains("{"))
        #expect(verdict.checkedAt == now)
        #expect(verdict.tested == (outcome.code.isAcceptance ? ["identity"] : []))
    }

    @Test func `every row of the data is reached by an answer of the table`() {
        let reached = Set(outcomes.map { "\($0.code) \($0.reason)" })
        for row in catalogue.outcomes(of: anthropic) {
            #expect(reached.contains("\(row.code) \(row.reason)"), "\(row.reason)")
        }
    }

    @Test func `a 404 is never a verdict on a key, whatever the data says`() throws {
        let rows = Array(
            #"{"outcomes":[{"status":404,"verdict":"invalid","reason":"gone","message":"m"},{"status":"4xx","verdict":"invalid","reason":"r","message":"m"}]}"#
                .utf8)
        let lying = OutcomeReader(try Catalogue(files: [], outcomesOfAny: rows))
        let provider = try #require(catalogue[ProviderID("groq") ?? .anthropic])
        let key = Array(Sham.groq.utf8)
        let verdict = lying.read(Outcome.raw(404, "{}"), to: call, of: provider, key: key.span.bytes, at: now)
        #expect(verdict.code == .unverified)
        let refused = lying.read(Outcome.raw(401, "{}"), to: call, of: provider, key: key.span.bytes, at: now)
        #expect(refused.code == .invalid)
    }

    @Test(arguments: [
        "Incorrect key: \(Sham.claudeKey).", "Bad key \(Sham.claudeKey.dropFirst(13).prefix(12)) here",
        "key sk-ant-api03-aB3***…2kAA", "key=\(Sham.openAIProject)", "token \(Sham.jwt)", "see gsk_\(Sham.filler(8))",
        "of \(Sham.mistral)", "\"\(Sham.otherClaudeKey)\"", "hash \(Sham.togetherHex)", "'xa***gA' is wrong",
    ])
    func `nothing like a key is left of what a provider says`(message: String) {
        let verdict = read(error(message))
        let said = verdict.providerError?.message ?? ""
        #expect(said.contains("[redacted]"))
        for piece in ["aB3", "Zy8_", "gH2k", "0a1b2c", "dE9g", "***", "eyJ"] {
            #expect(!said.contains(piece), "\(said)")
        }
        #expect(!verdict.message.contains("aB3"))
    }

    @Test func `what is no key stays, in at most 200 printable characters`() {
        let plain = "API key is invalid. See https://docs.example.test/errors, it is risk-free."
        #expect(read(error(plain)).providerError == ProviderError(type: "authentication_error", message: plain))
        let long = read(error(String(repeating: "word ", count: 200))).providerError?.message
        #expect(long?.count == 200)
        let odd = read(error("a\\u0007b\\u202Ec\\nd")).providerError?.message
        #expect(odd == "abc d")
    }

    @Test func `a key in a provider's message does not reach the verdict's own sentence`() {
        let answer = error(
            "You have reached your specified API usage limits for \(Sham.claudeKey)", status: 400,
            type: "invalid_request_error")
        let verdict = read(answer)
        #expect(verdict.reason == "own_spend_limit_org")
        #expect(!verdict.message.contains(Sham.claudeKey))
        #expect(verdict.message.contains("[redacted]"))
    }

    @Test(
        arguments: [
            ("30", 30), ("0", 0), ("999999999", 86_400), ("-5", nil), ("soon", nil), ("", nil),
            ("Wed, 18 Nov 2026 07:07:50 GMT", 70), ("Wed, 18 Nov 2026 07:00:00 GMT", 0),
            ("Wed, 99 Nov 2026 07:07:50 GMT", nil),
        ] as [(String, Int?)])
    func `retry-after is read as seconds or as a date, within reason`(header: String, seconds: Int?) {
        let now = Timestamp(rfc3339: "2026-11-18T07:06:40Z") ?? self.now
        let answer = error("slow down", status: 429, type: "rate_limit_error", headers: [("retry-after", header)])
        let verdict = reader.read(answer, to: call, of: anthropic, key: Array("k".utf8).span.bytes, at: now)
        #expect(verdict.retryAfter == seconds)
        #expect(verdict.reason == "rate_limited")
    }

    @Test func `account and request are taken from the headers, the request from the body at need`() {
        let headers = [
            (name: "request-id", value: "req_011CSHo"), (name: "anthropic-organization-id", value: "org-1"),
            (name: "anthropic-workspace-id", value: "wrkspc_2"),
            (name: "anthropic-ratelimit-requests-limit", value: "4000"),
        ]
        let verdict = read(Outcome.raw(200, modelList, headers: headers))
        #expect(verdict.providerRequestID == "req_011CSHo")
        #expect(
            verdict.account
                == ["organization_id": "org-1", "workspace_id": "wrkspc_2", "requests_limit": "4000"])
        #expect(verdict.httpStatus == 200)
        #expect(verdict.providerError == nil)
        #expect(read(Outcome.raw(401, #"{"request_id":"req_b"}"#)).providerRequestID == "req_b")
    }

    @Test func `headers that echo the key are dropped`() {
        let headers = [
            (name: "request-id", value: Sham.claudeKey), (name: "anthropic-organization-id", value: "a b\u{7}"),
        ]
        let verdict = read(Outcome.raw(200, modelList, headers: headers))
        #expect(verdict.providerRequestID == nil)
        #expect(verdict.account.isEmpty)
    }

    @Test func `a row may ask for a member of the body`() throws {
        let rows = Array(
            #"{"outcomes":[{"status":200,"where":{"path":"data.left","at_most":0},"verdict":"valid_unfunded","reason":"empty","message":"m"},{"status":200,"where":{"path":"data.blocked","is":true},"verdict":"invalid","reason":"blocked","message":"m"},{"status":401,"type":"*Exception","verdict":"invalid","reason":"aws","message":"m"},{"status":"*","verdict":"valid","reason":"ok","message":"m"}]}"#
                .utf8)
        let file = ProviderFile.good.replacing(/"outcomes": .*/, with: #""outcomes": []}"#)
        let catalogue = try Catalogue(files: [("acme", Array(file.utf8))], outcomesOfAny: rows)
        let reader = OutcomeReader(catalogue)
        let provider = try #require(catalogue.providers.first)
        let reason = { (status: Int, body: String, headers: [(name: String, value: String)]) in
            reader.read(
                Outcome.raw(status, body, headers: headers), to: call, of: provider,
                key: Array("k".utf8).span.bytes, at: now
            ).reason
        }
        #expect(reason(200, #"{"data":{"left":0}}"#, []) == "empty")
        #expect(reason(200, #"{"data":{"left":0.5}}"#, []) == "ok")
        #expect(reason(200, #"{"data":{"left":null,"blocked":true}}"#, []) == "blocked")
        #expect(reason(200, #"{"data":{"blocked":false}}"#, []) == "ok")
        #expect(reason(401, "{}", [(name: "x-amzn-errortype", value: "ExpiredTokenException:http://a")]) == "aws")
    }

    @Test(arguments: [
        ("openrouter", 403, #"{"error":{"message":"Key limit exceeded (monthly limit).","code":403}}"#),
        (
            "perplexity", 401,
            #"{"error":{"message":"You exceeded your quota.","type":"insufficient_quota","code":401}}"#
        ),
        ("xai", 403, #"{"code":"x","error":"Your newly created team doesn't have any credits or licenses yet."}"#),
    ])
    func `what is about money is no refusal of the key`(id: String, status: Int, body: String) throws {
        let provider = try #require(ProviderID(id).flatMap { catalogue[$0] })
        let call = try #require(provider.calls?.identity)
        let read = { (body: String) in
            reader.read(
                Outcome.raw(status, body), to: call, of: provider, key: Array("k".utf8).span.bytes, at: now
            ).code
        }
        #expect(read(body) == .validUnfunded)
        #expect(read(#"{"error":{"message":"no"}}"#) != .validUnfunded)
    }
}
