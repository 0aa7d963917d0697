import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// Who gets at the data directory: one process, and one user.
@Suite struct DataDirectoryProgramTests {
    @Test func `S11 a second process is refused while one has the vault, and none after it was killed`() async throws {
        let scene = try await MasterKeyScene()
        let key = ["KEYSTOW_MASTER_KEY_FILE": scene.file]
        let first = try scene.run(["serve", "--listen", "127.0.0.1:0"], key)
        _ = try await first.port()
        for words in [["serve", "--listen", "127.0.0.1:0"], ["token", "list"]] {
            let second = try scene.run(words, key)
            #expect(try await second.wait() == 75)
            #expect(second.standardError.contains("in use by process \(first.process)"), "\(second.standardError)")
            #expect(second.standardOutput == "")
        }
        first.signal(SIGKILL)
        #expect(try await first.wait() == 137)
        // What it held is gone with it, though its lock file still names it.
        let lock = TemporaryDirectory.bytes(of: "\(scene.data)/vault.lock")
        #expect(String(decoding: lock, as: UTF8.self) == "\(first.process)\n")
        let next = try scene.run(["serve", "--listen", "127.0.0.1:0"], key)
        #expect(try await next.port() > 0)
        next.signal(SIGTERM)
        #expect(try await next.wait() == 0)
    }

    @Test func `S12 files are 0600 and directories 0700 whatever the umask`() async throws {
        let directory = try TemporaryDirectory()
        let folder = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        let program = "\(folder[..<(folder.lastIndex(of: "/") ?? folder.startIndex)])/keystow"
        let data = "\(directory.path)/data"
        // It is killed while it serves, so that the log is there to be looked at.
        let line =
            "umask 000; '\(program)' serve --listen 127.0.0.1:0 --data-dir '\(data)' >'\(directory.path)/out' 2>/dev/null &"
            + " n=$!; until grep -q listening '\(directory.path)/out'; do sleep 0.05; kill -0 $n || exit 1; done; kill -9 $n"
        let code = try await Threads.run { system(line) }
        #expect(code == 0)
        var status = stat()
        #expect(stat(data, &status) == 0 && status.st_mode & 0o7777 == 0o700)
        let names = TemporaryDirectory.names(in: data)
        for expected in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.lock", "anchor", "master.key"] {
            #expect(names.contains("\(data)/\(expected)"), "\(expected)")
        }
        for name in names {
            #expect(stat(name, &status) == 0 && status.st_mode & 0o7177 == 0, "\(name): \(status.st_mode)")
        }
        // The control: the same umask does open what the shell itself makes.
        #expect(stat("\(directory.path)/out", &status) == 0 && status.st_mode & 0o777 == 0o666)
    }
}
