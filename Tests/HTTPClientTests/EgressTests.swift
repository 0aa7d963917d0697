import HTTPClient
import Testing
import VaultModel

/// Where a key may go, and where it never does.
struct EgressTests {
    @Test(arguments: [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "0177.0.0.01", "127.1", "[::1]",
        "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "0.0.0.0", "0", "169.254.169.254", "2852039166",
        "0xa9fea9fe", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]", "[fd00:ec2::254]", "10.0.0.1", "10.1", "172.16.0.1",
        "172.31.255.255", "192.168.0.1", "100.64.0.1", "192.0.0.1", "198.18.0.1", "[fc00::1]", "[fdff::1]", "[fe80::1]",
        "[fe80::1%25lo]", "[fe80::1%lo]", "[febf::1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]",
        "[64:ff9b::808:808]", "[2002:7f00:1::]", "[2002:808:808::]", "255.255.255.255", "127.0.0.1.", "8.8.8.8.",
        "example.com.", "ex\u{E4}mple.com", "ex\u{FF0E}com", "\u{24D4}xample.com", "ex%61mple.com", "example.com%2e",
        "example.com:444", "example.com:80", "example.com:8443", "example.com:", "127.0.0.1:443", "a@example.com",
        "a:b@example.com", "@example.com", "example.com@127.0.0.1", "127.0.0.1%40example.com", "localhost",
        "localhost.", "a.localhost", "example..com", ".example.com", "example.com,127.0.0.1", "[::1", "::1", "",
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
        "//example.com/", "https:/example.com/", "https:///example.com/", "dict://example.com/", "ldap://example.com/",
        "ws://example.com/", "HTTPS+unix://x/",
        "http+unix:///run/x", "javascript:alert(1)", "httpſ://example.com/", "https:example.com", "https://example.com",
        "https://example.com/#a", "https://example.com/#", "https://example.com\\@evil.example/",
        "https://example.com/a b",
        "https://example.com/\r\nx: y", "https://example.com:/", "https://example.com:0443/", "https://example.com:0/",
        "https://example.com:65536/", " https://example.com/", "https://example.com/\u{E4}",
    ])
    func `V03 a URL that is not written in its one plain way is refused`(url: String) async throws {
        #expect(await (try HTTPClient()).failure(of: try call(url)) == .refusedURL)
    }

    @Test(arguments: [
        "example.com", "EXAMPLE.com", "example.com:443", "8.8.8.8", "[2606:4700::1111]", "xn--bcher-kva.example",
    ])
    func `a plainly public host is read`(host: String) {
        // That it is, without calling anybody: what the client asks first.
        let url = RequestURL("https://\(host)/v1/models")
        #expect(url?.origin.port == 443 && url?.origin.address?.isGlobal != false)
    }

    @Test func `V03 a name that leads to a loopback address is refused when it is connected to`() async throws {
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
}
