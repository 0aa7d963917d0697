import FoundationEssentials
import Testing
import VaultModel
import VaultService
import VaultTestKit

@testable import VaultAPI

@Suite struct ReferenceTests {
    /// With `KEYSTOW_WRITE_DOCS` set, writes it instead: that is `make docs`.
    @Test func `docs slash api is what the route table says`() throws {
        let root = #filePath.dropLast("Tests/VaultAPITests/ReferenceTests.swift".count)
        let file = root + "docs/api.md"
        if ProcessInfo.processInfo.environment["KEYSTOW_WRITE_DOCS"] != nil {
            try Data(Reference.markdown.utf8).write(to: URL(filePath: String(file)))
        }
        let committed = FileManager.default.contents(atPath: String(file)).map { String(decoding: $0, as: UTF8.self) }
        #expect(committed == Reference.markdown, "docs/api.md is another; `make docs` writes it anew")
    }

    @Test func `the reference has every call, every code and every member of a request`() {
        let text = Reference.markdown
        for operation in Operation.all {
            #expect(text.contains("\n### \(operation.call)\n"), "\(operation.call)")
            for member in operation.route.shape?.members ?? [] { #expect(text.contains("| `\(member.name)`")) }
        }
        for code in ProblemCode.allCases { #expect(text.contains("| `\(code.rawValue)` | \(code.status) |")) }
    }

    private func page() async throws -> HTTPAnswer {
        try await Stage.run { vault in
            try await Threads.run { [port = vault.port] in try HTTPExchange.send(port: port, "GET", "/docs") }
        }
    }

    @Test func `the page needs no token, no script and nothing from elsewhere`() async throws {
        let answer = try await page()
        #expect(answer.status == 200)
        #expect(answer.header("content-type") == "text/html; charset=utf-8")
        let html = answer.text
        #expect(
            !html.contains("<script") && !html.contains(" src=") && !html.contains("url(") && !html.contains("@import"))
        let policy = try #require(answer.header("content-security-policy"))
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
        let style = try #require(html.firstMatch(of: /<style>([^<]*)<\/style>/)).1
        let hash = Data(try PageDigest.sha256(Array(style.utf8))).base64EncodedString()
        #expect(policy.contains("'sha256-\(hash)'"))
        #expect(!html.contains(" style=") && !html.contains(" onclick"))
    }

    @Test func `its links lead to places on it, its headings go down by one, and it can be jumped over`() async throws {
        let html = try await page().text
        let places = html.matches(of: /id="([^"]+)"/).map { String($0.1) }
        #expect(Set(places).count == places.count)
        for link in html.matches(of: /href="([^"]+)"/).map(\.1) where link != "/openapi.json" {
            #expect(link.hasPrefix("#") && places.contains(String(link.dropFirst())), "\(link)")
        }
        let levels = html.matches(of: #/<h([1-6]) /#).compactMap { Int($0.1) }
        #expect(levels.first == 1 && levels.filter { $0 == 1 }.count == 1)
        for (before, after) in zip(levels, levels.dropFirst()) { #expect(after <= before + 1) }
        #expect(html.contains("<html lang=\"en\">") && html.contains("<nav aria-label=") && html.contains("<main id="))
        #expect(Tag.allCases.allSatisfy { html.contains("<a href=\"#\(Block.anchor(of: $0.rawValue))\">") })
    }

    @Test func `its colours can be told apart, by day and by night`() throws {
        let css = String(decoding: PackageResources.docs_css, as: UTF8.self)
        let themes = css.split(separator: "prefers-color-scheme")
        #expect(themes.count == 2)
        for theme in themes {
            let colours = Dictionary(
                theme.matches(of: /--(\w+): #([0-9a-f]+);/).map { (String($0.1), String($0.2)) }
            ) { first, _ in first }
            for (ink, ground) in [
                ("text", "ground"), ("text", "soft"), ("link", "ground"), ("muted", "ground"),
            ] {
                let contrast = try contrast(try #require(colours[ink]), try #require(colours[ground]))
                #expect(contrast >= 4.5, "\(ink) on \(ground): \(contrast)")
            }
        }
        #expect(try contrast("777777", "ffffff") < 4.5)
    }

    /// WCAG 2.2: the ratio of relative luminances.
    private func contrast(_ first: String, _ second: String) throws -> Double {
        let lights = try [first, second].map { text in
            let digits = text.count == 3 ? text.map { "\($0)\($0)" }.joined() : text
            let number = try #require(Int(digits, radix: 16))
            let parts = [16, 8, 0].map { shift in
                let part = Double(number >> shift & 0xFF) / 255
                return part <= 0.040_45 ? part / 12.92 : power((part + 0.055) / 1.055)
            }
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
        }
        return ((lights.max() ?? 0) + 0.05) / ((lights.min() ?? 0) + 0.05)
    }

    /// `x` to the 2.4th: its 12th power's fifth root, by Newton.
    private func power(_ x: Double) -> Double {
        let target = (0..<12).reduce(1.0) { product, _ in product * x }
        return (0..<60).reduce(1.0) { guess, _ in
            guess - (guess * guess * guess * guess * guess - target) / (5 * guess * guess * guess * guess)
        }
    }

    @Test func `A20 security dot txt names whom to tell, until a time that is yet to come`() async throws {
        try await Stage.run { vault in
            let answer = try await Threads.run { [port = vault.port] in
                try HTTPExchange.send(port: port, "GET", "/.well-known/security.txt")
            }
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "text/plain; charset=utf-8")
            let fields = answer.text.split(separator: "\n").map {
                $0.split(separator: ":", maxSplits: 1).map(String.init)
            }
            #expect(fields.map(\.first) == ["Contact", "Expires"])
            #expect(fields[0][1] == " " + RunningVault.securityContact)
            let end = try #require(Timestamp(rfc3339: fields[1][1].dropFirst()))
            #expect(end > vault.time.now() && end < vault.time.now() + 365 * 86_400)
            vault.time.advance(by: 400 * 86_400)
            let later = try await vault.get("/.well-known/security.txt").text
            let next = try #require(later.firstMatch(of: /Expires: (\S+)/).flatMap { Timestamp(rfc3339: $0.1) })
            #expect(next > vault.time.now())
        }
    }
}
