import HTTPServer

/// What other URLs are built on: `https://host[:port][/path]`, or `http://` where the host is this machine.
///
/// Without user, query and fragment; kept in lower case (but for the path), without a final slash.
struct BaseURL: Sendable, Equatable, CustomStringConvertible {
    let description: String

    /// `nil` for anything else; plain `http://` is for loopback alone.
    init?(_ text: String) {
        let isSecure = text.lowercased().hasPrefix("https://")
        guard isSecure || text.lowercased().hasPrefix("http://"), text.utf8.count <= 2048 else { return nil }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) && !"?#@\\\"<>".utf8.contains($0) }) else { return nil }
        var authority = rest.prefix { $0 != "/" }.lowercased()
        var path = rest.dropFirst(authority.count)
        while path.last == "/" { path = path.dropLast() }
        guard let host = HostName(authority), isSecure || host.isLoopback else { return nil }
        if host.port == (isSecure ? 443 : 80), let colon = authority.lastIndex(of: ":") {
            authority = String(authority[..<colon])
        }
        description = (isSecure ? "https://" : "http://") + authority + path
    }
}

/// A host as it stands in a URL or a `Host` header: a name or an IP address (IPv6 in brackets), and perhaps a port.
struct HostName: Sendable, Equatable {
    /// In lower case, an IPv6 address without its brackets.
    let name: String
    let port: UInt16?

    init?(_ text: String) {
        var name = text.lowercased()[...]
        var port: UInt16?
        let afterBracket = name.lastIndex(of: "]") ?? name.startIndex
        if let colon = name[afterBracket...].lastIndex(of: ":") {
            let digits = name[name.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(digits), number > 0
            else { return nil }
            port = number
            name = name[..<colon]
        }
        if name.first == "[" {
            guard name.last == "]", IPAddress(String(name.dropFirst().dropLast()))?.isVersion6 == true else {
                return nil
            }
            name = name.dropFirst().dropLast()
        } else {
            let labels = name.split(separator: ".", omittingEmptySubsequences: false)
            guard name.utf8.count <= 253, labels.allSatisfy(Self.isLabel) else { return nil }
            // A name that ends in digits must be an address: `127.1` is not a host (WHATWG URL, "ends in a number").
            let endsInNumber = labels.last?.utf8.allSatisfy { (0x30...0x39).contains($0) } ?? true
            guard !endsInNumber || IPAddress(String(name)) != nil else { return nil }
        }
        self.name = String(name)
        self.port = port
    }

    var isLoopback: Bool { name == "localhost" || IPAddress(name)?.isLoopback == true }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count)
            && label.utf8.allSatisfy {
                (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D || $0 == 0x5F
            }
            && label.first != "-" && label.last != "-"
    }
}
