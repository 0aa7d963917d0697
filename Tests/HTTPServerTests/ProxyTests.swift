import Testing

@testable import HTTPServer

@Suite struct ProxyTests {
    private static let proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"].compactMap { AddressRange($0) }

    private func source(_ values: [String], from peer: String = "127.0.0.1") throws -> String {
        let policy = PeerPolicy(proxies: Self.proxies)
        let fields = values.map { (name: "x-forwarded-for", value: $0) }
        return "\(policy.source(of: try #require(IPAddress(peer)), fields))"
    }

    @Test func `A14 the rightmost hop that is no trusted proxy is where a request came from`() throws {
        #expect(try source([]) == "127.0.0.1")
        #expect(try source(["192.0.2.7"]) == "192.0.2.7")
        #expect(try source(["198.51.100.1, 192.0.2.7"]) == "192.0.2.7")
        #expect(try source(["198.51.100.1,192.0.2.7 ,\t10.1.2.3"]) == "192.0.2.7")
        #expect(try source(["192.0.2.7", "10.1.2.3, 10.1.2.4"]) == "192.0.2.7", "lines are one list")
        #expect(try source(["10.9.9.9, 10.1.2.3"]) == "10.9.9.9", "proxies alone: the first of them")
        #expect(try source(["2001:DB8::7, 2001:db8:1::2"]) == "2001:db8::7")
        #expect(try source(["::ffff:192.0.2.7"]) == "192.0.2.7", "one address has one spelling")
        #expect(try source(["192.0.2.7:4711"]) == "192.0.2.7")
        #expect(try source(["[2001:db8::7]:4711"]) == "2001:db8::7")
        #expect(try source(["[2001:db8::7]"]) == "2001:db8::7")
    }

    @Test(arguments: [
        "", ",", "unknown", "_hidden", "192.0.2", "192.0.2.256", "192.0.2.7.8", "192.0.2.7/8", "2001:db8::7:xyz",
        "192.0.2.7 192.0.2.8", "\"192.0.2.7\"", "[192.0.2.7]", "[::1", "127.1", "0x7f000001", "fe80::1%eth0",
        "192.0.2.7:",
        "for=192.0.2.7", "1.2.3.4;5.6.7.8", "\u{661}.2.3.4", "192.0.2.7:47x",
    ])
    func `A14 what is no address ends the list, and the proxy to its right stands for it`(hop: String) throws {
        let told = try source([hop])
        // A bare colon without a port is taken as an address without one.
        #expect(told == (hop == "192.0.2.7:" ? "192.0.2.7" : "127.0.0.1"))
        guard hop != "192.0.2.7:" else { return }
        #expect(try source(["192.0.2.1, \(hop), 10.1.2.3"]) == "10.1.2.3", "nothing to its left is believed")
        #expect(try source(["\(hop), 192.0.2.9"]) == "192.0.2.9")
    }

    @Test func `A14 from anybody else every such field is as absent`() throws {
        for peer in ["192.0.2.1", "127.0.0.2", "::1", "2001:db8:2::1"] {
            #expect(try source(["198.51.100.1"], from: peer) == peer)
        }
        let nobody = PeerPolicy()
        let peer = try #require(IPAddress("127.0.0.1"))
        #expect("\(nobody.source(of: peer, [("x-forwarded-for", "192.0.2.7")]))" == "127.0.0.1")
        #expect(!nobody.isSecure(peer, [("x-forwarded-proto", "https")]))
        // Other fields of the kind are nobody's word.
        let policy = PeerPolicy(proxies: Self.proxies)
        for name in ["forwarded", "x-real-ip", "x-client-ip", "x-forwarded-user", "true-client-ip"] {
            #expect("\(policy.source(of: peer, [(name, "for=192.0.2.7")]))" == "127.0.0.1")
            #expect("\(policy.source(of: peer, [(name, "192.0.2.7")]))" == "127.0.0.1")
        }
    }

    @Test func `A14 over a real socket a proxy is believed, and nobody else`() async throws {
        let request = "GET /head HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1, 192.0.2.7\r\n\r\n"
        for (peers, expected) in [(PeerPolicy(proxies: Self.proxies), "192.0.2.7"), (PeerPolicy(), "127.0.0.1")] {
            try await withServer(peers: peers) { port, _ in
                let client = try RawClient(port: port)
                try await client.send(request)
                #expect(try await client.receive()?.text.hasPrefix("GET /head - \(expected) ") == true)
            }
        }
    }

    @Test func `a proxy that came by TLS has the answer say so, with the last word of it`() async throws {
        try await withServer(peers: PeerPolicy(proxies: Self.proxies)) { port, _ in
            for (word, isSecure) in [
                ("https", true), ("HTTPS", true), ("http, https", true), ("https, http", false), ("http", false),
                ("", false), ("https https", false),
            ] {
                let client = try RawClient(port: port)
                try await client.send("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: \(word)\r\n\r\n")
                let policy = try #require(try await client.receive()).value("strict-transport-security")
                #expect(policy == (isSecure ? "max-age=31536000" : nil), "\(word)")
            }
        }
        try await withServer { port, _ in
            let client = try RawClient(port: port)
            try await client.send("GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n")
            #expect(try #require(try await client.receive()).value("strict-transport-security") == nil)
        }
    }

    @Test func `behind proxies nobody connects but they and this machine`() throws {
        let closed = PeerPolicy(proxies: Self.proxies, isClosed: true)
        for (peer, isTaken) in [
            ("10.200.0.1", true), ("2001:db8:1::9", true), ("127.0.0.77", true), ("::1", true), ("192.0.2.1", false),
            ("2001:db8:2::9", false), ("11.0.0.1", false),
        ] {
            #expect(closed.takes(try #require(IPAddress(peer))) == isTaken, "\(peer)")
            #expect(PeerPolicy(proxies: Self.proxies).takes(try #require(IPAddress(peer))))
        }
    }
}
