import Testing
import VaultAPI

struct MediaTypeTests {
    @Test(arguments: [
        "application/json", "Application/JSON", "application/json; charset=utf-8", "application/json;charset=UTF-8",
        "application/json ; charset=\"utf-8\"", " application/json ",
    ])
    func `JSON in UTF-8 is taken`(_ header: String) {
        #expect(throws: Never.self) { try ContentType.requireJSON(header) }
    }

    @Test(arguments: [
        nil, "", "text/plain", "application/json; charset=utf-16", "application/json; charset=latin1",
        "application/json, text/plain", "application/json; boundary=x",
        "application/json; charset=utf-8; charset=utf-16",
        "application/json; charset=utf-8; charset=utf-8",
        "application/json; charset", "application/json;", "application/jsonx", "application/problem+json", "json",
        "application/ json", "application/json; charset=\"utf-8", "text/json", "*/*",
        "application/x-www-form-urlencoded",
    ])
    func `A09 any other content type is 415`(_ header: String?) {
        let problem = #expect(throws: Problem.self) { try ContentType.requireJSON(header) }
        #expect(problem?.code == .unsupportedMediaType)
        #expect(problem?.status == 415)
    }

    @Test(arguments: [
        nil, "", "*/*", "application/*", "application/json", "application/problem+json", "APPLICATION/JSON;q=0.5",
        "text/html, */*;q=0.1", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "application/json;charset=utf-8",
        "*/*;q=0, application/json", "application/json;q=0, application/problem+json", "nonsense, application/json",
        "application/*;q=0, application/json;q=0.001", "text/x;a=\",\", */*", "*/*;q=1.000",
    ])
    func `what admits JSON is answered`(_ header: String?) {
        #expect(throws: Never.self) { try AcceptHeader.require(in: header) }
    }

    @Test(arguments: [
        "text/html", "application/json;q=0", "*/*;q=0", "*/*;q=0.000", "application/*;q=0.0", "application/xml, text/*",
        "application/json;q=0, application/problem+json;q=0, */*;q=1", "nonsense", "application/vnd.api+json",
        "text/x;a=\",application/json\"",
    ])
    func `what admits no JSON is 406`(_ header: String) {
        let problem = #expect(throws: Problem.self) { try AcceptHeader.require(in: header) }
        #expect(problem?.code == .notAcceptable)
    }

    @Test func `other forms can be asked for`() {
        #expect(throws: Never.self) { try AcceptHeader.require(["text/html"], in: "text/html") }
        #expect(throws: Problem.self) { try AcceptHeader.require(["text/html"], in: "application/json") }
    }
}
