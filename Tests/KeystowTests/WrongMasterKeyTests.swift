import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// What must not open a vault, and a key that must not be seen.
@Suite struct WrongMasterKeyTests {
    /// The row's keys, and each as it is written in a file.
    private func wrongKeys(_ scene: MasterKeyScene, other: [UInt8]) -> [(String, [UInt8])] {
        let base64 = Array(scene.base64.utf8)
        let hex = scene.key.flatMap { byte in
            Array((byte < 16 ? "0" : "").utf8) + Array(String(byte, radix: 16).utf8)
        }
        var damaged = base64
        damaged[20] = UInt8(ascii: "!")
        return [
            ("random", (0..<32).map { _ in UInt8.random(in: 0...255) }), ("all-zero", [UInt8](repeating: 0, count: 32)),
            ("one bit off", scene.key.enumerated().map { $0 == 17 ? $1 ^ 0x10 : $1 }), ("another instance's", other),
            ("31 bytes", Array(scene.key.dropLast())), ("33 bytes", scene.key + [0]), ("hex", hex + [0x0A]),
            ("damaged base64", damaged), ("base64 of one bit less", Array(base64.dropLast(2)) + Array("==".utf8)),
        ]
    }

    @Test func `K01 no wrong master key opens a vault, and not a byte of it changes`() async throws {
        let (scene, other) = (try await MasterKeyScene(), try await MasterKeyScene())
        // One that serves leaves no log behind it, and one that was killed does.
        let server = try scene.run(["serve", "--listen", "127.0.0.1:0"], ["KEYSTOW_MASTER_KEY_FILE": scene.file])
        _ = try await server.port()
        server.signal(SIGKILL)
        #expect(try await server.wait() == 137)
        let before = scene.bytes()
        let names = TemporaryDirectory.names(in: scene.data).filter { !$0.hasSuffix("-shm") }.sorted()
        #expect(before.contains { $0.key.hasSuffix("vault.db-wal") && !$0.value.isEmpty })
        for (what, bytes) in wrongKeys(scene, other: other.key) {
            let program = try scene.run(
                ["serve", "--listen", "127.0.0.1:0"], ["KEYSTOW_MASTER_KEY_FILE": try scene.write(bytes, to: "wrong")])
            #expect(try await program.wait() == 78, "\(what)")
            #expect(program.standardOutput == "", "\(what)")
            #expect(program.standardError.split(separator: "\n").count == 1, "\(what): \(program.standardError)")
            #expect(scene.bytes() == before, "\(what)")
            #expect(
                TemporaryDirectory.names(in: scene.data).filter { !$0.hasSuffix("-shm") }.sorted() == names, "\(what)")
        }
        // The same way with the right one opens it, and does change the files.
        #expect(try await scene.open(["KEYSTOW_MASTER_KEY_FILE": scene.file]).code == 0)
        #expect(scene.bytes() != before)
    }

    @Test func `K02 a master key's file that is not this user's alone, or is no file, is refused with the reason`()
        async throws
    {
        let scene = try await MasterKeyScene()
        let path = "\(scene.path)/odd"
        func refusal(_ make: () throws -> Void) async throws -> String {
            unlink(path)
            try make()
            let opened = try await scene.open(["KEYSTOW_MASTER_KEY_FILE": path])
            #expect(opened.code == 78)
            return opened.said
        }
        let open = "keystow: \(path) must belong to this user or root and be closed to all others: chmod 0400\n"
        let kind = "keystow: \(path) must be a file itself, and no link to one, directory or pipe\n"
        let form = "keystow: \(path) must hold exactly 32 raw bytes or 44 characters of padded base64\n"
        for mode in [0o440, 0o404, 0o640, 0o644, 0o444, 0o420, 0o410, 0o401] as [mode_t] {
            let said = try await refusal { _ = try scene.write(scene.key, to: "odd", mode: mode) }
            #expect(said == open, "\(String(mode, radix: 8))")
        }
        #expect(try await refusal { symlink(scene.file, path) } == kind)
        #expect(try await refusal { mkfifo(path, 0o400) } == kind)
        for length in [0, 1_024, 1_025, 70_000] {
            let bytes = [UInt8](repeating: UInt8(ascii: "A"), count: length)
            #expect(try await refusal { _ = try scene.write(bytes, to: "odd") } == form)
        }
        #expect(
            try await refusal {}
                == "keystow: there is no master key at \(path); set KEYSTOW_MASTER_KEY_FILE to where it is, or "
                + "see `keystow recovery --help` if it is lost\n")
        if geteuid() == 0 {
            let said = try await refusal {
                _ = try scene.write(scene.key, to: "odd")
                #expect(chown(path, 65_534, 65_534) == 0)
            }
            #expect(said == open)
        }
        #expect(try await refusal { mkdir(path, 0o700) } == kind)
        rmdir(path)
        // The same bytes in a file as it should be.
        _ = try scene.write(scene.key, to: "odd")
        #expect(try await scene.open(["KEYSTOW_MASTER_KEY_FILE": path]).code == 0)
    }

    @Test func `M07 a master key from the environment is in neither the command line nor the environment afterwards`()
        async throws
    {
        let scene = try await MasterKeyScene()
        let server = try scene.run(
            ["serve", "--listen", "127.0.0.1:0"],
            [
                "KEYSTOW_MASTER_KEY": scene.base64, "KEYSTOW_MASTER_KEY_PREVIOUS": scene.base64, "MARKER": "seen",
            ])
        _ = try await server.port()
        let folder = "/proc/\(server.process)"
        let line = String(decoding: TemporaryDirectory.bytes(of: "\(folder)/cmdline"), as: UTF8.self)
        #expect(line.contains("serve"))
        let environment = TemporaryDirectory.bytes(of: "\(folder)/environ")
        let text = String(decoding: environment, as: UTF8.self)
        // Nobody else of this user can read it at all; root can, and finds what is no secret.
        if geteuid() == 0 { #expect(text.contains("MARKER=seen") && text.contains("KEYSTOW_DATA_DIR=")) }
        for seen in [line, text] {
            #expect(!seen.contains("KEYSTOW_MASTER_KEY"))
            for start in stride(from: 0, to: 36, by: 4) {
                #expect(!seen.contains(scene.base64.dropFirst(start).prefix(8)))
            }
        }
        let warnings = server.standardError.split(separator: "\n").filter { $0.contains("warning") }
        #expect(warnings.count == 2 && warnings.allSatisfy { $0.contains("can be read by others") })
        #expect(!server.standardError.contains(scene.base64))
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
        // It was the key: without it the vault stays closed.
        #expect(
            try await scene.open(["KEYSTOW_MASTER_KEY": MasterKeyScene.base64(of: [UInt8](repeating: 7, count: 32))])
                .code == 78)
    }
}
