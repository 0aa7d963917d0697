import FoundationEssentials
import HTTPClient
import Testing
import VaultModel

@testable import VaultProviders
@testable import keystow_sandbox

/// A row of what is known of a provider's answers: what it sends, and what Keystow says of the key then.
struct OutcomeRecord: Decodable, CustomStringConvertible {
    enum Call: String, Decodable { case identity, funding, token }

    let provider: String
    /// Its place in the provider's table, from 0.
    let row: Int
    /// A number, a class of them, `network`, `200-nonjson` or `*`.
    let status: String
    let error_type: String?
    let contains: String?
    /// What the key says; `nil` where nobody is there to read it.
    let word: String?
    /// The call that brings the answer out.
    let call: Call
    let verdict: VerdictCode
    let reason: String
    /// May hold `{provider}`, `{console_url}` and `{billing_url}`.
    let message: String

    var description: String { "\(provider) \(row): \(status) \(error_type ?? "") \(contains ?? "")" }

    static func all() throws -> [OutcomeRecord] {
        try JSONDecoder().decode([OutcomeRecord].self, from: Data(PackageResources.outcome_rows_json))
    }

    /// Whether an answer is one that the row is about.
    func isAbout(_ answer: Answer) -> Bool {
        guard let sent = answer.status else { return false }
        let hasStatus: Bool =
            switch status {
            case "*": sent == 418
            case "200-nonjson": sent == 200
            case let text where text.hasSuffix("xx"): text.prefix(1) == "\(sent / 100)"
            default: status == "\(sent)"
            }
        let said = String(decoding: answer.body, as: UTF8.self) + answer.headers.map(\.value).joined(separator: "\n")
        // Where a condition is on a number, the row tells it in words.
        let piece = contains == "limit_remaining<=0" ? "\"limit_remaining\":0," : contains ?? ""
        return hasStatus && said.lowercased().contains(piece.lowercased())
            && said.contains(error_type?.replacing("*", with: "") ?? "")
    }
}

@Suite struct OutcomeRowsTests {
    private static let counts = [
        "anthropic": 28, "openai": 18, "gemini": 17, "openrouter": 13, "mistral": 11, "groq": 11, "xai": 15,
        "deepseek": 11, "cohere": 12, "together": 11, "perplexity": 11, "huggingface": 12, "replicate": 11,
        "fireworks": 11, "azure_openai": 10, "bedrock": 13, "vertex": 7,
    ]

    @Test func `each of the 222 rows comes out of a real call as the verdict that it names`() async throws {
        let records = try OutcomeRecord.all()
        var ran: [String: Int] = [:]
        var sent: [(record: OutcomeRecord, answer: Answer)] = []
        try await RunningStandIns.run { stage in
            for record in records {
                let provider = try #require(ProviderID(record.provider).flatMap { stage.catalogue[$0] })
                let verdict = try await verdict(of: record, provider, stage)
                let message = provider.fill(record.message)
                #expect(verdict.code == record.verdict, "\(record)")
                #expect(verdict.reason == record.reason, "\(record)")
                #expect(verdict.message == message, "\(record)")
                ran[record.provider, default: 0] += 1
                guard let word = record.word else {
                    #expect(verdict.httpStatus == nil, "\(record)")
                    continue
                }
                #expect(stage.lines.last?.outcome == word, "\(record)")
                let answer = try #require(stage.lastAnswer, "\(record)")
                #expect(record.isAbout(answer), "\(record)")
                sent.append((record, answer))
            }
        }
        #expect(ran == Self.counts)
        #expect(ran.values.reduce(0, +) == 222)
        #expect(confusions(sent) == [])
    }

    @Test func `each row is there once`() throws {
        let records = try OutcomeRecord.all()
        for (provider, count) in Self.counts {
            #expect(records.filter { $0.provider == provider }.map(\.row) == Array(0..<count), "\(provider)")
        }
        #expect(records.count == 222)
    }

    @Test func `two verdicts on the same answer are seen`() throws {
        let stage = try StandIns(log: RequestLog { _ in })
        let openAI = try #require(stage.all.first { $0.id == "openai" })
        let records = try OutcomeRecord.all().filter { $0.provider == "openai" }
        let answer = { (word: String) in try #require(openAI.reply(word, "models").answer) }
        let (valid, restricted, rejected) = (records[0], records[2], records[4])
        #expect(confusions([(valid, try answer("valid")), (rejected, try answer("revoked"))]) == [])
        // A key without credit is listed the models like any other: rows that only a funding call tells apart.
        let same = confusions([(valid, try answer("valid")), (restricted, try answer("nocredit"))])
        #expect(same.count == 1)
        let revoked = try answer("revoked")
        #expect(!valid.isAbout(revoked) && rejected.isAbout(revoked))
    }

    /// Rows that expect different verdicts on one and the same answer of one provider.
    private func confusions(_ sent: [(record: OutcomeRecord, answer: Answer)]) -> [String] {
        sent.indices.flatMap { first in
            sent[(first + 1)...].compactMap { second in
                let (one, other) = (sent[first].record, second.record)
                guard one.provider == other.provider, sent[first].answer == second.answer,
                    one.verdict != other.verdict || one.reason != other.reason
                else { return nil }
                return "\(one) and \(other)"
            }
        }
    }

    private func verdict(
        of record: OutcomeRecord, _ provider: Provider, _ stage: RunningStandIns
    ) async throws -> Verdict {
        // Nobody listens on the first of all ports.
        let nowhere = "http://127.0.0.1:1"
        guard record.call == .token else {
            return try await stage.check(
                provider, record.word ?? "valid", funding: record.call == .funding,
                at: record.word == nil ? nowhere : nil, inHexadecimal: true)
        }
        let call = try JSONDecoder().decode(
            TestCall.self,
            from: Data(#"{"method":"POST","path":"/token","headers":{"x":"{key}"},"expects":"access_token"}"#.utf8))
        let assertion = SpelledKey.key(of: "vertex", record.word ?? "valid")
        let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion
        let request = OutgoingRequest(
            .post, record.word == nil ? nowhere + "/token" : "http://127.0.0.1:\(stage.port)/vertex/token",
            headers: [("content-type", "application/x-www-form-urlencoded")], body: Array(form.utf8),
            addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
        let answer: ProbeAnswer
        do {
            let response = try await stage.client.send(request)
            answer = .response(status: response.status, headers: response.headers, body: response.body)
        } catch {
            #expect(error == .connect)
            answer = .failure(.unreachable)
        }
        return OutcomeReader(stage.catalogue).read(
            answer, to: call, of: provider, key: Array(assertion.utf8).span.bytes, at: SystemTime().now())
    }
}
