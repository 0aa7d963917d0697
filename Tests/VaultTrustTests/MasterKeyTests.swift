import Glibc
import Testing
import VaultTestKit

/// The program with a wrong or malformed master key: exit 78, one line, and not a byte changed.
@Suite struct MasterKeyTests {
    private static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o400) throws {
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard file >= 0 else { throw TestKitFailure("cannot write \(path)") }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fchmod(file, mode) == 0 else {
            throw TestKitFailure("cannot write \(path)")
        }
    }

    /// The files of the data directory with their bytes; without the index of the log, which is no data: SQLite keeps
    /// its locks there, and makes it anew from the log after a kill.
    private static func data(_ directory: TemporaryDirectory) -> [String: [UInt8]] {
        Dictionary(
            directory.files().filter { $0.path.hasPrefix(directory.path + "/data/") && !$0.path.hasSuffix("-shm") }
                .map { ($0.path, $0.bytes) }
        ) { first, _ in first }
    }

    private static func serve(_ directory: TemporaryDirectory, key: String) throws -> Program {
        try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data", "--master-key-file", key],
            in: directory)
    }

    /// How the last server came to its end.
    enum End: String, CaseIterable, Sendable {
        case stopped, killed
    }

    @Test(arguments: End.allCases)
    func `a wrong master key is 78, one line that names the right one, and every byte stays`(_ end: End) async throws {
        let directory = try TemporaryDirectory()
        let key = directory.path + "/master.key"
        let first = try Self.serve(directory, key: key)
        let port = try await first.port()
        let files = Self.data(directory)
        let tokens = try #require(files.first { $0.key.hasSuffix("first-tokens.json") }?.value)
        let app = try #require(
            String(decoding: tokens, as: UTF8.self).split(separator: "\"").first { $0.hasPrefix("kst_app_") })
        let body = #"{"user_id":"u","key":"\#(FakeKeys.anthropic("kept"))","validation":"skip"}"#
        let headers = [("Authorization", "Bearer \(app)"), ("Content-Type", "application/json")]
        let stored = try await Threads.run {
            try HTTPExchange.send(port: port, "POST", "/v1/keys", headers: headers, body: Array(body.utf8))
        }
        #expect(stored.status == 201)
        first.signal(end == .killed ? SIGKILL : SIGTERM)
        #expect(try await first.wait() == (end == .killed ? 137 : 0))

        let before = Self.data(directory)
        if end == .killed { #expect(before.contains { $0.key.hasSuffix("-wal") && !$0.value.isEmpty }) }
        let wrong = directory.path + "/wrong.key"
        try Self.write([UInt8](repeating: 0x5A, count: 32), to: wrong)
        for command in ["serve", "token"] {
            let program =
                command == "serve"
                ? try Self.serve(directory, key: wrong)
                : try Program(
                    [
                        "token", "create", "--kind", "adm", "--name", "x", "--data-dir", directory.path + "/data",
                        "--master-key-file", wrong,
                    ], in: directory)
            #expect(try await program.wait() == 78)
            let lines = program.standardError.split(separator: "\n")
            #expect(lines.count == 1, "\(program.standardError)")
            #expect(lines.first?.contains("mst_") == true)
            #expect(program.standardOutput == "")
            let after = Self.data(directory)
            let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
            #expect(changed == [], "\(command)")
        }

        // The right one still opens it, with what was acknowledged.
        let last = try Self.serve(directory, key: key)
        let again = try await last.port()
        let list = try await Threads.run {
            try HTTPExchange.send(port: again, "GET", "/v1/keys", headers: [headers[0]])
        }
        #expect(list.json["data"].items.count == 1)
        last.signal(SIGTERM)
        #expect(try await last.wait() == 0)
    }

    @Test func `whatever is no file is refused as a master key, at once and with a reason`() async throws {
        let directory = try TemporaryDirectory()
        let key = directory.path + "/master.key"
        let first = try Self.serve(directory, key: key)
        _ = try await first.port()
        first.signal(SIGTERM)
        #expect(try await first.wait() == 0)
        let before = Self.data(directory)
        // Elsewhere: whoever looks for changed bytes would wait for the pipe's.
        let odd = try TemporaryDirectory()
        let (link, pipe, folder) = (odd.path + "/link", odd.path + "/pipe", odd.path + "/folder")
        #expect(symlink(key, link) == 0 && mkfifo(pipe, 0o400) == 0 && mkdir(folder, 0o700) == 0)
        for path in [link, pipe, folder, "/dev/null"] {
            let program = try Self.serve(directory, key: path)
            #expect(try await program.wait() == 78)
            #expect(
                program.standardError
                    == "keystow: \(path) must be a file itself, and no link to one, directory or pipe\n")
        }
        let long = directory.path + "/long"
        try Self.write([UInt8](repeating: 0xFB, count: 1_025), to: long)
        let program = try Self.serve(directory, key: long)
        #expect(try await program.wait() == 78)
        #expect(program.standardError.hasPrefix("keystow: \(long) must hold exactly 32 raw bytes or 44 characters"))
        #expect(Self.data(directory) == before)
    }

    /// 32 bytes of 0xFB as base64.
    private static let base64 = Array(("+/v7" + String(repeating: "+/v7", count: 9) + "+/s=").utf8)

    @Test(arguments: [0o400, 0o600] as [mode_t])
    func `a master key is 32 raw bytes or 44 characters of base64, with or without a newline`(
        _ mode: mode_t
    ) async throws {
        let right: [[UInt8]] = [
            [UInt8](repeating: 0xFB, count: 32), Self.base64, Self.base64 + [10],
        ]
        let directory = try TemporaryDirectory()
        let key = directory.path + "/master.key"
        try Self.write(right[0], to: key, mode: mode)
        let made = try Program(
            ["init", "--data-dir", directory.path + "/data", "--master-key-file", key], in: directory)
        #expect(try await made.wait() == 0, "\(made.standardError)")
        for form in right {
            // The same key, written otherwise.
            try Self.write(form, to: key, mode: mode)
            let program = try Program(
                ["token", "list", "--data-dir", directory.path + "/data", "--master-key-file", key], in: directory)
            #expect(try await program.wait() == 0, "\(form.count): \(program.standardError)")
        }
        let before = Self.data(directory)
        var wrong: [([UInt8], mode_t)] = [
            ([], mode), ([UInt8](repeating: 0xFB, count: 31), mode), ([UInt8](repeating: 0xFB, count: 33), mode),
            (Array(Self.base64.dropLast()), mode), (Self.base64 + [13], mode), (Self.base64 + [0x41], mode),
            (Self.base64 + [10, 10], mode), (Self.base64 + [13, 10], mode), ([10] + Self.base64, mode),
            (Array(Self.base64.dropLast(2)) + [0x41, 0x3D], mode),
            (Array(Self.base64.dropLast(2)) + [0x3D, 0x3D], mode),
            (Array(String(repeating: "fb", count: 32).utf8), mode), (Self.base64.map { $0 == 0x2B ? 0x2D : $0 }, mode),
            (right[0] + [10], mode),
        ]
        wrong += [0o644, 0o440, 0o404, 0o620, 0o601].map { (right[0], $0) }
        for (bytes, mode) in wrong {
            try Self.write(bytes, to: key, mode: mode)
            let program = try Program(
                ["token", "list", "--data-dir", directory.path + "/data", "--master-key-file", key], in: directory)
            #expect(try await program.wait() == 78, "\(bytes.count) bytes, mode \(String(mode, radix: 8))")
            #expect(program.standardError.split(separator: "\n").count == 1)
        }
        #expect(Self.data(directory) == before)
    }
}
