/// What a request's head must be before anyone asks what it wants.
///
/// libmicrohttpd is lenient where proxies are not, and two readers of one request that disagree about where
/// it ends are how requests are smuggled (RFC 9112 §11.2). So everything it lets through and we do not need
/// is refused here, whole classes at a time.
struct HeadRules: Sendable {
    let limits: ServerLimits

    /// Checks the request line and the fields, and finds out how long the body is.
    func check(
        method: String, target: String, version: String, fields: HeaderFields, remoteAddress: String,
        receivedAt: ContinuousClock.Instant
    ) throws(TransportFault) -> RequestHead {
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            throw .badRequest("The HTTP version is neither 1.0 nor 1.1.")
        }
        guard !method.isEmpty, method.utf8.count <= 32, method.utf8.allSatisfy(HeaderFields.isTokenByte) else {
            throw .badRequest("The method is not a token.")
        }
        let (path, query) = try split(target)
        try fields.checkRepetitions()
        return RequestHead(
            method: method,
            path: path,
            query: query,
            headers: fields.lines,
            declaredLength: try bodyLength(method: method, fields: fields),
            remoteAddress: remoteAddress,
            receivedAt: receivedAt
        )
    }

    /// Cuts a target in origin-form (RFC 9112 §3.2.1) at its first `?`.
    private func split(_ target: String) throws(TransportFault) -> (path: String, query: String?) {
        let bytes = target.utf8
        guard bytes.count <= limits.uriBytes else { throw .uriTooLong }
        guard bytes.first == UInt8(ascii: "/") else {
            throw .badRequest("The request target does not begin with a slash.")
        }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }) else {
            throw .badRequest("The request target is not printable ASCII.")
        }
        let end = bytes.firstIndex(of: UInt8(ascii: "?")) ?? bytes.endIndex
        // The one name with a dot before it that is meant, and only as the first (RFC 8615).
        let wellKnown = "/.well-known/"
        let isWellKnown = target.hasPrefix(wellKnown)
        var previous = UInt8(ascii: isWellKnown ? "/" : "?")
        for byte in bytes[..<end].dropFirst(isWellKnown ? wellKnown.utf8.count : 0) {
            let isAfterSlash = previous == UInt8(ascii: "/")
            guard !isAfterSlash || (byte != previous && byte != UInt8(ascii: ".")) else {
                throw .badRequest("The path holds an empty segment or a segment that begins with a dot.")
            }
            previous = byte
        }
        guard Self.escapesAreWhole(bytes[..<end]) else { throw .badRequest("The path holds a broken escape, or NUL.") }
        guard end < bytes.endIndex else { return (target, nil) }
        return (String(target[..<end]), String(target[bytes.index(after: end)...]))
    }

    /// Whether each `%` begins two hexadecimal digits (RFC 3986 §2.1) that are not those of NUL.
    ///
    /// Escapes are left as they are: a route is found by raw segments, and only a parameter is ever decoded, so that
    /// an escaped slash or dot is never more than a character.
    private static func escapesAreWhole(_ path: Substring.UTF8View) -> Bool {
        var rest = path
        while let percent = rest.firstIndex(of: UInt8(ascii: "%")) {
            let digits = rest[percent...].dropFirst().prefix(2)
            guard digits.count == 2, digits.allSatisfy(isHexadecimal), !digits.elementsEqual("00".utf8) else {
                return false
            }
            rest = rest[digits.endIndex...]
        }
        return true
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// RFC 9112 §6.3, without the half of it that is about transfer codings.
    private func bodyLength(method: String, fields: HeaderFields) throws(TransportFault) -> Int {
        guard fields.count(of: "transfer-encoding") == 0 else { throw .transferEncodingRefused }
        let lengths = fields.lines.filter { $0.name == "content-length" }
        guard lengths.count < 2 else { throw .badRequest("There is more than one Content-Length.") }
        // Without one there is no body, as `curl -X POST` sends it. A folded one cannot pass for none: its name
        // arrives with the fold glued to it, and is refused for that.
        guard let text = lengths.first?.value else { return 0 }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw .badRequest("The Content-Length is not a number.")
        }
        let length = Int(text) ?? .max
        guard length == 0 || ["POST", "PUT", "PATCH", "DELETE"].contains(method) else {
            throw .badRequest("A request of this method has no body.")
        }
        return length
    }
}
