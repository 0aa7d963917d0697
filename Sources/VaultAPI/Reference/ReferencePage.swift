import VaultModel
import VaultService

/// The page at /docs: the reference as one HTML document with its style in it. Without script, without anything from
/// elsewhere, the same for everybody.
struct ReferencePage: Sendable {
    private let html: StaticFile
    private let policy: String

    /// Put together once; `nil` where it cannot be hashed.
    static let shared = try? ReferencePage()

    private init() throws(VaultError) {
        let style = Array(PackageResources.docs_css)
        html = StaticFile("text/html; charset=utf-8", Array(Self.document(String(decoding: style, as: UTF8.self)).utf8))
        policy = [
            "default-src 'none'", "style-src 'sha256-\(try ConnectDocument.hash(style))'", "base-uri 'none'",
            "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    func answer(to call: borrowing Call) -> Answer {
        var headers = [
            ("Content-Security-Policy", policy), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
            ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
        ]
        if call.site.isSecure { headers.append(("Strict-Transport-Security", "max-age=31536000")) }
        return html.answer(to: call, headers: headers)
    }

    private static func document(_ style: String) -> String {
        let chapters = Reference.blocks.compactMap { block in
            if case .heading(2, let words) = block { words } else { nil }
        }
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Keystow: the HTTP API</title>
            <style>\(style)</style>
            </head>
            <body>
            <a class="skip" href="#content">To the content</a>
            <nav aria-label="Chapters">
            <ul>
            \(chapters.map { "<li><a href=\"#\(Block.anchor(of: $0))\">\(escaped($0))</a></li>" }.joined(separator: "\n"))
            <li><a href="/openapi.json">OpenAPI 3.1</a></li>
            </ul>
            </nav>
            <main id="content">
            \(Reference.blocks.map(html).joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    private static func html(_ block: Block) -> String {
        switch block {
        case .heading(let level, let words):
            "<h\(level) id=\"\(Block.anchor(of: words))\">\(inline(words))</h\(level)>"
        case .text(let text): "<p>\(inline(text))</p>"
        case .code(let text, _): "<pre><code>\(escaped(text))</code></pre>"
        case .table(let head, let rows):
            // A list of terms, not a table: it fits a narrow window without being pushed sideways.
            "<dl aria-label=\"\(escaped(head[0].replacing(/\[|\]\(.*\)/, with: "")))\">"
                + rows.map { cells in
                    "<dt>\(inline(cells[0]))</dt>"
                        + cells.dropFirst().filter { !$0.isEmpty }.map { "<dd>\(inline($0))</dd>" }.joined()
                }.joined(separator: "\n") + "</dl>"
        }
    }

    /// Code in backticks, `[words](#anchor)` and `**words**`, as HTML.
    private static func inline(_ text: String) -> String {
        escaped(text)
            .replacing(/`([^`]*)`/) { "<code>\($0.1)</code>" }
            .replacing(/\[([^\]]+)\]\((#[^)]*)\)/) { "<a href=\"\($0.2)\">\($0.1)</a>" }
            .replacing(/\*\*([^*]+)\*\*/) { "<strong>\($0.1)</strong>" }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
