import Glibc
import Testing

@testable import HTTPServer

@Suite struct LimitTests {
    @Test func `the longest body is taken, one byte more is refused before any of it`() async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            let body = [UInt8](repeating: 0x61, count: 65_536)
            try await client.send(Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n".utf8) + body)
            #expect(try await client.receive()?.body == body)
            for length in ["65537", "1000000000000", "9223372036854775807", "9223372036854775808"] {
                let client = try RawClient(port: port)
                try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n")
                #expect(try await client.receive()?.status == 413)
                #expect(try await client.readToEnd().isEmpty)
            }
            #expect(mirror.answered == ["/echo"])
        }
    }

    @Test func `bodies in flight have one budget`() async throws {
        try await withServer(limits { $0.bodiesInFlightBytes = 100 }) { port, mirror in
            let first = try RawClient(port: port)
            try await first.send("POST /gate HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n")
            try await first.send(String(repeating: "a", count: 60))
            // What is there counts until it is answered, so a second one finds the budget spent from some moment on.
            try await eventually("refused") {
                let second = try RawClient(port: port)
                try await second.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 41\r\n\r\n")
                try await second.send(String(repeating: "b", count: 41))
                return try await second.receive()?.status == 503
            }
            mirror.openGate()
            #expect(try await first.receive()?.status == 200)
            // Given back with the answer.
            try await eventually("taken") {
                let third = try RawClient(port: port)
                try await third.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
                try await third.send(String(repeating: "c", count: 100))
                return try await third.receive()?.status == 200
            }
        }
    }

    @Test func `a connection lost in its body gives its share back`() async throws {
        let small = limits {
            $0.bodiesInFlightBytes = 100
            // libmicrohttpd may not see an end that came together with bytes: then the deadline does.
            $0.requestSeconds = 1
        }
        try await withServer(small) { port, _ in
            do {
                let lost = try RawClient(port: port)
                let most = String(repeating: "b", count: 99)
                try await lost.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n\(most)")
            }
            try await eventually("taken") {
                let next = try RawClient(port: port)
                try await next.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
                try await next.send(String(repeating: "c", count: 100))
                return try await next.receive()?.status == 200
            }
        }
    }

    @Test func `the head has its limits`() async throws {
        try await withServer { port, mirror in
            let many = (1...63).map { "X-\($0): 1\r\n" }.joined()
            let cases: [(head: String, status: Int)] = [
                ("GET /\(String(repeating: "a", count: 4_095)) HTTP/1.1\r\nHost: a\r\n", 200),
                ("GET /\(String(repeating: "a", count: 4_096)) HTTP/1.1\r\nHost: a\r\n", 414),
                ("GET /x?\(String(repeating: "a", count: 4_094)) HTTP/1.1\r\nHost: a\r\n", 414),
                ("GET /x HTTP/1.1\r\nHost: a\r\n\(many)", 200),
                ("GET /x HTTP/1.1\r\nHost: a\r\n\(many)X-64: 1\r\n", 431),
                ("GET /x HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "a", count: 16_340))\r\n", 200),
                ("GET /x HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "a", count: 16_384))\r\n", 431),
                ("GET /x HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "a", count: 100_000))\r\n", 431),
            ]
            for (head, status) in cases {
                let client = try RawClient(port: port)
                try await client.send(head + "\r\n")
                #expect(try await client.receive()?.status == status)
                if status != 200 { #expect(try await client.readToEnd().isEmpty) }
            }
            #expect(mirror.answered.count == 3)
        }
    }

    @Test(arguments: ["", "GET /x HT", "GET /x HTTP/1.1\r\nHost: a\r\nX-Slow: "])
    func `a slow head is cut off`(beginning: String) async throws {
        try await withServer(limits { $0.headerSeconds = 1 }) { port, mirror in
            let client = try RawClient(port: port)
            try await client.send(beginning)
            try await drip(into: client)
            #expect(mirror.answered.isEmpty)
        }
    }

    @Test func `a slow head is cut off on a used connection too`() async throws {
        let short = limits {
            $0.headerSeconds = 1
            $0.idleSeconds = 1
        }
        try await withServer(short) { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 200)
            try await drip(into: client)
            #expect(mirror.answered == ["/x"])
        }
    }

    @Test func `a slow body is cut off`() async throws {
        try await withServer(limits { $0.requestSeconds = 1 }) { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n")
            try await drip(into: client)
            #expect(mirror.answered.isEmpty)
        }
    }

    @Test func `silence is cut off`() async throws {
        try await withServer(limits { $0.idleSeconds = 1 }) { port, _ in
            let client = try RawClient(port: port)
            try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 200)
            #expect(try await client.readToEnd().isEmpty)
        }
    }

    @Test func `an answer that comes too late is given up`() async throws {
        try await withServer(limits { $0.requestSeconds = 1 }) { port, mirror in
            let client = try RawClient(port: port)
            try await client.send("POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            let answer = try #require(try await client.receive())
            #expect(answer.status == 503)
            #expect(answer.value("x-fault") == "answerTooLate")
            #expect(try await client.readToEnd().isEmpty)
            try await eventually("cancelled") { mirror.cancellations == 1 }
        }
    }

    @Test func `one address has only so many connections`() async throws {
        try await withServer(limits { ($0.connectionsPerAddress, $0.idleSeconds) = (2, 600) }) { port, _ in
            var held: [RawClient] = []
            for _ in 0..<2 {
                let client = try RawClient(port: port)
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.receive()?.status == 200)
                held.append(client)
            }
            let third = try RawClient(port: port)
            try await third.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await third.readToEnd().isEmpty)
            withExtendedLifetime(held) {}
        }
    }

    /// Sends a byte now and then, so that the connection is never silent, until the server has had enough.
    private func drip(into client: RawClient) async throws {
        try await eventually("cut off") {
            try await client.send("a")
            return client.isClosed
        }
    }
}
