import Glibc
import HTTPClient
import Testing
import VaultModel

/// The header with the key, whatever it is called, goes to the request's own host and to nobody else.
struct SecretEgressTests {
    /// Every header in which a provider wants its key.
    static let carriers: [(name: String, prefix: String)] = [
        ("authorization", "Bearer "), ("x-api-key", ""), ("x-goog-api-key", ""), ("api-key", ""),
    ]

    private static func request(
        _ url: String, _ carrier: (name: String, prefix: String), key: String = sampleKey
    ) throws -> OutgoingRequest {
        OutgoingRequest(
            .get, url, secret: try secret(key), secretHeaderName: carrier.name, secretHeaderPrefix: carrier.prefix,
            addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
    }

    private static func line(_ carrier: (name: String, prefix: String), key: String = sampleKey) -> String {
        "\r\n\(carrier.name): \(carrier.prefix)\(key)\r\n"
    }

    private static let fine = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    /// Answers after which a browser, or libcurl told otherwise, would come again or go elsewhere with what it has.
    private static let temptations: [@Sendable (String) -> String] = [
        { "HTTP/1.1 307 Moved\r\nLocation: http://\($0)/\r\nContent-Length: 0\r\n\r\n" },
        { "HTTP/1.1 200 OK\r\nAlt-Svc: http/1.1=\"\($0)\"; ma=86400, h2=\"\($0)\"\r\nContent-Length: 0\r\n\r\n" },
        { "HTTP/1.1 421 Misdirected\r\nAlt-Svc: http/1.1=\"\($0)\"; ma=9\r\nContent-Length: 0\r\n\r\n" },
        {
            "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"\($0)\"\r\nWWW-Authenticate: Negotiate\r\n"
                + "WWW-Authenticate: NTLM\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\", domain=\"http://\($0)/\"\r\n"
                + "WWW-Authenticate: Bearer resource_metadata=\"http://\($0)/\"\r\nContent-Length: 0\r\n\r\n"
        },
        { "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=\"\($0)\"\r\nContent-Length: 0\r\n\r\n" },
        { "HTTP/1.1 305 Use Proxy\r\nLocation: http://\($0)/\r\nContent-Length: 0\r\n\r\n" },
        { "HTTP/1.1 417 No\r\nLocation: http://\($0)/\r\nContent-Length: 0\r\n\r\n" },
        { "HTTP/1.1 100 Continue\r\nLocation: http://\($0)/\r\n\r\n" + fine },
        { fine + "HTTP/1.1 307 Moved\r\nLocation: http://\($0)/\r\n\r\n" },
        { "HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Domain=\($0)\r\nContent-Length: 0\r\n\r\n" },
        { _ in "" },
    ]

    @Test(arguments: carriers.indices)
    func `V02 a key goes out once, to its own host, whatever that answers`(index: Int) async throws {
        let carrier = Self.carriers[index]
        let attacker = try RawServer(on: "127.0.0.2", answering: Self.fine)
        let client = try HTTPClient()
        for temptation in Self.temptations {
            let server = try RawServer(answering: temptation(attacker.authority))
            for count in 1...2 {
                _ = await client.failure(of: try Self.request(server.url, carrier))
                #expect(server.connections == count && server.requests.count == count)
            }
            for request in server.requests {
                #expect(request.contains(Self.line(carrier)))
                #expect(request.split(separator: sampleKey, omittingEmptySubsequences: false).count == 2)
                #expect(!request.lowercased().contains("cookie"))
            }
        }
        #expect(attacker.connections == 0)

        // The listener hears whoever calls it.
        _ = try await client.send(try Self.request(attacker.url, carrier, key: "sk-test-another-one-0123"))
        #expect(attacker.requests.count == 1 && attacker.requests[0].contains("sk-test-another-one-0123"))
    }

    @Test(arguments: carriers.indices)
    func `V02 two keys never share a connection, even where both servers would keep it`(index: Int) async throws {
        let carrier = Self.carriers[index]
        let keep: @Sendable (RawServer.Connection) -> Void = { connection in
            while !connection.readRequest().isEmpty { connection.send(Self.fine) }
        }
        let (first, second) = (try RawServer(keep), try RawServer(on: "127.0.0.2", keep))
        let client = try HTTPClient()
        for number in 0..<10 {
            for server in [first, second] {
                let host = server === first ? "first" : "second"
                _ = try await client.send(
                    try Self.request(server.url, carrier, key: "sk-test-for-\(host)-\(number)-0123456789"))
            }
        }
        #expect(first.connections == 10 && second.connections == 10)
        for (server, name, other) in [(first, "first", "second"), (second, "second", "first")] {
            let sent = server.requests.filter { !$0.isEmpty }
            #expect(sent.count == 10 && sent.allSatisfy { $0.contains("sk-test-for-\(name)-") })
            #expect(!sent.contains { $0.contains(other) })
        }
    }

    @Test func `V02 a key goes past every proxy that the environment names`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer(on: "127.0.0.2", answering: SecretEgressTests.fine)
            let server = try RawServer(answering: SecretEgressTests.fine)
            for name in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://\(proxy.authority)", 1)
            }
            let client = try HTTPClient()
            for carrier in SecretEgressTests.carriers {
                #expect(try await client.send(try SecretEgressTests.request(server.url, carrier)).status == 200)
                #expect(server.requests.last?.contains(SecretEgressTests.line(carrier)) == true)
            }
            #expect(proxy.connections == 0 && server.connections == SecretEgressTests.carriers.count)
        }
    }

    @Test(arguments: carriers.indices)
    func `V02 over TLS nobody is called at an address that an answer named, either`(index: Int) async throws {
        let carrier = Self.carriers[index]
        let attacker = try RawServer(on: "127.0.0.2", answering: Self.fine)
        let server = try await TLSServer(
            answering: """
                HTTP/1.1 200 OK\r\nAlt-Svc: http/1.1="\(attacker.authority)"; ma=86400, h3="\(attacker.authority)"\r
                Strict-Transport-Security: max-age=31536000\r\nContent-Length: 0\r\n\r\n
                """)
        let client = try HTTPClient(version: "9.8", trust: TrustedRoots(file: server.certificate))
        #expect(try await client.send(try Self.request(server.url, carrier)).status == 200)
        // The server's one answer is spent; what counts is where the second call goes.
        _ = await client.failure(of: try timed(Self.request(server.url, carrier)))
        #expect(attacker.connections == 0)
        #expect(await server.output().contains("\(carrier.name): \(carrier.prefix)\(sampleKey)"))
    }

    private func timed(_ request: consuming OutgoingRequest) -> OutgoingRequest {
        request.timeout = .milliseconds(300)
        return request
    }
}
