import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// `keystow rekey` itself, against `keystow serve` itself.
@Suite struct RekeyProgramTests {
    private struct Outcome {
        let code: Int32
        let output: String
        let complaints: String
    }

    private func rekey(
        _ arguments: String, _ served: ServedProgram, token: String? = nil, in directory: TemporaryDirectory
    ) async throws -> Outcome {
        let program = try Program(
            ["rekey"] + arguments.split(separator: " ").map(String.init),
            environment: [
                "KEYSTOW_URL": "http://127.0.0.1:\(served.port)", "KEYSTOW_TOKEN": token ?? served.admin,
            ], in: directory)
        let code = try await program.wait()
        return Outcome(code: code, output: program.standardOutput, complaints: program.standardError)
    }

    private func call(
        _ served: ServedProgram, _ method: String, _ target: String, _ json: String? = nil, token: String? = nil
    ) async throws -> HTTPAnswer {
        let headers = [
            ("Authorization", "Bearer \(token ?? served.app)"), ("Content-Type", "application/json"),
        ]
        let (port, body) = (served.port, Array((json ?? "").utf8))
        return try await Threads.run { try HTTPExchange.send(port: port, method, target, headers: headers, body: body) }
    }

    private func store(_ number: Int, _ served: ServedProgram) async throws -> (id: String, secret: String) {
        let secret = FakeKeys.anthropic("rekeyed", number)
        let made = try await call(
            served, "POST", "/v1/keys", #"{"user_id":"ada","key":"\#(secret)","validation":"skip"}"#)
        return (try #require(made.json["id"].string, "\(made.text)"), secret)
    }

    private func expect(_ stored: (id: String, secret: String), _ served: ServedProgram) async throws {
        let answer = try await call(served, "POST", "/v1/keys/\(stored.id)/reveal")
        #expect(answer.json["key"].string == stored.secret, "\(answer.status) \(answer.text)")
    }

    /// A master key of these bytes, in place of the one that is there, as a rename puts it.
    private func putMaster(_ byte: UInt8, in directory: TemporaryDirectory) throws {
        let path = directory.path + "/data/master.key"
        let file = open(path + ".next", O_WRONLY | O_CREAT | O_TRUNC, 0o400)
        try #require(file >= 0)
        defer { close(file) }
        #expect(write(file, [UInt8](repeating: byte, count: 32), 32) == 32)
        #expect(rename(path + ".next", path) == 0)
    }

    @Test func `a term is replaced and watched to its end, by an admin alone`() async throws {
        let directory = try TemporaryDirectory()
        let served = try await ServedProgram.start(in: directory)
        let stored = try await store(1, served)
        let none = try await rekey("--status", served, in: directory)
        #expect(none.code == 0)
        #expect(none.output == "there has been no rekey\n")
        let done = try await rekey("", served, in: directory)
        #expect(done.code == 0, "\(done.complaints)")
        #expect(done.output == "term 2: 1 secret moved, 1 opened\n")
        try await expect(stored, served)
        let json = try await rekey("--status --json", served, in: directory)
        #expect(
            json.output
                == #"{"state":"finished","from_term":1,"to_term":2,"done":1,"remaining":0,"failed":0,"verified":1}"#
                + "\n")
        let refused = try await rekey("", served, token: served.app, in: directory)
        #expect(refused.code == 77)
        #expect(try await rekey("--master --status", served, in: directory).code == 64)
        #expect(try await rekey("--help", served, in: directory).output.contains("keystow rekey [--master"))
    }

    @Test func `K06 a new master opens the vault from the answer on, also after kill -9, and the old one no longer`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let old = { TemporaryDirectory.bytes(of: directory.path + "/data/master.key") }
        let (stored, tokens, first) = try await {
            let served = try await ServedProgram.start(in: directory)
            let stored = try await store(2, served)
            let same = try await rekey("--master", served, in: directory)
            #expect(same.code == 64)
            #expect(same.complaints.contains("still gives the one that is in use"))
            let first = old()
            try putMaster(7, in: directory)
            let changed = try await rekey("--master", served, in: directory)
            #expect(changed.code == 0, "\(changed.complaints)")
            #expect(changed.output.contains("mky_") || changed.output.contains("new master key"))
            try await expect(stored, served)
            // A term that is begun afterwards is held by the new one.
            #expect(try await rekey("", served, in: directory).code == 0)
            served.program.signal(SIGKILL)
            _ = try await served.program.wait()
            return (stored, (app: served.app, admin: served.admin), first)
        }()
        #expect(first.count == 32 && first != old())
        let again = try await ServedProgram.start(in: directory, tokens: tokens)
        try await expect(stored, again)
        again.program.signal(SIGTERM)
        #expect(try await again.program.wait() == 0)
        try putMaster(8, in: directory)
        let wrong = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", directory.path + "/data"], in: directory)
        #expect(try await wrong.wait() == 78)
    }
}
