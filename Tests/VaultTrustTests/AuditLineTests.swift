import Glibc
import Testing
import VaultTestKit

/// Whatever stands in a name or a reason, an entry stays one line, whole or refused, and what nobody asked for is not in it.
@Suite struct AuditLineTests {
    /// A text as it is sent, and whether names and reasons take it.
    private struct Oddity {
        let what: String
        let text: String
        let isTaken: Bool

        /// What is answered to the calls of ``AuditLineTests/send(_:number:_:)``, by what each takes.
        var statuses: [Int] {
            guard isTaken else { return [422, 422, 422, 422, 422, 422, 422, 422] }
            let user = text.utf8.count <= 200
            return [201, 200, 200, 200, 201, text.unicodeScalars.count <= 40 ? 201 : 422]
                + (user ? [201, 429] : [422, 422])
        }
    }

    private static let mark = "oddmark"

    private static let oddities: [Oddity] = [
        Oddity(what: "a carriage return", text: "a\rb", isTaken: false),
        Oddity(what: "a line feed", text: "a\n{\"at\":\"forged\"}", isTaken: false),
        Oddity(what: "both", text: "a\r\nb", isTaken: false),
        Oddity(what: "an escape sequence", text: "\u{1B}[2J\u{1B}[31mred", isTaken: false),
        Oddity(what: "one of C1", text: "a\u{9B}31mb", isTaken: false),
        Oddity(what: "a next line", text: "a\u{85}b", isTaken: false),
        Oddity(what: "a null", text: "a\0b", isTaken: false),
        Oddity(what: "a delete", text: "a\u{7F}b", isTaken: false),
        Oddity(what: "quotes and backslashes", text: #"a"b\c'd\n\u000a"}"#, isTaken: true),
        Oddity(what: "a line separator", text: "a\u{2028}b", isTaken: true),
        Oddity(what: "a paragraph separator", text: "a\u{2029}b", isTaken: true),
        Oddity(what: "turned text", text: "a\u{202E}b\u{202C}\u{2066}c\u{2069}", isTaken: true),
        Oddity(what: "a hundred characters", text: String(repeating: "\u{10FFFF}", count: 90), isTaken: true),
        Oddity(what: "too many", text: String(repeating: "x", count: 201), isTaken: false),
    ]

    /// JSON's string of `text`, what cannot stand in it escaped.
    private static func quoted(_ text: String) -> String {
        let inner = text.unicodeScalars.map { scalar -> String in
            if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
            guard scalar.value < 0x20 else { return "\(scalar)" }
            return "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        }
        return "\"\(inner.joined())\""
    }

    /// What some reader of text would take for the end of a line, or for an order to the terminal; empty for one line.
    private static func breaks(in bytes: some Sequence<UInt8>) -> [UInt32] {
        String(decoding: Array(bytes), as: UTF8.self).unicodeScalars.map(\.value).filter { value in
            value < 0x20 || (0x7F...0x9F).contains(value) || (0x2028...0x202E).contains(value)
                || (0x2066...0x2069).contains(value)
        }
    }

    private static func entries(_ server: Scenery) throws -> [HTTPAnswer] {
        var pages: [HTTPAnswer] = []
        var after = 0
        while true {
            let act = Act(
                method: "GET", target: "/v1/audit/entries?limit=200&after=\(after)", token: server.admin, action: "")
            let page = try HTTPExchange.answer(in: try act.send(to: server.port))
            pages.append(page)
            guard let next = page.json["next_after"].int else { return pages }
            after = next
        }
    }

    /// Sends `text` as the name of a token, which then acts; as the reason of a reveal, of a revocation and of a revocation of
    /// many; as a label and a tag; as a tag's name; and as the name of a user, whose second key of a day is one too many.
    ///
    /// - Returns: the statuses.
    private static func send(_ text: String, number: Int, _ server: Scenery) throws -> [Int] {
        func ask(_ target: String, _ json: String, _ token: String) throws -> HTTPAnswer {
            let act = Act(method: "POST", target: target, json: json, token: token, action: "")
            return try HTTPExchange.answer(in: try act.send(to: server.port))
        }
        let quoted = quoted(text)
        func key(_ place: Int) -> String { #""key":"\#(Act.secret(1000 * place + number))","validation":"skip""# }
        let (id, user) = (try server.store(2 * number), "many-\(number)")
        _ = try server.store(2 * number + 1, user: user)
        let minted = try ask("/v1/tokens", #"{"kind":"adm","name":\#(quoted)}"#, server.admin)
        if let token = minted.json["token"].string {
            _ = try server.call("POST", "/v1/projects", #"{"name":\#(quoted)}"#, as: token)
        }
        return [
            minted.status, try ask("/v1/keys/\(id)/reveal", #"{"reason":\#(quoted)}"#, server.app).status,
            try ask("/v1/keys/\(id)/revoke", #"{"reason":\#(quoted)}"#, server.app).status,
            try ask("/v1/revoke", #"{"user_id":"\#(user)","reason":\#(quoted)}"#, server.admin).status,
            try ask(
                "/v1/keys", #"{"user_id":"d\#(number)","label":\#(quoted),"tags":{"a":\#(quoted)},\#(key(1))}"#,
                server.app
            ).status,
            try ask("/v1/keys", #"{"user_id":"t\#(number)","tags":{\#(quoted):"a"},\#(key(2))}"#, server.app).status,
            try ask("/v1/keys", #"{"user_id":\#(quoted),"key":"\#(Act.secret(3000))"}"#, server.app).status,
            try ask("/v1/keys", #"{"user_id":\#(quoted),"key":"\#(Act.secret(3001))"}"#, server.app).status,
        ]
    }

    /// Requests whose head is odd, or that are odd through and through; nobody may write any of it down.
    private static func sendOddHeads(_ server: Scenery) throws -> Int {
        let (mark, token) = (mark, "Authorization: Bearer \(server.app)\r\n")
        let long = String(repeating: mark, count: 1 << 17)
        let odd = ["\u{1B}[31m\(mark)", "\"\(mark)\\\"", "\(mark)\u{2028}", "\(mark)\r\n folded", "\(mark)\r\(mark)"]
        var requests = odd.flatMap { text in
            ["User-Agent", "X-Forwarded-For", "X-Request-Id", "Referer", "Idempotency-Key"].map {
                "GET /v1/keys HTTP/1.1\r\nHost: localhost\r\n\(token)\($0): \(text)\r\n"
            }
        }
        for target in [
            "/\(mark)%0d%0aforged", "/v1/keys/\(mark)%1b%5b31m", "/v1/\u{1B}[31m\(mark)", "/v1/\"\(mark)\u{2028}",
            "/v1/keys?\(mark)%0a=\(mark)%0a", "/v1/keys?user_id=\(mark)%0aforged", "/\(long)", "/v1/keys?x=\(long)",
        ] {
            requests.append("GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(token)")
        }
        requests += ["User-Agent: \(long)\r\n", "Host: \(mark)\r\n", "Authorization: Bearer \(mark)\r\n"].map {
            "GET /v1/keys HTTP/1.1\r\n\($0.hasPrefix("Host") ? "" : "Host: localhost\r\n")\($0)"
        }
        requests.append("\(mark) /v1/keys HTTP/1.1\r\nHost: localhost\r\n\(token)")
        for request in requests {
            _ = try HTTPExchange.raw(port: server.port, Array((request + "Connection: close\r\n\r\n").utf8))
        }
        return requests.count
    }

    @Test func `U08 whatever a name, a reason, a tag and a head hold, each line of the logs is one, escaped and short`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let served = try await ServedProgram.start(
            in: directory, ["KEYSTOW_VALIDATION_LIMITS": "60/min,1/day,600/min,2000/day"])
        let scenery = Scenery(served)
        for (number, oddity) in Self.oddities.enumerated() {
            let statuses = try await Threads.run { try Self.send(oddity.text, number: number, scenery) }
            #expect(statuses == oddity.statuses, "\(oddity.what)")
        }
        let million = String(repeating: "y", count: 1 << 20)
        #expect(
            try await Threads.run { try Self.send(million, number: 99, scenery) } == [
                413, 413, 413, 413, 413, 413, 413, 413,
            ])
        #expect(try await Threads.run { try Self.sendOddHeads(scenery) } > 30)

        // The audit log's answers: one line each, in which every text that was taken is whole.
        let pages = try await Threads.run { try Self.entries(scenery) }
        for page in pages {
            #expect(Self.breaks(in: page.body) == [])
            #expect(page.body.firstRange(of: Array(Self.mark.utf8)) == nil)
        }
        let entries = pages.flatMap { $0.json["data"].items }
        let (reasons, names) = (entries.compactMap { $0["reason"].string }, entries.map { $0["actor"]["name"].string })
        for oddity in Self.oddities {
            let text = oddity.text
            // The bytes, since to Swift's `==` some spellings are one.
            let said = reasons.count { Array($0.utf8) == Array(text.utf8) }
            #expect(said == (oddity.isTaken ? 4 : 0), "\(oddity.what)")
            let acted = names.count { $0.map { Array($0.utf8) == Array(text.utf8) } ?? false }
            #expect(acted == (oddity.isTaken ? 1 : 0), "\(oddity.what)")
            let objects = entries.count { Array(($0["object"].string ?? "").utf8) == Array(text.utf8) }
            #expect(objects == (oddity.statuses.last == 429 ? 2 : 0), "\(oddity.what)")
        }
        #expect(entries.allSatisfy { ($0["reason"].string ?? "").unicodeScalars.count <= 200 })

        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
        // The server's own log: every line an object of our words alone.
        let log = served.program.standardError
        #expect(!log.contains(Self.mark) && !log.contains("forged") && !log.contains("yyyy"))
        let lines = log.split(separator: "\n")
        #expect(lines.count > 100)
        for line in lines {
            #expect(JSONTree(text: String(line)).names.isSuperset(of: ["at", "level", "event"]), "\(line)")
            #expect(Self.breaks(in: line.utf8) == [] && line.utf8.count < 500)
        }

        // The control: the search finds what it looks for.
        for oddity in Self.oddities where oddity.what != "too many" && !oddity.what.hasPrefix("quotes") {
            let isFound = oddity.what == "a hundred characters" || !Self.breaks(in: oddity.text.utf8).isEmpty
            #expect(isFound, "\(oddity.what)")
        }
    }
}
