import Synchronization

/// What users' browsers reach this server by: `https://keys.example`, without a slash at its end.
///
/// Known in full only once the server listens, where it is to pick its port. Safe to use from any thread.
package final class PublicURL: Sendable {
    private let text: Mutex<String>

    package init(_ text: String) {
        self.text = Mutex(text)
    }

    package func change(to text: String) {
        self.text.withLock { $0 = text }
    }

    var description: String { text.withLock(\.self) }

    /// Whether it is known to be reached through TLS alone.
    var isSecure: Bool { description.hasPrefix("https://") }

    var scheme: String { isSecure ? "https" : "http" }

    /// The link to the page with a session's token; in the fragment, which no server and no log sees.
    func link(with token: String) -> String { "\(description)/connect#\(token)" }
}
