import Glibc
import HTTPClient
import Testing
import VaultModel

struct SecretHeaderTests {
    /// A key with `byte` at each of its ends and in its middle.
    private func keys(with byte: UInt8) -> [[UInt8]] {
        let key = Array(sampleKey.utf8)
        return [[byte] + key, key[..<9] + [byte] + key[9...], key + [byte], [byte]]
    }

    private func request(_ url: String, _ key: [UInt8], prefix: String) throws -> OutgoingRequest {
        OutgoingRequest(
            .get, url, secret: try SecretBytes(copying: key.span.bytes), secretHeaderName: "authorization",
            secretHeaderPrefix: prefix, addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
    }

    @Test(arguments: ["", "Bearer "])
    func `V16 a key with any byte that is not plainly printable is refused before anybody is called`(
        prefix: String
    ) async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let client = try HTTPClient()
        for byte in UInt8.min...UInt8.max where !(0x21...0x7E).contains(byte) {
            for key in keys(with: byte) {
                #expect(await client.failure(of: try request(server.url, key, prefix: prefix)) == .refusedSecret)
            }
        }
        #expect(server.connections == 0)

        // Every other byte arrives as it is, in the one line that is its own.
        let printable = (UInt8(0x21)...0x7E).map { $0 }
        let all = String(decoding: printable, as: UTF8.self)
        #expect(try await client.send(try request(server.url, printable, prefix: prefix)).status == 200)
        #expect(server.requests.count == 1 && server.requests[0].contains("\r\nauthorization: \(prefix)\(all)\r\n\r\n"))
    }

    @Test(arguments: [
        "", "a\r\nx: y", "a\nb", "a\rb", "a b", "a\tb", "a\u{0}b", "a\u{7F}", "schlüssel", " a", "a ",
        "a\r\n\r\nGET / HTTP/1.1",
        "a\u{2028}b", "a\u{85}b", "\u{FEFF}a",
    ])
    func `V16 a key that could end its header is refused before anybody is called`(key: String) async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let error = await (try HTTPClient()).failure(of: try call(server.url, key: key))
        #expect(error == .refusedSecret && server.connections == 0)
    }

    @Test(arguments: [
        ("x-api-key\r\nhost", ""), ("host", ""), ("x-api-key", "a\r\nb: "), ("x-api-key", "a\u{0}"), ("", ""),
        ("x:", ""),
        ("proxy-authorization", ""), ("cookie", ""), ("x-api-key", "\u{E4}"), ("transfer-encoding", "chunked "),
    ])
    func `V16 a name or prefix that could end the key's header is refused before anybody is called`(
        name: String, prefix: String
    ) async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let request = OutgoingRequest(
            .get, server.url, secret: try secret(), secretHeaderName: name, secretHeaderPrefix: prefix,
            addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
        #expect(await (try HTTPClient()).failure(of: request) == .refusedHeader)
        #expect(server.connections == 0)
    }

    @Test(arguments: [
        ("x", "a\r\nb: c"), ("x", ""), ("x", " a"), ("x", "a "), ("x", "ä"), ("", "a"), ("x y", "a"), ("x:", "a"),
        ("x\r\n", "a"), ("Host", "evil.example"), ("content-length", "1"), ("Transfer-Encoding", "chunked"),
        ("connection", "close"), ("Expect", "100-continue"), ("cookie", "a=b"), ("HTTP2-Settings", "AAMAAABk"),
        ("Proxy-Connection", "keep-alive"), ("X-API-Key", "other"),
    ])
    func `a header that could be read as two, or is not the caller's to set, is refused`(
        name: String, value: String
    ) async throws {
        let server = try RawServer(answering: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        let error = await (try HTTPClient()).failure(of: try call(server.url, headers: [(name, value)]))
        #expect(error == .refusedHeader && server.connections == 0)
    }

    @Test func `no copy of a key in a header or a body is left in memory when its call has returned`() async throws {
        await #expect(processExitsWith: .success) {
            let server = try RawServer { connection in
                connection.discardRequest()
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
            let client = try HTTPClient()
            for method in [OutgoingRequest.Method.get, .post] {
                try await callAndSearchMemory(client, method, server.url)
            }
            let secure = try await TLSServer()
            let secureClient = try HTTPClient(version: "9.8", trust: TrustedRoots(file: secure.certificate))
            try await callAndSearchMemory(secureClient, .get, secure.url)
        }
    }
}

/// A key that is computed byte by byte, and a search for it through all memory that this process can write.
private enum MemoryTrace {
    static let length = 64

    /// Begins with a byte that is rare in memory; the rest are letters in an order that nothing else has.
    static func byte(_ index: Int) -> UInt8 {
        index == 0 ? 0x7E : 0x41 + UInt8((index * index * 7 + index * 3) % 26)
    }

    /// How many runs of at least 24 of its first bytes there are.
    static func count() -> Int {
        var found = 0
        for (start, end) in writableRegions() {
            var position = start
            while position < end, let hit = memchr(position, 0x7E, end - position) {
                let candidate = UnsafeRawPointer(hit)
                if (0..<24).allSatisfy({
                    candidate + $0 < end && candidate.load(fromByteOffset: $0, as: UInt8.self) == byte($0)
                }) {
                    found += 1
                }
                position = candidate + 1
            }
        }
        return found
    }

    private static func writableRegions() -> [(UnsafeRawPointer, UnsafeRawPointer)] {
        guard let file = fopen("/proc/self/maps", "r") else { return [] }
        defer { fclose(file) }
        var regions: [(UnsafeRawPointer, UnsafeRawPointer)] = []
        var line = [CChar](repeating: 0, count: 1024)
        while fgets(&line, 1024, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            let fields = text.split(separator: " ")
            let bounds = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
            guard fields[1].hasPrefix("rw"), !text.contains("[v"), bounds.count == 2,
                let start = UnsafeRawPointer(bitPattern: bounds[0]), let end = UnsafeRawPointer(bitPattern: bounds[1])
            else { continue }
            regions.append((start, end))
        }
        return regions
    }
}

private func callAndSearchMemory(_ client: HTTPClient, _ method: OutgoingRequest.Method, _ url: String) async throws {
    let key = try SecretBytes(count: MemoryTrace.length, exhausted: SecretMemoryExhausted()) {
        (bytes: inout MutableRawSpan) throws(SecretMemoryExhausted) in
        bytes.withUnsafeMutableBytes { raw in
            for index in 0..<MemoryTrace.length { raw[index] = MemoryTrace.byte(index) }
        }
    }
    var body = WipedBuffer("{\"key\":\"")
    key.withBytes { bytes in body.append(bytes) }
    body.append("\"}" as StaticString)
    let request = OutgoingRequest(
        method, url, wiping: body, secret: key, secretHeaderName: "x-api-key",
        addressPolicy: .operatorChosen, allowsLoopbackHTTP: true)
    #expect(MemoryTrace.count() == 2)
    #expect(try await client.send(request).status == 200)
    // The request's own two, which also shows that the search finds what is there.
    #expect(MemoryTrace.count() == 2)
    discard(request)
    #expect(MemoryTrace.count() == 0)
}

private func discard(_ request: consuming OutgoingRequest) {}
