import FoundationEssentials
import HTTPServer
import Testing
import VaultModel

@testable import keystow_sandbox

/// What a call with a key of some word is answered, as far as clients tell answers apart.
struct Outcome: Sendable, CustomTestStringConvertible {
    let word: String
    let status: Int
    let type: String?
    let part: String
    var testDescription: String { word }
}

private let outcomes: [Outcome] = [
    Outcome(word: "valid", status: 200, type: nil, part: "\"has_more\":true"),
    Outcome(word: "nocredit", status: 200, type: nil, part: "\"type\":\"model\""),
    Outcome(word: "spendlimit", status: 400, type: "invalid_request_error", part: "specified API usage limits"),
    Outcome(word: "workspacelimit", status: 400, type: "invalid_request_error", part: "specified workspace API usage"),
    Outcome(
        word: "orgdisabled", status: 400, type: "invalid_request_error", part: "This organization has been disabled."),
    Outcome(
        word: "claudecode", status: 400, type: "invalid_request_error", part: "only authorized for use with Claude Code"
    ),
    Outcome(word: "revoked", status: 401, type: "authentication_error", part: "API key is invalid."),
    Outcome(word: "invalid", status: 401, type: "authentication_error", part: "invalid x-api-key"),
    Outcome(word: "whatever", status: 401, type: "authentication_error", part: "invalid x-api-key"),
    Outcome(
        word: "oauth", status: 401, type: "authentication_error",
        part: "OAuth authentication is currently not supported."),
    Outcome(word: "billing", status: 402, type: "billing_error", part: ""),
    Outcome(word: "restricted", status: 403, type: "permission_error", part: ""),
    Outcome(word: "forbidden", status: 403, type: "forbidden", part: "Request not allowed"),
    Outcome(word: "notfound", status: 404, type: "not_found_error", part: ""),
    Outcome(word: "conflict", status: 409, type: "conflict_error", part: ""),
    Outcome(word: "toolarge", status: 413, type: "request_too_large", part: ""),
    Outcome(word: "ratelimited", status: 429, type: "rate_limit_error", part: ""),
    Outcome(word: "spendcap", status: 429, type: "rate_limit_error", part: "enforced_spend_limit_reached"),
    Outcome(word: "error", status: 500, type: "api_error", part: ""),
    Outcome(word: "timeout504", status: 504, type: "timeout_error", part: ""),
    Outcome(word: "overloaded", status: 529, type: "overloaded_error", part: ""),
    Outcome(word: "redirect", status: 302, type: nil, part: "302 Found"),
    Outcome(word: "html", status: 200, type: nil, part: "<!DOCTYPE html>"),
    Outcome(word: "empty", status: 200, type: nil, part: ""),
    Outcome(word: "truncatedjson", status: 200, type: nil, part: "{\"data\":["),
]

/// Anthropic at the root, as programs that know only it find it.
@Suite struct OutcomeTests {
    private let lines = Lines()
    private let standIn: StandIns

    init() throws { standIn = try StandIns(log: lines.log) }

    @Test(arguments: outcomes)
    func `the word in a key chooses the answer`(outcome: Outcome) async throws {
        let answer = await ask("GET", "/v1/models", query: "limit=1", key: key(outcome.word))
        #expect(answer.status == outcome.status)
        #expect(answer.text.contains(outcome.part))
        if let type = outcome.type { #expect(answer.text.contains("\"error\":{\"type\":\"\(type)\"")) }
        #expect(!answer.text.contains("{request-id}") && !answer.text.contains("{models}"))
        #expect(lines.all.count == 1)
        #expect(lines.all.allSatisfy { !$0.contains("AAAA") })
    }

    @Test func `a rate limit says how long, a spend cap does not`() async throws {
        #expect(await ask("GET", "/v1/models", key: key("ratelimited")).value("retry-after") == "17")
        #expect(await ask("GET", "/v1/models", key: key("spendcap")).value("retry-after") == nil)
        #expect(
            await ask("GET", "/v1/models", key: key("redirect")).value("location")
                == "https://elsewhere.example/v1/models")
    }

    @Test func `a good key tells whose it is`() async throws {
        let answer = await ask("GET", "/v1/models", key: key("valid"))
        #expect(answer.value("request-id")?.hasPrefix("req_") == true)
        #expect(answer.value("anthropic-organization-id") != nil)
        #expect(answer.value("anthropic-workspace-id")?.hasPrefix("wrkspc_") == true)
    }

