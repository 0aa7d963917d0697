import Synchronization

/// What users' browsers reach this server by: `https://keys.example`, without a slash at its end; and who answers for it.
///
/// Known in full only once the server listens, where it is to pick its port. Safe to use from any thread.
package final class PublicURL: Sendable {
    private let text: Mutex<String>

    /// Whom to tell of a weakness, as a URI (RFC 9116 §2.5.3); `nil`: the operator names nobody.
    let securityContact: String?

    package init(_ text: String, securityContact: String? = nil) {
        self.text = Mutex(text)
        self.securityContact = securityContact
    }

    package func change(to text: String) {
        self.text.withLock { $0 = text }
    }

    var description: String { text.withLock(\.self) }

    /// Whether it is known to be reached through TLS alone.
    var isSecure: Bool { description.hasPrefix("https://") }

    var scheme: String { isSecure ? "https" : "http" }

    /// As browsers spell it (RFC 6454 §6.2): in lower case, without a path and without the scheme's own port.
    var origin: String {
        let authority = description.dropFirst(scheme.utf8.count + 3).prefix { $0 != "/" }
        return Self.origin(scheme, authority.lowercased())
    }

    static func origin(_ scheme: String, _ authority: String) -> String {
        let port = scheme == "https" ? ":443" : ":80"
        return "\(scheme)://" + (authority.hasSuffix(port) ? String(authority.dropLast(port.utf8.count)) : authority)
    }

    /// The link to the page with a session's token; in the fragment, which no server and no log sees.
    func link(with token: String) -> String { "\(description)/connect#\(token)" }
}
