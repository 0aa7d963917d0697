import Synchronization
import Testing
import VaultModel

@testable import VaultProviders

struct ProbeTests {
    /// What went out, and what comes back for it.
    final class Wire: Sendable {
        struct Sent: Sendable {
            let method: String
            let url: String
            let headers: [String: String]
            let secret: String
            let body: String
            let isToCatalogue: Bool
        }

        private let sent = Mutex<[Sent]>([])
        let answers: [ProbeAnswer]

        init(_ answers: [ProbeAnswer]) { self.answers = answers }

        var calls: [Sent] { sent.withLock { $0 } }

        func send(_ request: consuming ProbeRequest) async -> ProbeAnswer {
            let secret = request.secret.withBytes { bytes in
                String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
            }
            var headers: [String: String] = [request.secretHeaderName: request.secretHeaderPrefix + "<key>"]
            for (name, value) in request.headers { headers[name] = value }
            let call = Sent(
                method: request.method, url: request.url, headers: headers, secret: secret,
                body: String(decoding: request.body, as: UTF8.self), isToCatalogue: request.isToCatalogue)
            return sent.withLock { sent in
                sent.append(call)
                return answers[sent.count - 1]
            }
        }
    }

    func check(
        _ answers: [ProbeAnswer], funding: Bool = false, provider: ProviderID = .anthropic,
        at endpoint: String = "https://api.anthropic.com"
    ) async throws -> (Verdict, [Wire.Sent]) {
        let wire = Wire(answers)
        let probe = Probe(catalogue: try Catalogue.embedded(), time: SystemTime()) { await wire.send($0) }
        let key = try SecretBytes(copying: Array(Sham.claudeKey.utf8).span.bytes)
        let verdict = await probe.check(key, of: provider, at: endpoint, fundingCheck: funding)
        return (verdict, wire.calls)
    }

    let accepted = Outcome.raw(
        200, modelList,
        headers: [(name: "anthropic-organization-id", value: "org-1"), (name: "request-id", value: "req_1")])
    let paid = Outcome.raw(200, #"{"id":"msg_1","type":"message","content":[]}"#)

    func refusal(_ status: Int, _ type: String, _ message: String) -> ProbeAnswer {
        Outcome.raw(status, #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"}}"#)
    }

    @Test func `one free call proves identity and says what it does not prove`() async throws {
        let (verdict, calls) = try await check([accepted])
        #expect(verdict.code == .valid)
        #expect(verdict.message == "Key works. Anthropic accepted it. Not tested: credit.")
        #expect(verdict.tested == ["identity"])
        #expect(verdict.account == ["organization_id": "org-1"])
        #expect(calls.count == 1)
        #expect(calls.first?.method == "GET")
        #expect(calls.first?.url == "https://api.anthropic.com/v1/models?limit=1")
        #expect(calls.first?.headers == ["x-api-key": "<key>", "anthropic-version": "2023-06-01"])
        #expect(calls.first?.secret == Sham.claudeKey)
        #expect(calls.first?.isToCatalogue == true)
    }

    @Test func `a second call proves that the account can pay`() async throws {
        let (verdict, calls) = try await check([accepted, paid], funding: true, at: "http://127.0.0.1:9")
        #expect(verdict.code == .valid)
        #expect(verdict.message == "Key works. Anthropic accepted it and the account can pay.")
        #expect(verdict.tested == ["identity", "funding"])
        #expect(verdict.account == ["organization_id": "org-1"])
        #expect(calls.map(\.url) == ["http://127.0.0.1:9/v1/models?limit=20", "http://127.0.0.1:9/v1/messages"])
        #expect(calls.last?.method == "POST")
        #expect(calls.last?.isToCatalogue == false)
        #expect(
            calls.last?.body
                == #"{"max_tokens":1,"messages":[{"content":".","role":"user"}],"model":"claude-haiku-4-5"}"#)
        #expect(calls.last?.headers["content-type"] == "application/json")
    }

    @Test func `without a model of the cheap kind the last one is asked`() async throws {
        let list = Outcome.raw(200, #"{"data":[{"id":"a-1"},{"id":"b-2"},{"id":"evil\",\"x\":\""}]}"#)
        let (_, calls) = try await check([list, paid], funding: true)
        #expect(calls.last?.body.contains(#""model":"b-2""#) == true)
    }

    @Test func `no credit is told by the second call`() async throws {
        let poor = refusal(400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.")
        let (verdict, _) = try await check([accepted, poor], funding: true)
        #expect(verdict.code == .validUnfunded)
        #expect(verdict.reason == "no_credit")
        #expect(verdict.tested == ["identity", "funding"])
        #expect(verdict.account == ["organization_id": "org-1"])
    }

    @Test func `an organization that was disabled is a refusal even after identity`() async throws {
        let gone = refusal(400, "invalid_request_error", "This organization has been disabled.")
        #expect(try await check([accepted, gone], funding: true).0.code == .invalid)
    }

    @Test(
        arguments: [
            Outcome.raw(429, #"{"error":{"type":"rate_limit_error","message":"slow"}}"#), .failure(.timeout),
            Outcome.raw(529, #"{"error":{"type":"overloaded_error","message":"busy"}}"#), Outcome.raw(404, "{}"),
            Outcome.raw(200, "<html>"),
        ] as [ProbeAnswer])
    func `when the second call brings nothing definite, identity stands`(second: ProbeAnswer) async throws {
        let (verdict, calls) = try await check([accepted, second], funding: true)
        #expect(calls.count == 2)
        #expect(verdict.code == .valid)
        #expect(verdict.reason == "ok")
        #expect(verdict.tested == ["identity"])
        #expect(verdict.message.contains("Credit could not be tested"))
    }

    @Test func `an empty list of models leaves credit untested`() async throws {
        let (verdict, calls) = try await check([Outcome.raw(200, #"{"data":[]}"#)], funding: true)
        #expect(calls.count == 1)
        #expect(verdict.code == .valid)
        #expect(verdict.message.hasSuffix("Credit could not be tested."))
    }

    @Test func `a refused key is not asked about credit`() async throws {
        let (verdict, calls) = try await check(
            [refusal(401, "authentication_error", "API key is invalid.")], funding: true)
        #expect(calls.count == 1)
        #expect(verdict.code == .invalid)
        #expect(verdict.tested.isEmpty)
    }

    @Test(arguments: [.timeout, .unreachable, .tls, .tooLarge, .refused] as [ProbeAnswer.Failure])
    func `no answer is no verdict on the key`(failure: ProbeAnswer.Failure) async throws {
        let (verdict, _) = try await check([.failure(failure)])
        #expect(verdict.code == .unverified)
        #expect(verdict.httpStatus == nil)
        #expect(verdict.tested.isEmpty)
    }

    @Test func `a provider without calls is not called`() async throws {
        for id in ["vertex", "nobody"].compactMap(ProviderID.init) {
            let (verdict, calls) = try await check([], provider: id)
            #expect(calls.isEmpty)
            #expect(verdict.code == .unverified)
            #expect(verdict.reason == "not_testable")
        }
    }
}
