import Glibc
import HTTPClient
import Testing
import VaultModel

/// Nothing is decompressed, asked for or not, and no answer makes this process grow.
struct EncodedAnswerTests {
    /// `count` zeros in the form of gzip, which is a thousandth of them or less.
    private static func bomb(_ count: Int) throws -> [UInt8] {
        struct Unavailable: Error {}
        guard let pipe = popen("head -c \(count) /dev/zero | gzip -1", "r") else { throw Unavailable() }
        defer { pclose(pipe) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
        guard bytes.count > 20 else { throw Unavailable() }
        return bytes
    }

    private static func server(_ coding: String, _ body: [UInt8], inChunks: Bool = false) throws -> RawServer {
        try RawServer { connection in
            connection.readRequest()
            let length = inChunks ? "" : "Content-Length: \(body.count)\r\n"
            connection.send("HTTP/1.1 200 OK\r\n\(coding)\r\n\(length)\r\n")
            if inChunks { connection.send(String(body.count, radix: 16) + "\r\n") }
            connection.send(body)
            if inChunks { connection.send("\r\n0\r\n\r\n") }
        }
    }

    @Test func `V07 a compressed body is handed over as it came, and none is asked for`() async throws {
        let client = try HTTPClient()
        let small = try Self.bomb(1_000_000)
        for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-gzip"] {
            let server = try Self.server("Content-Encoding: \(coding)", small)
            #expect(try await client.send(try call(server.url)).body == small)
            let asked = server.requests.map { $0.lowercased() }.joined()
            #expect(!asked.contains("accept-encoding") && !asked.contains("\r\nte:"))
        }
        let large = try Self.server("Content-Encoding: gzip", try Self.bomb(100_000_000))
        #expect(await client.failure(of: try call(large.url)) == .tooLarge)
    }

    @Test(arguments: [
        "gzip, chunked", "chunked, gzip", "gzip", "deflate", "br, chunked", "zstd", "gzip, gzip, gzip, chunked",
        "identity", "chunked, chunked", "unknown", "",
    ])
    func `V07 a transfer coding that nobody asked for is no answer`(coding: String) async throws {
        let client = try HTTPClient()
        let server = try Self.server("Transfer-Encoding: \(coding)", try Self.bomb(40_000), inChunks: true)
        let error = await client.failure(of: try call(server.url))
        // libcurl itself refuses what it does not know.
        #expect(error == .transport(61) || error == .transport(56))

        let plain = try Self.server("transfer-encoding:  CHUNKED ", Array("abc".utf8), inChunks: true)
        #expect(try await client.send(try call(plain.url)).body == Array("abc".utf8))
    }

    @Test func `V07 no answer makes the process grow`() async throws {
        await #expect(processExitsWith: .success) {
            let client = try HTTPClient()
            var servers = try Flood.allCases.map { try $0.server() }
            let bomb = try EncodedAnswerTests.bomb(100_000_000)
            for coding in ["Content-Encoding: gzip", "Transfer-Encoding: gzip, chunked"] {
                servers.append(try EncodedAnswerTests.server(coding, bomb, inChunks: coding.hasSuffix("chunked")))
            }
            func callAll() async throws {
                for server in servers { #expect(await client.failure(of: try call(server.url)) != nil) }
            }
            for _ in 0..<2 { try await callAll() }
            let before = EncodedAnswerTests.residentKilobytes()
            for _ in 0..<8 { try await callAll() }
            let after = EncodedAnswerTests.residentKilobytes()
            // Each call is offered gigabytes; 88 of them that kept what they may take would show.
            #expect(before > 1_000 && after < before + 4_096)
        }
    }

    /// What this process occupies of the machine's memory.
    private static func residentKilobytes() -> Int {
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            if text.hasPrefix("VmRSS:") { return Int(text.filter(\.isNumber)) ?? 0 }
        }
        return 0
    }
}
