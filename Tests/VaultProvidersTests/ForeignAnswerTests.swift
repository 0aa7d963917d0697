import Testing
import VaultModel

@testable import VaultProviders

/// An answer that the provider did not write.
struct ForeignAnswer: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let body: [UInt8]
    let headers: [(name: String, value: String)]

    init(_ description: String, _ body: String, type: String = "text/html") {
        testDescription = description
        self.body = Array(body.utf8)
        headers = [("content-type", type)]
    }

    init(_ description: String, _ body: [UInt8], _ headers: [(name: String, value: String)]) {
        testDescription = description
        self.body = body
        self.headers = headers
    }

    static let captured = [
        ForeignAnswer(
            "an edge's block page",
            """
            <!DOCTYPE html><html lang="en-US"><head><title>Attention Required! | Cloudflare</title></head><body>
            <h1>Sorry, you have been blocked</h1><p>Cloudflare Ray ID: 8f2d1c</p></body></html>
            """),
        ForeignAnswer(
            "a server's own page",
            "<html>\r\n<head><title>401 Authorization Required</title></head>\r\n<body>\r\n<center><h1>401 Authorization Required</h1></center>\r\n<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n"
        ),
        ForeignAnswer(
            "a captive portal",
            "<html><head><meta http-equiv=\"refresh\" content=\"0; url=http://portal.hotel.test/login\"></head></html>"),
        ForeignAnswer(
            "a proxy's words", "Access to this site is blocked by your company's policy.", type: "text/plain"),
        ForeignAnswer("a page with a byte order mark", "\u{FEFF}<?xml version=\"1.0\"?><Error/>", type: "text/xml"),
        ForeignAnswer("nothing", ""),
        ForeignAnswer("spaces", " \r\n "),
        ForeignAnswer("JSON cut in half", #"{"error":{"type":"authentication_error","mess"#, type: "application/json"),
        ForeignAnswer("one JSON text", #""Unauthorized""#, type: "application/json"),
        ForeignAnswer("one JSON number", "401", type: "application/json"),
        ForeignAnswer(
            "JSON nested too deep", String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
            type: "application/json"),
        ForeignAnswer(
            "gzip", [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xAB, 0x56, 0x4A, 0x2D, 0x2A, 0xCA, 0x2F, 0x52, 0xB2],
            [("content-type", "application/json"), ("content-encoding", "gzip")]),
        ForeignAnswer("bytes that are no text", [0xFF, 0xFE, 0x00, 0x80], [("content-type", "application/json")]),
    ]
}

struct ForeignAnswerTests {
    let catalogue: Catalogue
    let reader: OutcomeReader

    init() throws {
        catalogue = try Catalogue.embedded()
        reader = OutcomeReader(catalogue)
    }

    private func read(_ answer: ProbeAnswer, of provider: Provider, _ call: TestCall) -> Verdict {
        reader.read(
            answer, to: call, of: provider, key: Array(Sham.claudeKey.utf8).span.bytes,
            at: Timestamp(milliseconds: 1_795_000_000_000))
    }

    @Test(arguments: ForeignAnswer.captured)
    func `what the provider did not write is no verdict on a key, whatever its status`(foreign: ForeignAnswer) throws {
        for provider in catalogue.providers {
            guard let call = provider.calls?.identity else { continue }
            for status in [200, 400, 401, 402, 403, 404, 407, 418, 429, 500, 511] {
                let verdict = read(
                    .response(status: status, headers: foreign.headers, body: foreign.body), of: provider, call)
                #expect(verdict.code == .unverified, "\(provider.id) \(status)")
                #expect(!verdict.message.contains("{"))
                #expect(
                    verdict.message.contains("not judged") || verdict.message.contains("could not"),
                    "\(verdict.message)")
                #expect(verdict.account.isEmpty)
            }
        }
    }

    @Test func `the same status in the provider's own words is a verdict, also where those are plain text`() throws {
        let words = [
            ("together", "Invalid API key provided. You can find your API key in your settings."),
            ("deepseek", "Authentication Fails (governor)"),
        ]
        for (id, text) in words {
            let provider = try #require(ProviderID(id).flatMap { catalogue[$0] })
            let call = try #require(provider.calls?.identity)
            let verdict = read(
                .response(status: 401, headers: [("content-type", "text/plain")], body: Array(text.utf8)),
                of: provider, call)
            #expect(verdict.code == .invalid)
        }
        let anthropic = try #require(catalogue[.anthropic])
        let call = try #require(anthropic.calls?.identity)
        let own = Outcome.raw(401, #"{"type":"error","error":{"type":"authentication_error","message":"m"}}"#)
        #expect(read(own, of: anthropic, call).code == .invalid)
    }

    @Test func `an answer that is too long, late, insecure or to nowhere is told apart`() throws {
        let anthropic = try #require(catalogue[.anthropic])
        let call = try #require(anthropic.calls?.identity)
        let reasons: [(ProbeAnswer.Failure, String)] = [
            (.tooLarge, "unexpected_body"), (.timeout, "provider_timeout"), (.unreachable, "unreachable"),
            (.tls, "insecure_connection"), (.refused, "address_refused"),
        ]
        for (failure, reason) in reasons {
            let verdict = read(.failure(failure), of: anthropic, call)
            #expect(verdict.code == .unverified)
            #expect(verdict.reason == reason)
            #expect(verdict.message.contains("Anthropic") && !verdict.message.contains("{"))
        }
    }
}
