import Glibc
import Testing
import VaultTestKit

/// Whose the files of a running program are.
@Suite struct ProgramFilesTests {
    @Test func `S11 a second program on the same data is refused, and after kill -9 of the first one starts`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let first = try await ServedProgram.start(in: directory)
        let id = try await Threads.run { [scenery = Scenery(first)] in try scenery.store(1) }
        let second = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data"], in: directory)
        let code = try await second.wait()
        #expect((1..<128).contains(code))
        #expect(second.standardError.contains("process "), "\(second.standardError)")
        #expect(second.standardOutput.contains("listening") == false)
        first.program.signal(SIGKILL)
        #expect(try await first.program.wait() == 128 + SIGKILL)
        #expect(!TemporaryDirectory.bytes(of: directory.path + "/data/vault.lock").isEmpty)
        let third = try await ServedProgram.start(in: directory, tokens: (first.app, first.admin))
        let body = try await Threads.run { [scenery = Scenery(third)] in
            try scenery.call("POST", "/v1/keys/\(id)/reveal", nil, as: scenery.app)
        }
        #expect(body["key"].string == Act.secret(1))
    }

    @Test func `S12 whatever the umask, what the program makes is its owner's alone`() async throws {
        let directory = try TemporaryDirectory()
        let data = directory.path + "/data"
        let command = "umask 000; '\(Program.folder)/keystow' init --data-dir '\(data)' >/dev/null"
        #expect(try await Threads.run { system(command) } == 0)
        // And what a server makes besides, while it runs.
        let served = try await ServedProgram.start(in: directory, tokens: ("", ""))
        var status = stat()
        #expect(stat(data, &status) == 0 && status.st_mode & 0o7777 == 0o700)
        let files = TemporaryDirectory.names(in: data)
        for name in ["vault.db", "vault.db-wal", "vault.db-shm", "vault.lock", "vault.reserve", "master.key", "anchor"]
        {
            #expect(files.contains("\(data)/\(name)"), "\(name)")
        }
        for file in files {
            #expect(stat(file, &status) == 0 && status.st_mode & 0o077 == 0, "\(file)")
        }
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
    }
}
