/// The header fields of one request, checked one by one as they are listed.
struct HeaderFields: Sendable {
    /// In their order, names in lower case.
    private(set) var lines: [(name: String, value: String)] = []
    private var bytes = 0
    private let limits: ServerLimits

    init(limits: ServerLimits, requestLineBytes: Int) {
        self.limits = limits
        bytes = requestLineBytes
        lines.reserveCapacity(12)
    }

    func count(of name: String) -> Int { lines.count { $0.name == name } }

    mutating func append(name: Span<UInt8>, value: Span<UInt8>) throws(TransportFault) {
        bytes += name.count + value.count + 4
        guard lines.count < limits.headerCount, bytes <= limits.headerBytes else { throw .headersTooLarge }
        // A space before the colon arrives as a part of the name, a folded line glued to it.
        guard name.count > 0, name.indices.allSatisfy({ Self.isTokenByte(name[$0]) }) else {
            throw .badRequest("A header name is not a token.")
        }
        for index in value.indices {
            guard value[index] >= 0x20 || value[index] == 0x09, value[index] != 0x7F else {
                throw .badRequest("A header value holds a control character.")
            }
        }
        guard let name = Self.text(name)?.lowercased(), let value = Self.trimmed(value) else {
            throw .badRequest("A header value is not UTF-8.")
        }
        for known in Self.deciding where name != known && name.hasPrefix(known) {
            // `Accept-Language` and its like are fields of their own.
            if known == "accept", name.hasPrefix("accept-") { continue }
            throw .badRequest("A header name only begins like one that decides something.")
        }
        lines.append((name, value))
    }

    /// A folded line arrives glued to the name: `Authorization:⏎ Bearer` would be a field `AuthorizationBearer`, and the
    /// one that was meant would seem to be absent.
    private static let deciding = [
        "host", "content-length", "transfer-encoding", "authorization", "content-type", "idempotency-key", "if-match",
        "origin", "sec-fetch-site", "accept", "accept-encoding", "x-forwarded-for", "x-forwarded-proto",
    ]

    /// Those that decide something stand there once: two readers must not choose different ones.
    func checkRepetitions() throws(TransportFault) {
        guard count(of: "host") == 1 else { throw .badRequest("There is not exactly one Host.") }
        for name in Self.single where count(of: name) > 1 {
            throw .badRequest("A header that may stand there once is repeated.")
        }
    }

    private static let single = [
        "authorization", "content-type", "idempotency-key", "if-match", "origin", "sec-fetch-site",
    ]

    /// `tchar` of RFC 9110 §5.6.2.
    static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
            UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// The text without the spaces and tabs around it, which are no part of a value (RFC 9110 §5.5).
    private static func trimmed(_ value: Span<UInt8>) -> String? {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        var (start, end) = (0, value.count)
        while start < end, isBlank(value[start]) { start += 1 }
        while start < end, isBlank(value[end - 1]) { end -= 1 }
        return text(value.extracting(start..<end))
    }

    private static func text(_ bytes: Span<UInt8>) -> String? {
        guard let utf8 = try? UTF8Span(validating: bytes) else { return nil }
        return String(copying: utf8)
    }
}
