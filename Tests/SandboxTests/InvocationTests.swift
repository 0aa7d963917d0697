import HTTPServer
import Testing
import VaultModel

@testable import keystow_sandbox

@Suite struct InvocationTests {
    @Test func `it listens where it is told to`() throws {
        #expect(try Invocation([]) == .listen(address: "127.0.0.1", port: 0))
        #expect(try Invocation(["--listen", "0.0.0.0:8500"]) == .listen(address: "0.0.0.0", port: 8_500))
        #expect(try Invocation(["--listen=[::1]:0"]) == .listen(address: "::1", port: 0))
        #expect(try Invocation(["--help"]) == .help)
    }

    @Test(arguments: [["--listen"], ["--listen", "8500"], ["--listen", "a:99999"], ["--port", "1"], ["serve"]])
    func `what it does not understand is refused`(arguments: [String]) {
        #expect(throws: Invocation.Misuse.self) { try Invocation(arguments) }
    }
}

@Suite struct TranscriptTests {
    @Test func `a word within a word does not count`() throws {
        let vocabulary = Vocabulary(try Transcript("Head.\n\n== valid\n200\n\n\n== invalid\n401\n\n\n").words)
        #expect(vocabulary.word(in: "sk-ant-api03-invalid") == "invalid")
        #expect(vocabulary.word(in: "sk-ant-api03-valid") == "valid")
        #expect(vocabulary.word(in: "sk-ant-api03-zzz") == nil)
    }

    @Test func `a word counts when it is spelled in hexadecimal`() {
        let vocabulary = Vocabulary(["revoked", "valid", "invalid"])
        #expect(vocabulary.word(in: "0a7265766f6b65640a") == "revoked")
        #expect(vocabulary.word(in: "0a" + Vocabulary.hexadecimal("invalid") + "0a") == "invalid")
        #expect(vocabulary.word(in: "0a7265766f6b650a") == nil)
    }

    @Test func `a section that is none is named`() {
        for text in ["abc\n\n", "200\nno colon\n\n", "200", "200 base64\n\n?\n"] {
            #expect(throws: Transcript.Malformed(section: "bad")) { try Transcript("Head.\n\n== bad\n\(text)") }
        }
        let twice = "== bad\n200\n\n\n== bad\n401\n\n"
        #expect(throws: Transcript.Malformed(section: "bad")) { try Transcript(twice) }
    }

    @Test(arguments: [
        "> nonsense a b", "> route", "> route a GET nowhere", "> route a GET /a b", "> page limit 1", "> model - {}",
        "> needs a b", "> requires a b", "> instead a b",
    ])
    func `a declaration that is none is named`(line: String) {
        #expect(throws: Transcript.Malformed(section: line)) { try Transcript("Head.\n\(line)\n") }
    }

    @Test func `a route is found by its method and path, a model in it`() throws {
        let route = try #require(Route("chat POST /v1/{model}:run x-key: Key {key}"))
        #expect(route.carrier == .header(name: "x-key", prefix: "Key "))
        #expect(route.model(at: "/v1/models/a:run") == "models/a")
        #expect(route.model(at: "/v1/:run") == nil && route.model(at: "/v1/a") == nil)
        #expect(Route("list GET /list")?.carrier == .nowhere)
        #expect(Route("token POST /token {key}")?.carrier == .body)
        #expect(Route("list GET /list")?.model(at: "/list") == "")
    }

    @Test func `a model is taken by its own route alone`() throws {
        let head = "> id name\n> model chat {\"name\":\"a\"}\n> model - {\"name\":\"embed\"}\n"
        let models = try Transcript(head).models
        #expect(models.takes("a", at: "chat") && !models.takes("a", at: "other"))
        #expect(!models.takes("embed", at: "chat") && !models.takes("embed", at: "-") && !models.takes("", at: "chat"))
        #expect(models.values(1)["models"] == "{\"name\":\"a\"}")
    }

    @Test func `what is filled in is not looked at again`() throws {
        let answer = try #require(try Transcript("== a\n200\nx: {key}\n\n{\"a\":{key},{b}}").answers["a"])
        let response = answer.response(filling: ["key": "{b}", "b": "no"])
        let text = response.body.withBytes { span in
            span.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }
        #expect(text == "{\"a\":{b},no}")
        #expect(response.headers.first?.1 == "{b}")
    }
}
