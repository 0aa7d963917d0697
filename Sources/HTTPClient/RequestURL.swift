internal import CCurl

/// A URL that can be read in only one way: `scheme://host[:port]/path[?query]`.
///
/// libcurl's own parser reads it, and what that parser understood must be what is written, byte for byte
/// but for upper case in scheme and host. So every second spelling is refused: user names, fragments,
/// hosts as numbers in other notations (`127.1`, `0x7f000001`), percent signs in hosts, trailing dots,
/// names that are not ASCII, empty ports and leading zeros.
package struct RequestURL: Sendable, Equatable {
    package let origin: Origin
    /// The path, which begins with `/`, and the query with its `?`.
    package let target: String

    /// In bytes; the longest URL that is read at all.
    package static let longest = 2048

    package init?(_ text: String) {
        guard text.utf8.count <= Self.longest,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\\") }),
            let separator = Self.separator(in: text), let scheme = Origin.Scheme(rawValue: separator.scheme),
            let slash = separator.rest.firstIndex(of: "/"), let parts = Self.parts(of: text)
        else { return nil }
        let authority = separator.rest[..<slash].lowercased()
        let host = parts.host.lowercased()
        let port = parts.port.map { UInt16($0) ?? 0 } ?? scheme.defaultPort
        guard port != 0, parts.scheme == scheme.rawValue, Self.isPlain(host),
            authority == host + (parts.port.map { ":" + $0 } ?? ""),
            separator.rest[slash...] == parts.path + (parts.query.map { "?" + $0 } ?? "")
        else { return nil }
        origin = Origin(scheme: scheme, host: host, port: port)
        target = String(separator.rest[slash...])
    }

    /// As it is given to libcurl.
    package var text: String { origin.description + target }

    private static func separator(in text: String) -> (scheme: String, rest: Substring)? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        return (text[..<colon].lowercased(), text[colon...].dropFirst(3))
    }

    /// An IPv6 address in brackets, or letters, digits and hyphens between dots.
    private static func isPlain(_ host: String) -> Bool {
        if host.hasPrefix("[") { return host.hasSuffix("]") && !host.contains("%") }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        return host.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
                    }
            }
    }

    private struct Parts {
        let scheme: String
        let host: String
        let port: String?
        let path: String
        let query: String?
    }

    /// The URL as libcurl understands it; `nil` if it does not, or if there are parts that we do not want.
    private static func parts(of text: String) -> Parts? {
        guard let handle = unsafe curl_url() else { return nil }
        defer { unsafe curl_url_cleanup(handle) }
        let flags = UInt32(CURLU_DISALLOW_USER | CURLU_PATH_AS_IS)
        guard unsafe curl_url_set(handle, CURLUPART_URL, text, flags) == CURLUE_OK else { return nil }
        func part(_ part: CURLUPart) -> String? {
            var value: UnsafeMutablePointer<CChar>?
            guard unsafe curl_url_get(handle, part, &value, 0) == CURLUE_OK, let value = unsafe value else {
                return nil
            }
            defer { unsafe curl_free(value) }
            return unsafe String(cString: value)
        }
        for unwanted in [CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT, CURLUPART_ZONEID]
        where part(unwanted) != nil { return nil }
        guard let scheme = part(CURLUPART_SCHEME), let host = part(CURLUPART_HOST), let path = part(CURLUPART_PATH)
        else { return nil }
        return Parts(
            scheme: scheme, host: host, port: part(CURLUPART_PORT), path: path, query: part(CURLUPART_QUERY)
        )
    }
}
