import Glibc
import Testing
import VaultModel

@testable import HTTPServer

@Suite struct LifetimeTests {
    @Test func `a stop lets what is being answered finish`() async throws {
        let mirror = Mirror()
        // No limit of time comes into it, however busy the machine is.
        let limits = limits { limits in
            limits.stopSeconds = 300
            (limits.headerSeconds, limits.requestSeconds, limits.idleSeconds) = (300, 300, 300)
        }
        let listener = try Listener(address: "127.0.0.1", port: 0, limits: limits, responder: mirror)
        let running = Task { try await listener.run() }
        let idle = try RawClient(port: listener.port)
        let client = try RawClient(port: listener.port)
        try await client.send("POST /gate HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody")
        try await eventually("begun") { mirror.answered.first == "/gate" }

        running.cancel()
        try await eventually("no new connection is kept") {
            let late = try RawClient(port: listener.port)
            try await late.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            return try await late.receive()?.status == nil
        }
        #expect(try await idle.readToEnd().isEmpty)
        #expect(!client.isClosed)

        mirror.openGate()
        let answer = try #require(try await client.receive())
        #expect(answer.text == "body")
        #expect(answer.value("connection") == "close")
        try await running.value
        #expect(try await client.readToEnd().isEmpty)
        #expect(try refusesConnections(listener.port))
    }

    @Test func `a stop does not wait for ever`() async throws {
        let mirror = Mirror()
        let limits = limits { $0.stopSeconds = 0 }
        let listener = try Listener(address: "127.0.0.1", port: 0, limits: limits, responder: mirror)
        let running = Task { try await listener.run() }
        var clients: [RawClient] = []
        for _ in 0..<8 {
            let client = try RawClient(port: listener.port)
            try await client.send("POST /never HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")
            clients.append(client)
        }
        try await eventually("begun") { mirror.answered.count == 8 }
        running.cancel()
        try await running.value
        for client in clients { #expect(try await client.receive()?.status == 503) }
        try await eventually("cancelled") { mirror.cancellations == 8 }
    }

    @Test func `stopping amid traffic harms nobody`() async throws {
        for _ in 0..<20 {
            let limits = limits { $0.stopSeconds = 0 }
            let listener = try Listener(address: "127.0.0.1", port: 0, limits: limits, responder: Mirror())
            let running = Task { try await listener.run() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<8 {
                    group.addTask {
                        guard let client = try? RawClient(port: listener.port) else { return }
                        // Until the server goes away; every answer that comes is whole.
                        while true {
                            let path = caller.isMultiple(of: 2) ? "/later" : "/hop"
                            try await client.send("PUT \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
                            guard let answer = try await client.receive() else { return }
                            #expect(answer.status == 200 && answer.text == "hi" || answer.status == 503)
                        }
                    }
                }
                for _ in 0..<Int.random(in: 0...200) { await Task.yield() }
                running.cancel()
                try await group.waitForAll()
            }
            try await running.value
        }
    }

    @Test func `nothing is left behind`() async throws {
        let listener = try Listener(address: "127.0.0.1", port: 0, responder: Mirror())
        let running = Task { try await listener.run() }
        for ending in [
            "GET /x HTTP/1.1\r\nHost: a\r\n\r\n", "GET /x HT",
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc",
        ] {
            let client = try RawClient(port: listener.port)
            try await client.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + ending)
            #expect(try await client.receive()?.status == 200)
        }
        let traffic = listener.traffic
        try await eventually("closed") { traffic.open.isEmpty }
        try await eventually("given back") { traffic.reservedBytes == 0 }
        running.cancel()
        try await running.value
    }

    @Test func `a listener that goes takes its threads along`() async throws {
        let port: UInt16
        do {
            let listener = try Listener(address: "127.0.0.1", port: 0, responder: Mirror())
            port = listener.port
            let client = try RawClient(port: port)
            try await client.send("GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.receive()?.status == 200)
        }
        #expect(try refusesConnections(port))
    }

    @Test func `a listener runs once`() async throws {
        let listener = try Listener(address: "127.0.0.1", port: 0, responder: Mirror())
        let running = Task { try await listener.run() }
        running.cancel()
        try await running.value
        await #expect(throws: ServerError.notRunnable) { try await listener.run() }
    }

    @Test func `an address that cannot be had is an error`() throws {
        let listener = try Listener(address: "127.0.0.1", port: 0, responder: Mirror())
        #expect(throws: ServerError.cannotListen(code: EADDRINUSE)) {
            _ = try Listener(address: "127.0.0.1", port: listener.port, responder: Mirror())
        }
        for address in ["", "localhost", "127.1", "256.0.0.1", "[::1]", "1.2.3.4:80"] {
            #expect(throws: ServerError.invalidAddress) {
                _ = try Listener(address: address, port: 0, responder: Mirror())
            }
        }
        #expect(throws: ServerError.cannotListen(code: EADDRNOTAVAIL)) {
            _ = try Listener(address: "192.0.2.1", port: 0, responder: Mirror())
        }
    }

    @Test func `the buffer that a piece of a body came in is wiped`() throws {
        let traffic = Traffic(limits: ServerLimits(), responder: Mirror())
        let connection = Connection(descriptor: -1, peer: try #require(IPAddress("::1")), limits: traffic.limits)
        let exchange = Exchange(target: "/", connection: connection, traffic: traffic)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 1)
        defer { piece.deallocate() }
        piece.initializeMemory(as: UInt8.self, repeating: 0x5A)
        #expect(!exchange.take(piece))
        #expect(piece.allSatisfy { $0 == 0 })
    }

    private func refusesConnections(_ port: UInt16) throws -> Bool {
        do {
            _ = try RawClient(port: port)
            return false
        } catch RawClient.Failure.cannotConnect(let code) {
            return code == ECONNREFUSED
        }
    }
}