    @Test func `the list is as long as was asked for`() async throws {
        struct List: Decodable {
            struct Model: Decodable { let id: String }
            let data: [Model]
            let has_more: Bool
            let first_id: String?
            let last_id: String?
        }
        for (query, count, more) in [(nil, 4, false), ("limit=2", 2, true), ("limit=1000&x=y", 4, false)] {
            let answer = await ask("GET", "/v1/models", query: query, key: key("valid"))
            let list = try JSONDecoder().decode(List.self, from: Data(answer.text.utf8))
            #expect(list.data.count == count && list.has_more == more)
            #expect(list.first_id == list.data.first?.id && list.last_id == list.data.last?.id)
        }
        for query in ["limit=0", "limit=1001", "limit=", "limit=x"] {
            #expect(await ask("GET", "/v1/models", query: query, key: key("valid")).status == 400)
        }
    }

    @Test func `a call that costs needs credit`() async throws {
        let call = #"{"model":"claude-haiku-4-5-20251001","max_tokens":1,"messages":[{"role":"user","content":"."}]}"#
        let paid = await ask("POST", "/v1/messages", key: key("valid"), body: call)
        #expect(paid.status == 200 && paid.text.contains("\"output_tokens\":1"))
        let unpaid = await ask("POST", "/v1/messages", key: key("nocredit"), body: call)
        #expect(unpaid.status == 400 && unpaid.text.contains("Your credit balance is too low"))
        #expect(await ask("POST", "/v1/messages", key: key("revoked"), body: call).status == 401)
        let unknown = await ask("POST", "/v1/messages", key: key("valid"), body: call.replacing("haiku", with: "none"))
        #expect(unknown.status == 404)
        for fault in [
            "", "{}", call.replacing("\"max_tokens\":1,", with: ""), call.replacing("\"model\"", with: "\"m\""),
        ] {
            #expect(await ask("POST", "/v1/messages", key: key("valid"), body: fault).status == 400)
        }
    }

    @Test func `a call without its headers is refused unread`() async throws {
        #expect(await ask("GET", "/v1/models", key: nil).text.contains("x-api-key header is required"))
        #expect(await ask("GET", "/v1/models", key: "").status == 401)
        let bearer = await ask("GET", "/v1/models", key: nil, more: [("authorization", "Bearer sk-ant-oat01-AAAA")])
        #expect(bearer.status == 401 && bearer.text.contains("OAuth authentication is currently not supported."))
        let unversioned = await ask("GET", "/v1/models", key: key("valid"), version: nil)
        #expect(unversioned.status == 400 && unversioned.text.contains("anthropic-version: header is required"))
        #expect(await ask("GET", "/v1/keys", key: key("valid")).status == 404)
        #expect(await ask("POST", "/v1/models", key: key("valid")).status == 405)
    }

    @Test func `requests are counted, questions about them are not`() async throws {
        #expect(await ask("GET", "/sandbox/requests", key: nil).text == "{\"count\":0}")
        _ = await ask("GET", "/v1/models", key: key("valid"))
        _ = await ask("GET", "/v1/models", key: nil)
        _ = await ask("GET", "/nowhere", key: nil)
        _ = standIn.refusal(of: .badRequest(""), head: nil)
        #expect(await ask("GET", "/sandbox/requests", key: nil).text == "{\"count\":4}")
    }

    @Test func `a key that hangs is answered only when it is given up`() async throws {
        let line = "{\"method\":\"GET\",\"path\":\"/v1/models\",\"outcome\":\"hang\",\"status\":null}\n"
        let asking = Task { await ask("GET", "/v1/models", key: key("hang")) }
        let deadline = ContinuousClock.now + .seconds(300)
        while lines.all.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
        #expect(lines.all == [line])
        asking.cancel()
        #expect(await asking.value.status == 504)
        #expect(standIn.refusal(of: .answerTooLate, head: nil).status == 504)
        #expect(lines.all == [line])
    }

    @Test func `a request is one line of JSON`() async throws {
        _ = await ask("GET", "/v1/models", key: key("revoked"))
        #expect(lines.all == ["{\"method\":\"GET\",\"path\":\"/v1/models\",\"outcome\":\"revoked\",\"status\":401}\n"])
    }

    private func key(_ word: String) -> String { "sk-ant-api03-\(word)-\(String(repeating: "A", count: 80))" }

    /// Asks as the server would.
    private func ask(
        _ method: String, _ path: String, query: String? = nil, key: String?, version: String? = "2023-06-01",
        body: String = "", more: [(name: String, value: String)] = []
    ) async -> (status: Int, text: String, value: @Sendable (String) -> String?) {
        var headers = more
        if let key { headers.append(("x-api-key", key)) }
        if let version { headers.append(("anthropic-version", version)) }
        let head = RequestHead(
            method: method, path: path, query: query, headers: headers, declaredLength: body.utf8.count
        )
        let response: Response
        switch standIn.admit(head) {
        case .take(let admitted):
            response = await standIn.respond(to: admitted, head: head, body: WipedBuffer(body))
        case .refuse(let refusal): response = refusal
        }
        let fields = response.headers
        let text = response.body.withBytes { bytes in bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
        return (response.status, text, { name in fields.first { $0.0 == name }?.1 })
    }
}
