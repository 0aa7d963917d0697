/// The origin of a web page (RFC 6454): `https://host[:port]`, or `http` on loopback.
///
/// Lower case, without a path, a user or a default port, so that equal origins are equal text.
package struct WebOrigin: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// With its port where that is not the scheme's own.
    package var host: String { description.split(separator: "/").last.map(String.init) ?? "" }

    package init?(_ text: String) {
        let lower = text.lowercased()
        let (scheme, authority): (String, Substring)
        if lower.hasPrefix("https://") {
            (scheme, authority) = ("https", lower.dropFirst(8))
        } else if lower.hasPrefix("http://") {
            (scheme, authority) = ("http", lower.dropFirst(7))
        } else {
            return nil
        }
        var host = authority
        var port: Int?
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits), (1...65_535).contains(number)
            else { return nil }
            port = number
            host = authority[..<colon]
        }
        let isLoopback = ["localhost", "127.0.0.1", "[::1]"].contains(host)
        let isName =
            !host.isEmpty && host.utf8.count <= 253
            && host.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2E || $0 == 0x2D
            }
        guard isLoopback || isName, scheme == "https" || isLoopback else { return nil }
        if port == (scheme == "https" ? 443 : 80) { port = nil }
        description = "\(scheme)://\(host)" + (port.map { ":\($0)" } ?? "")
    }

    /// The origin of a web address; `nil` for what has none that could be ours.
    package init?(ofURL text: String) {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let end = text[scheme.upperBound...].firstIndex { "/?#\\".contains($0) } ?? text.endIndex
        self.init(String(text[..<end]))
    }
}
