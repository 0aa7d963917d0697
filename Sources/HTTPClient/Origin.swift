/// Where requests go: scheme, host and port, in the one spelling that two equal origins share.
///
/// Keys are bound to the text form. Strict: see ``RequestURL``.
package struct Origin: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http, https

        package var defaultPort: UInt16 { self == .https ? 443 : 80 }
    }

    package let scheme: Scheme
    /// A name in lower case, an IPv4 address, or an IPv6 address in brackets.
    package let host: String
    package let port: UInt16

    init(scheme: Scheme, host: String, port: UInt16) {
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// Reads `scheme://host[:port]`; a path, even `/`, is refused.
    package init?(_ text: String) {
        guard let url = RequestURL(text + "/"), url.target == "/" else { return nil }
        self = url.origin
    }

    /// `scheme://host[:port]`: lower case, without the scheme's own port, without a path.
    package var description: String {
        port == scheme.defaultPort ? "\(scheme.rawValue)://\(host)" : "\(scheme.rawValue)://\(host):\(port)"
    }

    /// The address, when the host is one and not a name.
    package var address: NetworkAddress? {
        NetworkAddress(host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host)
    }
}
