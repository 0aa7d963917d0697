/// What a project shows as its logo: an image as a data URL, or a path on the server that shows it.
///
/// Nothing of another host: the page that shows it loads no third party's byte, so that none learns who is there.
/// An SVG image may hold scripts. The page shows a logo by `<img>` alone, where they do not run and where it loads
/// nothing further (SVG Integration, "secure static mode"); it is never put into a document.
package struct Logo: Hashable, Sendable, CustomStringConvertible {
    /// Bytes of the whole data URL, which is as many characters: half of what a request body may have.
    package static let dataURLCount = 32_768
    package static let pathCount = 200

    package let description: String

    /// `nil` for anything but
    /// - `data:image/png;base64,` (or `jpeg`, `svg+xml`, `webp`) and padded base64 (RFC 4648, section 4), and
    /// - a path that begins with exactly one `/`, of printable ASCII without a space, a quote or a backslash.
    package init?(_ text: String) {
        guard Self.isPath(text.utf8) || Self.isImage(text.utf8) else { return nil }
        description = text
    }

    /// `//host` and `/\host` lead elsewhere, and browsers drop tabs and line breaks before they look.
    private static func isPath(_ utf8: String.UTF8View) -> Bool {
        let quotes = [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"), UInt8(ascii: "\\")]
        return (1...pathCount).contains(utf8.count) && utf8.first == UInt8(ascii: "/")
            && utf8.dropFirst().first != UInt8(ascii: "/")
            && utf8.allSatisfy { (0x21...0x7E).contains($0) && !quotes.contains($0) }
    }

    private static func isImage(_ utf8: String.UTF8View) -> Bool {
        guard utf8.count <= dataURLCount else { return false }
        return ["png", "jpeg", "svg+xml", "webp"].contains { type in
            let head = "data:image/\(type);base64,".utf8
            return utf8.starts(with: head) && isBase64(utf8.dropFirst(head.count))
        }
    }

    /// Whether it is one whole group of four or more, padded at its end alone.
    private static func isBase64(_ utf8: Substring.UTF8View) -> Bool {
        guard utf8.count > 0, utf8.count.isMultiple(of: 4) else { return false }
        let padding = utf8.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        return utf8.dropLast(padding).allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
            default: false
            }
        }
    }
}
