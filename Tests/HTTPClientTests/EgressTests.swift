import Glibc
import HTTPClient
import Testing
import VaultModel

/// Where a key may go, and where it never does.
struct EgressTests {
    @Test(arguments: [301, 302, 303, 307, 308])
    func `V01 a redirect is an answer like any other, and nobody is called because of it`(status: Int) async throws {
        let attacker = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let server = try RawServer(
            answering: "HTTP/1.1 \(status) Moved\r\nLocation: \(attacker.url)\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        for method in [OutgoingRequest.Method.get, .post] {
            let answer = try await client.send(try call(server.url, method))
            #expect(answer.status == status && answer.value("location") == attacker.url)
        }
        #expect(attacker.connections == 0 && server.connections == 2)
    }

    @Test(arguments: [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.01", "127.1", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "0.0.0.0", "0", "169.254.169.254", "2852039166",
        "[fd00:ec2::254]", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1", "192.0.0.1", "198.18.0.1",
        "[fc00::1]", "[fe80::1]", "[fe80::1%25lo]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "255.255.255.255",
        "example.com.", "ex\u{E4}mple.com", "ex%61mple.com", "example.com:444", "example.com:80", "a@example.com",
        "a:b@example.com", "@example.com", "localhost", "localhost.", "example..com", "",
    ])
    func `V03 without the operator's word a host that is not plainly public is refused`(host: String) async throws {
        let client = try HTTPClient()
        let request = OutgoingRequest(
            .get, "https://\(host)/v1/models", secret: try secret(), secretHeaderName: "x-api-key")
        let error = await client.failure(of: request)
        #expect(error == .refusedURL || error == .refusedAddress)
    }

    @Test(arguments: [
        "file:///etc/passwd", "gopher://example.com/", "unix:///run/x", "ftp://example.com/", "example.com/",
        "//example.com/", "https:/example.com/", "https:///example.com/", "https:example.com", "https://example.com",
        "https://example.com/#a", "https://example.com/#", "https://example.com\\@evil.example/",
        "https://example.com/a b",
        "https://example.com/\r\nx: y", "https://example.com:/", "https://example.com:0443/", "https://example.com:0/",
        "https://example.com:65536/", " https://example.com/", "https://example.com/\u{E4}",
    ])
    func `V03 a URL that is not written in its one plain way is refused`(url: String) async throws {
        #expect(await (try HTTPClient()).failure(of: try call(url)) == .refusedURL)
    }

    @Test func `a name that leads to a loopback address is refused when it is connected to`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        // The name passes for a public one until it is resolved.
        let request = OutgoingRequest(.get, "https://localhost/", secret: try secret(), secretHeaderName: "x-api-key")
        #expect(await client.failure(of: request) == .refusedAddress)

        // The same name is fine where the operator chose it.
        let answer = try await client.send(try call("http://localhost:\(server.port)/"))
        #expect(answer.status == 200)
    }

    @Test func `plain HTTP needs the request's consent and a loopback address`() async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        func plain(_ url: String, _ policy: AddressPolicy, _ isAllowed: Bool) throws -> OutgoingRequest {
            OutgoingRequest(
                .get, url, secret: try secret(), secretHeaderName: "x-api-key", addressPolicy: policy,
                allowsLoopbackHTTP: isAllowed)
        }
        #expect(await client.failure(of: try plain(server.url, .operatorChosen, false)) == .refusedURL)
        #expect(await client.failure(of: try plain("http://127.0.0.1/", .publicOnly, true)) == .refusedAddress)
        #expect(await client.failure(of: try plain("http://10.0.0.1/", .operatorChosen, true)) == .refusedAddress)
        #expect(
            await client.failure(of: try plain("http://0.0.0.0:\(server.port)/", .operatorChosen, true))
                == .refusedAddress)
        #expect(
            await client.failure(of: try plain("http://[::ffff:127.0.0.1]:\(server.port)/", .operatorChosen, true))
                != nil)
        #expect(server.connections == 0)
        #expect(await client.failure(of: try plain(server.url, .operatorChosen, true)) == nil)
    }

    @Test func `V05 proxies of the environment are not used`() async throws {
        await #expect(processExitsWith: .success) {
            let proxy = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            let server = try RawServer(answering: "HTTP/1.1 204 No Content\r\n\r\n")
            for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, "http://127.0.0.1:\(proxy.port)", 1)
            }
            setenv("no_proxy", "", 1)
            let client = try HTTPClient()
            let answer = try await client.send(try call(server.url))
            #expect(answer.status == 204)
            // Nobody speaks TLS here; what counts is who was called.
            let mute = try RawServer { _ in }
            let error = await client.failure(of: try call("https://127.0.0.1:\(mute.port)/"))
            #expect(error != nil)
            #expect(proxy.connections == 0 && server.connections == 1 && mute.connections == 1)
        }
    }
}
