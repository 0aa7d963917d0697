import Deflate
import FoundationEssentials
import Testing
import VaultCrypto
import VaultTestKit

/// The page itself: what it is sent with, and that nothing but its own bytes can run in it.
@Suite struct ConnectDocumentTests {
    /// The policy with the hashes left out, which are of whatever the page is made of.
    static let policy =
        "default-src 'none'; script-src 'sha256-…'; style-src 'sha256-…'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        + "trusted-types 'none'"

    private static func header(_ answer: HTTPAnswer, _ name: String) -> [String] {
        answer.headers.filter { $0.name == name }.map(\.value)
    }

    @Test(arguments: ["/connect", "/connect/popup"], ["http://127.0.0.1:8420", "https://keys.example"])
    func `W01 the page is sent with exactly these headers`(path: String, site: String) async throws {
        try await RunningVault.run(configuration: Stage.quiet(), publicURL: site) { vault in
            let answer = try await vault.call("GET", path)
            #expect(answer.status == 200)
            var expected: [String: String] = [
                "content-type": "text/html; charset=utf-8", "cache-control": "no-store",
                "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
                "cross-origin-resource-policy": "same-origin", "vary": "Accept-Encoding",
                "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
                "content-security-policy": Self.policy,
            ]
            // The window that an app opens must stay visible to the app's page.
            if path == "/connect" { expected["cross-origin-opener-policy"] = "same-origin" }
            if site.hasPrefix("https") { expected["strict-transport-security"] = "max-age=31536000" }
            let own: Set = ["date", "content-length", "connection", "request-id"]
            var found: [String: String] = [:]
            for (name, value) in answer.headers where !own.contains(name) {
                #expect(found[name] == nil, "\(name) twice")
                found[name] = value
            }
            found["content-security-policy"] = found["content-security-policy"]?
                .replacing(#/sha256-[A-Za-z0-9+/]{43}=/#) { _ in "sha256-…" }
            #expect(found == expected)
        }
    }

    @Test func `the policy admits exactly the style and the script that are in the page`() async throws {
        try await Stage.run { vault in
            let answer = try await vault.call("GET", "/connect")
            let policy = try #require(answer.header("content-security-policy"))
            let html = answer.text
            for (open, close, source) in [
                ("<style>", "</style>", "style-src"), (#"<script type="module">"#, "</script>", "script-src"),
            ] {
                let start = try #require(html.firstRange(of: open)).upperBound
                let end = try #require(html[start...].firstRange(of: close)).lowerBound
                let hash = Data(try Digest.sha256(Array(html[start..<end].utf8))).base64EncodedString()
                #expect(policy.contains("\(source) 'sha256-\(hash)'"))
                // Nothing is left of the places where they stand, and there is one of each.
                #expect(!html.contains("/*connect."))
                #expect(html.ranges(of: open).count == 1)
            }
            #expect(!html.contains(" style=") && !html.contains(" onclick="))
        }
    }

    @Test func `what is the same for everybody is compressed for whoever accepts it, and nothing else is`() async throws
    {
        try await Stage.run { vault in
            for path in ["/connect", "/connect/texts/de", "/connect.js"] {
                let plain = try await vault.call("GET", path)
                #expect(plain.header("content-encoding") == nil)
                let coded = try await vault.call("GET", path, headers: [("Accept-Encoding", "br, gzip;q=0.5")])
                #expect(coded.header("content-encoding") == "gzip")
                #expect(coded.header("vary") == "Accept-Encoding")
                #expect(coded.body.count * 2 < plain.body.count)
                #expect(coded.body == Gzip.compress(plain.body))
                let refused = try await vault.call("GET", path, headers: [("Accept-Encoding", "gzip;q=0, identity")])
                #expect(refused.body == plain.body)
            }
            let link = try await vault.link()
            let page = try await vault.page(link, headers: [("Accept-Encoding", "gzip")])
            #expect(page.header("content-encoding") == nil, "it says whose account it is")
        }
    }

    @Test func `the widget may be loaded by an app's page, the page by nobody's frame`() async throws {
        try await Stage.run { vault in
            let widget = try await vault.call("GET", "/connect.js")
            #expect(widget.header("content-type") == "text/javascript; charset=utf-8")
            #expect(widget.header("cross-origin-resource-policy") == "cross-origin")
            #expect(widget.header("cache-control") == "public, max-age=300")
            for path in ["/connect?utm_source=mail&x", "/connect/popup?x=1", "/connect.js?v=2"] {
                #expect(try await vault.call("GET", path).status == 200, "what a link picks up is passed over")
            }
            for path in ["/connect/", "/connect/other", "/connect/texts", "/connect.mjs"] {
                expectProblem(try await vault.call("GET", path), 404, "not_found")
            }
            let json = try await vault.call("GET", "/connect", headers: [("Accept", "application/json")])
            expectProblem(json, 406, "not_acceptable")
        }
    }
}
