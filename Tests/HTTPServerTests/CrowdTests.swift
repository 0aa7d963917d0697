import Glibc
import Testing

@testable import HTTPServer

/// What many callers who ask for nothing, or too slowly, do to the others.
@Suite struct CrowdTests {
    /// Places for sixteen, whatever one address has, without any limit of time in it.
    private let few = limits {
        ($0.headerSeconds, $0.requestSeconds, $0.idleSeconds) = (300, 300, 300)
        $0.connections = 16
        $0.threads = 1
    }

    @Test func `L02 when places are short the longest idle goes, and whoever comes is answered`() async throws {
        try await withServer(few) { port, _ in
            var idle: [RawClient] = []
            for _ in 0..<100 {
                let client = try RawClient(port: port)
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                try #require(try await client.receive()?.status == 200)
                idle.append(client)
            }
            try await eventually("closed") { idle.count { $0.isClosed } >= 84 }
            #expect(idle[0].isClosed && !idle[99].isClosed, "the oldest goes first")
        }
    }

    @Test func `L01 whoever owes a head goes before those who were answered`() async throws {
        var limits = few
        limits.headerPatience = .zero
        try await withServer(limits) { port, _ in
            let known = try RawClient(port: port)
            try await known.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await known.receive()?.status == 200)
            var slow: [RawClient] = []
            for _ in 0..<11 {
                let client = try RawClient(port: port)
                try await client.send("GET /x HT")
                slow.append(client)
            }
            var late: [RawClient] = []
            try await eventually("closed") {
                let client = try RawClient(port: port)
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                try #require(try await client.receive()?.status == 200)
                late.append(client)
                return slow.contains(where: \.isClosed)
            }
            try await known.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await known.receive()?.status == 200)
        }
    }

    @Test func `L02 slow bodies give their share to whoever comes`() async throws {
        var limits = few
        limits.bodiesInFlightBytes = 100
        limits.connections = 64
        try await withServer(limits) { port, mirror in
            let slow = try RawClient(port: port)
            try await slow.send(
                "POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n" + String(repeating: "b", count: 100))
            try await eventually("taken") {
                let next = try RawClient(port: port)
                try await next.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
                try await next.send(String(repeating: "c", count: 100))
                let status = try await next.receive()?.status
                #expect(status == 200 || status == 503)
                return status == 200
            }
            #expect(try await slow.readToEnd().isEmpty)
            #expect(!mirror.answered.contains("/slow"))
        }
    }

    @Test func `L02 slow readers of answers lose them when others need the memory`() async throws {
        var limits = few
        limits.bodyBytes = 8_388_608
        limits.bodiesInFlightBytes = .max
        limits.connections = 64
        limits.answersInFlightBytes = 16_777_216
        let body = [UInt8](repeating: 0x61, count: 8_388_608)
        try await withServer(limits) { port, _ in
            let request = Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
            var slow: [RawClient] = []
            // Four have all that there is, twice; a fifth gets a word instead.
            for _ in 0..<5 {
                let client = try RawClient(port: port)
                #expect(try await client.send(request))
                slow.append(client)
            }
            try await eventually("some of them are cut off") {
                let next = try RawClient(port: port)
                try await next.send(request)
                let answer = try #require(try await next.receive())
                #expect(
                    answer.status == 503 && answer.value("x-fault") == "answersInFlight"
                        || answer.body.count == body.count)
                return answer.status == 200
            }
            // What nobody reads is small: the socket's buffers hold it, and it is answered all the same.
            let small = try RawClient(port: port)
            try await small.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await small.receive()?.status == 200)
            withExtendedLifetime(slow) {}
        }
    }

    @Test func `L02 whoever finds no room for an answer has no other one made on that connection`() async throws {
        var limits = few
        limits.answersInFlightBytes = 1_000
        try await withServer(limits) { port, mirror in
            let client = try RawClient(port: port)
            let request =
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8000\r\n\r\n" + String(repeating: "a", count: 8_000)
            try await client.send(request + request)
            let answer = try #require(try await client.receive())
            #expect(answer.status == 503 && answer.value("x-fault") == "answersInFlight")
            #expect(try await client.readToEnd().isEmpty)
            #expect(mirror.answered == ["/echo"])
        }
    }

    @Test(arguments: [1, 8_388_608])
    func `L02 slow bodies and slow readers give their places to whoever comes`(sent: Int) async throws {
        var limits = few
        limits.connections = 8
        limits.bodyBytes = 8_388_608
        (limits.bodiesInFlightBytes, limits.answersInFlightBytes) = (.max, .max)
        try await withServer(limits) { port, _ in
            var slow: [RawClient] = []
            for _ in 0..<8 {
                let client = try RawClient(port: port)
                let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 8388608\r\n\r\n"
                try await client.send(Array(head.utf8) + [UInt8](repeating: 0x61, count: sent))
                slow.append(client)
            }
            let stranger = try RawClient(port: port)
            try await stranger.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await stranger.receive()?.status == 200)
            withExtendedLifetime(slow) {}
        }
    }

    @Test func `an address that is a proxy's has no number of its own`() async throws {
        var limits = few
        limits.connections = 64
        limits.connectionsPerAddress = 2
        let peers = PeerPolicy(proxies: ["127.0.0.1"].compactMap { AddressRange($0) })
        try await withServer(limits, peers: peers) { port, _ in
            var held: [RawClient] = []
            for _ in 0..<8 {
                let client = try RawClient(port: port)
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.receive()?.status == 200)
                held.append(client)
            }
        }
    }

    @Test func `the places of an address come back when its connections go`() async throws {
        let limits = limits { $0.connectionsPerAddress = 1 }
        try await withServer(limits) { port, _ in
            for _ in 0..<5 {
                try await eventually("taken") {
                    let client = try RawClient(port: port)
                    try await client.send("GET /last HTTP/1.1\r\nHost: a\r\n\r\n")
                    return try await client.receive()?.status == 200
                }
            }
        }
    }
}
