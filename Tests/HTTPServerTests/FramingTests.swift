import Testing

@testable import HTTPServer

/// A request whose framing two readers could understand differently, and what becomes of it.
struct Shape: Sendable, CustomTestStringConvertible {
    let name: String
    let request: String
    /// The status of our refusal; `nil` where libmicrohttpd itself ends the connection.
    let status: Int?

    var testDescription: String { name }

    init(_ name: String, _ request: String, _ status: Int?) {
        self.name = name
        self.request = request
        self.status = status
    }
}

private let chunks = "3\r\nabc\r\n0\r\n\r\n"

private let shapes: [Shape] = [
    // Where the body ends.
    Shape(
        "length, then chunks",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400),
    Shape(
        "chunks, then length",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n" + chunks, 400),
    Shape("chunks alone", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400),
    Shape("chunks, in 1.0", "POST /x HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400),
    Shape("chunks, in GET", "GET /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, 400),
    Shape(
        "chunk extensions",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b;c=d\r\nabc\r\n0\r\n\r\n", 400),
    Shape("xchunked", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n" + chunks, 400),
    Shape(
        "identity", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc", 400),
    Shape("gzip, chunked", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n" + chunks, 400),
    Shape("chunked and a space", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked \r\n\r\n" + chunks, 400),
    Shape(
        "space before the colon of Transfer-Encoding",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 3\r\n\r\nabc", 400),
    Shape("two equal lengths", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400),
    Shape(
        "two different lengths", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 0\r\n\r\nabc", 400
    ),
    Shape(
        "two lengths, in other case",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\ncontent-LENGTH: 3\r\n\r\nabc", 400),
    Shape(
        "space before the colon of Content-Length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc", 400),
    Shape(
        "space before the colon, beside a good one",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length : 3\r\n\r\nabc", 400),
    Shape("GET with a body", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400),
    Shape("HEAD with a body", "HEAD /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 400),
    Shape("folded length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 3\r\n\r\nabc", 400),
    Shape(
        "folded length, beside a good one",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length:\r\n 3\r\n\r\nabc", 400),
    Shape(
        "folded coding",
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding:\r\n chunked\r\n\r\n" + chunks, 400),
    Shape("folded token", "GET /x HTTP/1.1\r\nHost: a\r\nAuthorization:\r\n Bearer\r\n\r\n", 400),
    Shape("folded media type", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\n c\r\n\r\n", 400),
    Shape("folded hop", "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1,\r\n\t192.0.2.2\r\n\r\n", 400),
    Shape("folded host", "GET /x HTTP/1.0\r\nHost:\r\n a\r\n\r\n", 400),
    Shape("folded second host", "GET /x HTTP/1.1\r\nHost: a\r\nHost:\r\n evil\r\n\r\n", 400),
    Shape("folded origin", "GET /x HTTP/1.1\r\nHost: a\r\nOrigin:\r\n https://evil.example\r\n\r\n", 400),
    Shape("folded site", "GET /x HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site:\r\n cross-site\r\n\r\n", 400),
    Shape("folded media range", "GET /x HTTP/1.1\r\nHost: a\r\nAccept:\r\n image/png\r\n\r\n", 400),
    Shape("folded media range that looks like a name", "GET /x HTTP/1.1\r\nHost: a\r\nAccept:\r\n image\r\n\r\n", 400),
    Shape("folded coding of the answer", "GET /x HTTP/1.1\r\nHost: a\r\nAccept-Encoding:\r\n gzip\r\n\r\n", 400),
    Shape(
        "an extension of a chunk without end",
        "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;" + String(repeating: "a", count: 100_000),
        400),
    Shape("three hosts", "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\nhost: a\r\n\r\n", 400),
    Shape("folded field", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n a folded line\r\n\r\n", 400),
    // Fields.
    Shape("space in a name", "GET /x HTTP/1.1\r\nHost: a\r\nX A: 1\r\n\r\n", 400),
    Shape("bracket in a name", "GET /x HTTP/1.1\r\nHost: a\r\nX[A]: 1\r\n\r\n", 400),
    Shape("high byte in a name", "GET /x HTTP/1.1\r\nHost: a\r\nX-\u{E4}: 1\r\n\r\n", 400),
    Shape("bare return in a value", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\rX-B: 2\r\n\r\n", 400),
    Shape("control byte in a value", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\u{8}\r\n\r\n", 400),
    Shape("delete in a value", "GET /x HTTP/1.1\r\nHost: a\r\nX-A: 1\u{7F}\r\n\r\n", 400),
    Shape("two hosts", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    Shape("no host, in 1.0", "GET /x HTTP/1.0\r\n\r\n", 400),
    Shape("two authorizations", "GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nauthorization: b\r\n\r\n", 400),
    Shape("two content types", "GET /x HTTP/1.1\r\nHost: a\r\nContent-Type: a\r\nContent-Type: a\r\n\r\n", 400),
    Shape(
        "two idempotency keys", "GET /x HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n", 400),
    Shape("two origins", "GET /x HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nOrigin: http://b\r\n\r\n", 400),
    Shape(
        "two sites", "GET /x HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n\r\n", 400),
    Shape("two If-Match", "GET /x HTTP/1.1\r\nHost: a\r\nIf-Match: a\r\nIf-Match: b\r\n\r\n", 400),
    Shape("space before the first name", "GET /x HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", 400),
    // The request line.
    Shape("absolute form", "GET http://a/x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("authority", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("no slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("fragment", "GET /x#y HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("high byte in the path", "GET /\u{E4} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("control byte in the query", "GET /x?\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("broken escape in the path", "GET /a%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("no escape after a percent sign", "GET /a%zz/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("NUL in the path, escaped", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("escaped NUL", "GET /x%00y HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("empty segment", "GET /a//b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("leading empty segment", "GET //b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("dot segment", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("hidden file", "GET /.env HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("a well-known name that is not the first", "GET /a/.well-known/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("a dot segment below a well-known name", "GET /.well-known/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("a well-known name and no more", "GET /.well-known HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("no token as a method", "G{}T /x HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    Shape("version 1.2", "GET /x HTTP/1.2\r\nHost: a\r\n\r\n", 400),
    // What libmicrohttpd ends by itself.
    Shape("no host, in 1.1", "GET /x HTTP/1.1\r\n\r\n", nil),
    Shape("space in the target", "GET /x y HTTP/1.1\r\nHost: a\r\n\r\n", nil),
    Shape("version 2.0", "GET /x HTTP/2.0\r\nHost: a\r\n\r\n", nil),
    Shape("length with a sign", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc", nil),
    Shape("length below zero", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc", nil),
    Shape("length and a letter", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3a\r\n\r\nabc", nil),
    Shape("length in base 16", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc", nil),
    Shape("length with a space in it", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3 0\r\n\r\nabc", nil),
    Shape("length as a list", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc", nil),
    Shape("empty length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc", nil),
    Shape("TLS", "\u{16}\u{3}\u{1}\u{2}\r\n\r\n", nil),
]

@Suite struct FramingTests {
    @Test(arguments: shapes)
    func `A13 an ambiguous request is refused, and nothing after it is read`(shape: Shape) async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            // Bytes as Latin-1, so that a shape can hold any of them.
            let request = shape.request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
            try await client.send(request.unicodeScalars.map { UInt8($0.value) })
            let all = String(decoding: try await client.readToEnd(), as: UTF8.self)
            if let status = shape.status {
                #expect(all.hasPrefix("HTTP/1.1 \(status) "))
                #expect(all.contains("X-Fault: ") && all.contains("Connection: close"))
                #expect(all.components(of: "HTTP/1.1 ") == 1)
            } else {
                #expect(!all.contains("HTTP/1.1 200"))
            }
            #expect(mirror.answered.isEmpty)
        }
    }

    @Test(arguments: [
        "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "POST /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "PUT /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "PATCH /x HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "GET /x?a=/../%2e//b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a%2Fb%2e%2E/c%20d HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a.b/c HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\nX!#$%&'*+-.^_`|~9: 1\t2\r\n\r\n",
    ])
    func `what is merely unusual is answered`(request: String) async throws {
        try await withServer { port, mirror in
            let client = try RawClient(port: port)
            try await client.send(request)
            #expect(try await client.receive()?.status == 200)
            #expect(mirror.answered.count == 1)
        }
    }
}

extension String {
    fileprivate func components(of part: String) -> Int {
        indices.count { self[$0...].hasPrefix(part) }
    }
}
