import HTTPClient
import Testing
import VaultModel

struct AnswerTests {
    @Test func `a call sends its own headers, the key, and nothing that nobody asked for`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Request-ID:  req_1 \r\n\r\nhi")
        let client = try HTTPClient()
        let answer = try await client.send(
            try call(server.url + "?limit=1", headers: [("anthropic-version", "2023-06-01")]))
        #expect(answer.status == 200)
        #expect(answer.body == Array("hi".utf8))
        #expect(answer.value("x-request-id") == "req_1")
        #expect(
            server.requests == [
                """
                GET /v1/models?limit=1 HTTP/1.1\r
                Host: 127.0.0.1:\(server.port)\r
                User-Agent: keystow/9.8\r
                Accept: */*\r
                anthropic-version: 2023-06-01\r
                x-api-key: \(sampleKey)\r
                \r\n
                """
            ])
    }

    @Test func `a body goes out in one piece, without Expect and without a content type nobody gave`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        let body = Array(repeating: UInt8(ascii: "x"), count: 2_000_000)
        let answer = try await client.send(try call(server.url, .post, body: body))
        #expect(answer.status == 400)
        let sent = try #require(server.requests.first)
        #expect(sent.hasSuffix("\r\n\r\n" + String(decoding: body, as: UTF8.self)))
        let head = sent.prefix(400).lowercased()
        #expect(head.hasPrefix("post /v1/models http/1.1\r\n") && head.contains("content-length: 2000000\r\n"))
        #expect(!head.contains("expect") && !head.contains("content-type"))

        _ = try await client.send(
            try call(server.url, .post, headers: [("Content-Type", "application/json")], body: []))
        let second = try #require(server.requests.last)
        #expect(
            second.contains("\r\nContent-Type: application/json\r\n") && second.contains("\r\nContent-Length: 0\r\n"))
    }

    @Test func `every call has a connection of its own, even where the server would keep it`() async throws {
        let server = try RawServer { connection in
            while !connection.readRequest().isEmpty { connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
        }
        let client = try HTTPClient()
        for _ in 0..<3 { _ = try await client.send(try call(server.url)) }
        #expect(server.connections == 3)
    }

    @Test func `a key may follow a prefix in its header`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let request = OutgoingRequest(
            .get, server.url, secret: try secret(), secretHeaderName: "authorization", secretHeaderPrefix: "Bearer ",
            addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
        let client = try HTTPClient()
        _ = try await client.send(request)
        // The request keeps its key and can be sent again.
        _ = try await client.send(request)
        #expect(server.requests.allSatisfy { $0.contains("\r\nauthorization: Bearer \(sampleKey)\r\n") })
        #expect(server.requests.count == 2 && server.connections == 2)
    }

    @Test func `an answer in chunks is put together, and interim answers and trailers stay out of its headers`()
        async throws
    {
        let server = try RawServer(
            answering: """
                HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r
                HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nFolded: a\r\n b\r\nset-cookie: a=1\r\n\r
                3\r\nabc\r\n2\r\nde\r\n0\r\ntrailing: 1\r\n\r\n
                """)
        let client = try HTTPClient()
        let answer = try await client.send(try call(server.url))
        #expect(answer.body == Array("abcde".utf8))
        #expect(answer.headers.map(\.name) == ["transfer-encoding", "folded", "set-cookie"])

        _ = try await client.send(try call(server.url))
        #expect(server.requests.allSatisfy { !$0.lowercased().contains("cookie") })
    }

    @Test func `fifty calls at once each get their own answer`() async throws {
        let server = try RawServer { connection in
            let path = connection.readRequest().split(separator: " ")[1]
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")
        }
        let client = try HTTPClient()
        let answers = try await withThrowingTaskGroup(of: (Int, IncomingResponse).self) { group in
            for number in 0..<50 {
                group.addTask { (number, try await client.send(try call(server.url + "/\(number)"))) }
            }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1.body }
        }
        #expect(answers == Dictionary(uniqueKeysWithValues: (0..<50).map { ($0, Array("/v1/models/\($0)".utf8)) }))
    }
}
