import VaultModel
import VaultService

/// What the server says of itself, to anyone: nothing of it is secret, and nothing of a vault is in it.
enum DocumentRoutes {
    static let all: [Route] = [
        Route(
            "GET", "/openapi.json", .anyone, "This API as an OpenAPI 3.1 document.",
            successes: [.file("application/json", "The document.")]
        ) { call in
            OpenAPIDocument.file.answer(to: call)
        }.file("application/json"),
        Route(
            "GET", "/docs", .anyone, "This API as a page to read.", successes: [.file("text/html", "The page.")]
        ) { call in
            guard let page = ReferencePage.shared else { throw VaultError.overloaded }
            return page.answer(to: call)
        }.file("text/html"),
        Route(
            "GET", "/.well-known/security.txt", .anyone, "Whom to tell of a weakness in this server (RFC 9116).",
            successes: [.file("text/plain", "The contact, and until when it holds.")]
        ) { call in
            guard let contact = call.site.securityContact else { throw VaultError.notFound }
            return .securityText(contact, call.vault.now, site: call.site)
        }.file("text/plain").with(refuses: [.notFound]),
    ]
}

extension Answer {
    /// How long what it says can be relied on, in seconds: RFC 9116 §2.5.5 advises less than a year.
    static let securityTextSeconds = 30 * 86_400

    fileprivate static func securityText(_ contact: String, _ now: Timestamp, site: PublicURL) -> Answer {
        var text = "Contact: \(contact)\nExpires: \(now + securityTextSeconds)\n"
        if site.isSecure { text += "Canonical: \(site.description)/.well-known/security.txt\n" }
        var answer = Answer(200, body: WipedBuffer(text))
        answer.contentType = "text/plain; charset=utf-8"
        return answer
    }
}
