import Testing
import VaultTestKit

@testable import VaultAPI

@Suite struct HostTests {
    /// The status line's number and the problem's code of what comes back for these bytes.
    private func ask(_ vault: RunningVault, _ head: String) async throws -> String {
        let bytes = Array((head + "\r\n\r\n").utf8)
        let port = vault.port
        let answer = String(
            decoding: try await Threads.run { try HTTPExchange.raw(port: port, bytes) }, as: UTF8.self)
        let code = answer.firstMatch(of: /"code":"(\w+)"/).map { " \($0.1)" } ?? ""
        return answer.dropFirst("HTTP/1.1 ".count).prefix(3) + code
    }

    @Test func `A12 a Host that is not ours is refused, whoever asks and whatever for`() async throws {
        try await Stage.run { vault in
            let hosts = [
                "evil", "evil:\(vault.port)", "127.0.0.1@evil", "a@127.0.0.1", "localhost.", "localhost.:80",
                "127.0.0.1.",
                "localhost:", "localhost:0", "localhost:65536", "localhost:80:80", "localhost:+80", "localhost: 80",
                "localhost, evil", "::1", "[::1", "::1]", "[::1].", "[0:0:0:0:0:0:0:1]", "127.1", "2130706433",
                "127.0.0.1/", "localhost/v1", "localhost?", "localhost#", "http://localhost", "", " ", "\\localhost",
                "%6cocalhost", "xn--localhost", "local\u{200B}host", "192.0.2.1",
            ]
            for host in hosts {
                for token in [vault.appToken, vault.adminToken, "kst_app_wrong", ""] {
                    let line = "GET /v1/token HTTP/1.1\r\nHost: \(host)\r\nConnection: close"
                    let told = try await ask(vault, line + (token.isEmpty ? "" : "\r\nAuthorization: Bearer \(token)"))
                    #expect(told == "400 invalid_parameter", "\(host)")
                }
            }
        }
    }

    @Test func `A12 with any Host of ours the decision about the caller is the same`() async throws {
        try await Stage.run { vault in
            for host in ["127.0.0.1", "127.0.0.1:\(vault.port)", "LocalHost", "localhost:1", "[::1]", "[::1]:65535"] {
                for (path, token, expected) in [
                    ("/v1/token", vault.appToken, "200"), ("/v1/token", "", "401 missing_token"),
                    ("/v1/token", "kst_app_wrong", "401 invalid_token"),
                    ("/v1/tokens", vault.appToken, "403 insufficient_scope"), ("/v1/tokens", vault.adminToken, "200"),
                    ("/v1/nothing", vault.adminToken, "404 not_found"),
                ] {
                    let line = "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close"
                    let told = try await ask(vault, line + (token.isEmpty ? "" : "\r\nAuthorization: Bearer \(token)"))
                    #expect(told.hasPrefix(expected), "\(host) \(path) \(told)")
                }
            }
        }
    }

    @Test func `A12 neither two Hosts nor none, nor another in the target, reach a decision`() async throws {
        try await Stage.run { vault in
            let token = "\r\nAuthorization: Bearer \(vault.appToken)\r\nConnection: close"
            for head in [
                "GET /v1/token HTTP/1.1\r\nHost: localhost\r\nHost: localhost",
                "GET /v1/token HTTP/1.1\r\nHost: localhost\r\nHost: evil",
                "GET /v1/token HTTP/1.1\r\nHost: evil\r\nHost: localhost",
                "GET /v1/token HTTP/1.0", "GET http://evil/v1/token HTTP/1.1\r\nHost: localhost",
                "GET http://localhost/v1/token HTTP/1.1\r\nHost: localhost",
                "GET //evil/v1/token HTTP/1.1\r\nHost: localhost", "GET @evil/v1/token HTTP/1.1\r\nHost: localhost",
            ] {
                let told = try await ask(vault, head + token)
                #expect(told == "400 invalid_parameter", "\(head)")
            }
            // Without any Host in HTTP/1.1 libmicrohttpd itself answers, with a page.
            #expect(try await ask(vault, "GET /v1/token HTTP/1.1" + token) == "400")
            // The same request as it should be.
            #expect(try await ask(vault, "GET /v1/token HTTP/1.0\r\nHost: localhost" + token).hasPrefix("200"))
        }
    }
}

@Suite struct PublicSideTests {
    @Test func `what is for admins stands on the route, and is what the contract says`() {
        let theirs = ["projects", "tokens", "stats", "revoke", "leaks", "keyring", "audit", "webhooks", "backup"].map {
            "/v1/\($0)"
        }
        for route in Routes.all {
            let first = route.path.split(separator: "/").prefix(2).joined(separator: "/")
            let isTheirs =
                theirs.contains("/" + first) || ["metrics", "admin"].contains(String(first.prefix { $0 != "/" }))
            #expect(route.isForAdmins == isTheirs, "\(route.method) \(route.path)")
        }
        #expect(Routes.all.contains(where: \.isForAdmins) && Routes.all.contains { !$0.isForAdmins })
    }
}
