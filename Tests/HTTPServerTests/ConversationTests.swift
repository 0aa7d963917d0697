import Glibc
import Testing
import VaultModel

@testable import HTTPServer

@Suite struct ConversationTests {
    @Test func `a request arrives as it was sent`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send(
                "GET /head?a=%2F&b=+%00 HTTP/1.1\r\nHost: a\r\nX-One: \t1 \r\nX-Two: zw\u{F6}lf\r\n\r\n")
            let answer = try #require(try await client.receive())
            #expect(answer.status == 200)
            #expect(answer.text == "GET /head a=%2F&b=+%00 127.0.0.1 host=a;x-one=1;x-two=zwölf")
            #expect(answer.value("x-mirror") == "yes")
            #expect(answer.value("date") != nil)
            #expect(answer.value("server") == nil)
        }
    }

    @Test func `an address of IPv6 listens too`() async throws {
        try await withServer(address: "::1") { port, _ in
            let client = try RawClient(port: port, family: AF_INET6)
            try await client.send("GET /head HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.text == "GET /head - ::1 host=a")
        }
    }

    @Test func `one connection carries a thousand requests`() async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            for number in 0..<1_000 {
                try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\(1_000 + number)")
                try #require(try await client.receive()?.text == "\(1_000 + number)")
            }
            #expect(mirror.answered.count == 1_000)
        }
    }

    @Test func `requests sent ahead are answered in their order`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            for body in ["later", "first"] {
                let path = body == "later" ? "/later" : "/echo"
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n\(body)")
            }
            #expect(try await client.receive()?.text == "later")
            #expect(try await client.receive()?.text == "first")
        }
    }

    @Test(arguments: ["/later", "/hop"])
    func `an answer that has to wait comes all the same`(path: String) async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            for _ in 0..<50 {
                try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                try #require(try await client.receive()?.text == "hi")
            }
        }
    }

    @Test func `everyone gets their own answer`() async throws {
        try await withServer { port, mirror in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<64 {
                    group.addTask {
                        let client = try RawClient(port: port)
                        for number in 0..<20 {
                            let body = "caller \(caller) number \(number)"
                            let path = ["/later", "/hop", "/echo"][(caller + number) % 3]
                            try await client.send(
                                "PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
                            )
                            try #require(try await client.receive()?.text == body)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(mirror.answered.count == 64 * 20)
        }
    }

    @Test func `a body arrives exactly, in whatever pieces`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            let body = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) }
            try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
            var rest = body[...]
            for size in [1, 2, 3, 1_000, 7, 20_000, 1, 60_000] {
                try await client.send(rest.prefix(size))
                rest = rest.dropFirst(size)
                await Task.yield()
            }
            #expect(try await client.receive()?.body == body)
        }
    }

    @Test(arguments: ["HEAD", "OPTIONS", "BREW", "get"])
    func `methods are for the responder to judge`(method: String) async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("\(method) /judge HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 200)
            #expect(mirror.answered == ["/judge"])
        }
    }

    @Test func `DELETE comes with a body or without`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send("DELETE /echo HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.text == "")
            try await client.send("DELETE /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nit")
            #expect(try await client.receive()?.text == "it")
        }
    }

    @Test func `a client that asks first is told to go on`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await client.receive()?.status == 100)
            try await client.send("hi")
            #expect(try await client.receive()?.text == "hi")
        }
    }

    @Test func `an answer without content has none`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /head HTTP/1.1\r\nHost: b\r\n\r\n")
            let answer = try #require(try await client.receive())
            #expect(answer.status == 204)
            #expect(answer.value("content-length") == nil)
            #expect(try await client.receive()?.text == "GET /head - 127.0.0.1 host=b")
        }
    }

    @Test func `a last answer says so and closes`() async throws {
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try #require(try await client.receive())
            #expect(answer.text == "last")
            #expect(answer.value("connection") == "close")
            #expect(try await client.readToEnd().isEmpty)
        }
    }

    @Test func `a refused request without a body keeps its connection`() async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("GET /refused HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 401)
            try await client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 200)
            #expect(mirror.answered == ["/echo"])
        }
    }

    @Test func `a refused request with a body is answered before it and closed`() async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("POST /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
            let answer = try #require(try await client.receive())
            #expect(answer.status == 401)
            #expect(answer.value("connection") == "close")
            #expect(try await client.readToEnd().isEmpty)
            #expect(mirror.answered.isEmpty)
        }
    }
}
