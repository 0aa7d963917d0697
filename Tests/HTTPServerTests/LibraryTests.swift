import FoundationEssentials
import Testing

@testable import HTTPServer

/// What libmicrohttpd makes of a request before any code of ours sees it.
struct Reading: Sendable, CustomTestStringConvertible {
    /// As the row of the table in `docs/threat-model.md` begins.
    let name: String
    let request: String
    /// What its connection gives until its end.
    let outcome: Outcome

    enum Outcome: Sendable {
        /// The mirror's text: what arrived here.
        case arrives(String)
        /// libmicrohttpd's own page with this status, and how many heads it sends with it.
        case itsOwn(Int, heads: Int)
        /// An answer, and after it a refusal of what followed.
        case splits(String)
        case closed
        /// Nothing until the time for a head is over, then closed.
        case waits
    }

    var testDescription: String { name }
}

private let end = "Connection: close\r\n\r\n"
private let readings: [Reading] = [
    Reading(
        name: "a line that ends with LF alone", request: "GET /head HTTP/1.1\nHost: a\nX-A: 1\nConnection: close\n\n",
        outcome: .arrives("GET /head - 127.0.0.1 host=a;x-a=1;connection=close")),
    Reading(
        name: "a folded line", request: "GET /head HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n folded\r\n" + end,
        outcome: .arrives("GET /head - 127.0.0.1 host=a;x-afolded=1;connection=close")),
    Reading(
        name: "NUL in a value", request: "GET /head HTTP/1.1\r\nHost: a\r\nX-A: good\0bad\r\n" + end,
        outcome: .arrives("GET /head - 127.0.0.1 host=a;x-a=good;connection=close")),
    Reading(
        name: "NUL in the path", request: "GET /head\0/other HTTP/1.1\r\nHost: a\r\n" + end,
        outcome: .arrives("GET /head - 127.0.0.1 host=a;connection=close")),
    Reading(
        name: "NUL in the method", request: "GE\0T /head HTTP/1.1\r\nHost: a\r\n" + end,
        outcome: .arrives("GE /head - 127.0.0.1 host=a;connection=close")),
    Reading(
        name: "NUL in the length",
        request: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\0 9\r\n" + end + "abcd",
        outcome: .arrives("abcd")),
    Reading(
        name: "NUL in a name", request: "GET /head HTTP/1.1\r\nHost: a\r\nX-\0A: 1\r\n" + end,
        outcome: .itsOwn(400, heads: 1)),
    Reading(
        name: "a field without a name",
        request: "GET /head HTTP/1.1\r\nHost: a\r\n: b\r\nX-A: /head HTTP/1.1\r\nHost: a\r\n\r\n",
        outcome: .splits("GET /head - 127.0.0.1 host=a")),
    Reading(
        name: "a line without a colon", request: "GET /head HTTP/1.1\r\nHost: a\r\nnonsense\r\n" + end,
        outcome: .itsOwn(400, heads: 1)),
    Reading(
        name: "empty lines before a request", request: "\r\n\r\nGET /head HTTP/1.1\r\nHost: a\r\n" + end,
        outcome: .arrives("GET /head - 127.0.0.1 host=a;connection=close")),
    Reading(
        name: "two spaces after the method", request: "GET  /head HTTP/1.1\r\nHost: a\r\n" + end,
        outcome: .arrives("GET /head - 127.0.0.1 host=a;connection=close")),
    Reading(name: "tabs in the request line", request: "GET\t/head\tHTTP/1.1\r\nHost: a\r\n" + end, outcome: .closed),
    Reading(name: "CR alone at the end of a line", request: "GET /head HTTP/1.1\rHost: a\r\r", outcome: .waits),
    Reading(
        name: "no Host in HTTP/1.1", request: "GET /head HTTP/1.1\r\n" + end, outcome: .itsOwn(400, heads: 2)),
    Reading(
        name: "a length that is no number",
        request: "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n" + end + "abcd",
        outcome: .itsOwn(400, heads: 2)),
    Reading(
        name: "HTTP/2.0", request: "GET /head HTTP/2.0\r\nHost: a\r\n" + end, outcome: .itsOwn(505, heads: 1)),
]

@Suite struct LibraryTests {
    @Test(arguments: readings)
    func `A13 what the library folds, drops or ends by itself is what the threat model says`(reading: Reading)
        async throws
    {
        let limits = limits { limits in
            (limits.headerSeconds, limits.requestSeconds, limits.idleSeconds) = (300, 300, 300)
            if case .waits = reading.outcome { limits.headerSeconds = 1 }
        }
        try await withServer(limits) { port, mirror in
            let client = try RawClient(port: port)
            try await client.send(reading.request)
            if case .arrives(let text) = reading.outcome {
                let answer = try #require(try await client.receive())
                #expect(answer.text == text)
                return
            }
            let all = String(decoding: try await client.readToEnd(), as: UTF8.self)
            let heads = all.indices.count { all[$0...].hasPrefix("HTTP/1.1 ") }
            switch reading.outcome {
            case .itsOwn(let status, let expected):
                #expect(all.hasPrefix("HTTP/1.1 \(status) ") && all.contains("<html>") && heads == expected, "\(all)")
                #expect(mirror.answered.isEmpty)
            case .splits(let text):
                // What follows begins with a colon's word, which is no method: refused by us, and closed.
                #expect(all.contains(text) && heads == 2 && all.contains("X-Fault: badRequest"), "\(all)")
                #expect(mirror.answered.count == 1)
            case .closed, .waits:
                #expect(all.isEmpty && mirror.answered.isEmpty)
            case .arrives: break
            }
        }
    }

    @Test func `the threat model names each of them, and nothing else`() throws {
        let root = #filePath.dropLast("Tests/HTTPServerTests/LibraryTests.swift".count)
        let bytes = try #require(FileManager.default.contents(atPath: root + "docs/threat-model.md"))
        let text = String(decoding: bytes, as: UTF8.self)
        let section = try #require(text.split(separator: "## What the HTTP library does").last)
        let rows = section.split(separator: "\n").drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.dropFirst(2)
        let names = rows.compactMap { $0.split(separator: "|").first?.split(separator: " ").joined(separator: " ") }
        #expect(names == readings.map(\.name))
    }
}
