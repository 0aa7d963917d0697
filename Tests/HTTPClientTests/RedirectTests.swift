import HTTPClient
import Testing
import VaultModel

/// Whatever an endpoint answers, nobody else is called because of it.
struct RedirectTests {
    /// What an endpoint can say to send its caller elsewhere, towards `other`.
    private static let detours: [@Sendable (RawServer) -> String] = [
        { "Location: \($0.url)" },
        { "location: //\($0.authority)/" },
        { "Location: \($0.url)\r\nLocation: \($0.url)x" },
        { "Refresh: 0; url=\($0.url)" },
        { "Refresh: 0; url=\($0.url)\r\nLocation: \($0.url)\r\nContent-Location: \($0.url)" },
        { "Link: <\($0.url)>; rel=\"canonical\"\r\nLocation: \($0.url)" },
    ]

    @Test(arguments: [200, 201, 300, 301, 302, 303, 304, 305, 306, 307, 308, 401, 407, 503])
    func `V01 an answer that leads elsewhere is an answer like any other, and nobody is called because of it`(
        status: Int
    ) async throws {
        let attacker = try RawServer(on: "127.0.0.2", answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        for detour in Self.detours {
            let server = try RawServer(
                answering: "HTTP/1.1 \(status) Moved\r\n\(detour(attacker))\r\nContent-Length: 0\r\n\r\n")
            for method in [OutgoingRequest.Method.get, .post, .delete] {
                let answer = try await client.send(try call(server.url, method))
                #expect(answer.status == status && answer.headers.count > 1)
            }
            #expect(server.connections == 3)
        }
        #expect(attacker.connections == 0)

        // Called itself, the other listener is reached and counts.
        #expect(try await client.send(try call(attacker.url)).status == 200)
        #expect(attacker.connections == 1)
    }

    @Test func `V01 an interim answer that leads elsewhere is passed over`() async throws {
        let attacker = try RawServer(on: "127.0.0.2", answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        for status in [100, 102, 103, 199] {
            let server = try RawServer(
                answering: """
                    HTTP/1.1 \(status) Elsewhere\r\nLocation: \(attacker.url)\r\nUpgrade: h2c\r\n\r
                    HTTP/1.1 204 No Content\r\n\r\n
                    """)
            #expect(try await client.send(try call(server.url)).status == 204)
            #expect(server.connections == 1)
        }
        let server = try RawServer(
            answering: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nLocation: \(attacker.url)\r\n\r\n")
        #expect(await client.failure(of: try call(server.url)) == .transport(8))
        #expect(attacker.connections == 0 && server.connections == 1)
    }
}
