import FaultyCrypto
import Glibc
import Testing
import VaultModel
import VaultTestKit

/// The program itself, with memory, files, random numbers or libcrypto failing below it: every answer is a clear one,
/// nothing is half-done, and it goes on.
@Suite struct ProgramFaultTests {
    /// What a caller may be told of a fault.
    private static let codes: Set = [
        "503 storage_unavailable", "507 storage_full", "503 overloaded", "503 audit_unavailable",
    ]

    /// Sends each act with every `step`th of its calls failing in turn, until it is done.
    ///
    /// - Returns: how many faults were met, and how many of them ended in a refusal.
    private func sweep(
        _ acts: [Act], on faulty: FaultyProgram, _ served: ServedProgram, _ fault: FaultyProgram.Fault, step: Int = 1,
        allowing codes: Set<String> = codes, at location: SourceLocation = #_sourceLocation
    ) async throws -> (met: Int, refused: Int) {
        let (port, name) = (served.port, "\(fault.kinds)")
        var (met, refused) = (0, 0)
        for act in acts {
            var mayBeDone = false
            for number in stride(from: 1, to: 100_000, by: step) {
                faulty.fail(fault, at: number)
                let bytes = try await Threads.run { try act.send(to: port) }
                let hasFailed = faulty.failures > 0
                faulty.heal()
                if hasFailed { met += 1 }
                #expect(
                    served.program.ended() == nil, "\(name): \(act.action), call \(number)", sourceLocation: location)
                guard let answer = try? HTTPExchange.answer(in: bytes) else {
                    // libmicrohttpd had no memory for an answer.
                    #expect(fault.kinds & FAULT_MEMORY != 0 && hasFailed, sourceLocation: location)
                    mayBeDone = true
                    continue
                }
                if (200..<300).contains(answer.status) { break }
                if mayBeDone, [404, 409, 410].contains(answer.status) { break }
                #expect(Act.secret(in: bytes) == nil, "\(act.action)", sourceLocation: location)
                let code = "\(answer.status) \(answer.json["code"].string ?? "")"
                #expect(
                    hasFailed && codes.contains(code), "\(name): \(act.action), call \(number): \(answer.text)",
                    sourceLocation: location)
                refused += 1
                // Whether a commit that failed was done is not known.
                mayBeDone = true
            }
        }
        return (met, refused)
    }

    /// That what is there is whole, with the program and after its end.
    private func expectWhole(
        _ served: ServedProgram, ends: Bool = true, at location: SourceLocation = #_sourceLocation
    ) async throws {
        let database = try Intruder(path: served.database)
        let faults = try AuditBalance.faults(in: database)
        #expect(faults == [], sourceLocation: location)
        let id = try await Threads.run { [scenery = Scenery(served)] in try scenery.store(900, user: "afterwards") }
        let body = try await Threads.run { [scenery = Scenery(served)] in
            try scenery.call("POST", "/v1/keys/\(id)/reveal", nil, as: scenery.app)
        }
        #expect(body["key"].string == Act.secret(900), sourceLocation: location)
        guard ends else { return }
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0, "\(served.program.standardError)", sourceLocation: location)
        #expect(try Aftermath.faults(in: database) == [], sourceLocation: location)
    }

    @Test
    func `S09 whichever memory its C libraries ask for is refused, it answers, goes on and keeps everything whole`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        let (met, _) = try await sweep(acts, on: faulty, served, .init(kinds: FAULT_MEMORY))
        #expect(met > 30)
        try await expectWhole(served)
    }

    @Test(arguments: [ENOSPC, EDQUOT, EROFS, EIO])
    func `S08 whichever write, sync or truncation fails, it says so, goes on, and does it when the disk is back`(
        error: Int32
    ) async throws {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        let (met, refused) = try await sweep(acts, on: faulty, served, .init(kinds: FAULT_WRITE, error: error))
        #expect(met > 30 && refused > 10)
        try await expectWhole(served)
    }

    @Test(arguments: [FAULT_FAIL, FAULT_MINUS_ONE])
    func `C10 where the random generator gives nothing, a request fails, nothing is stored, and the next is served`(
        mode: Int
    ) async throws {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        let drawing = acts.filter {
            ["key.created", "key.rotated", "token.created", "connect.created"].contains($0.action)
        }
        let database = try Intruder(path: served.database)
        let before = try database.everything(but: ["audit_heads", "signers"])
        for act in drawing {
            faulty.fail(.init(kinds: FAULT_RANDOM, mode: mode, stays: true), at: 1)
            let answer = try HTTPExchange.answer(
                in: try await Threads.run { [port = served.port] in try act.send(to: port) })
            faulty.heal()
            #expect(answer.status == 503, "\(act.action): \(answer.text)")
        }
        #expect(try database.everything(but: ["audit_heads", "signers"]) == before)
        let (met, refused) = try await sweep(
            drawing, on: faulty, served, .init(kinds: FAULT_RANDOM, mode: mode), allowing: ["503 storage_unavailable"])
        #expect(met == refused && met >= drawing.count)
        try await expectWhole(served)
    }

    @Test(arguments: [FAULT_REPEAT, FAULT_SILENT])
    func `C10 with a random generator that repeats itself, it seals itself and gives nothing away`(mode: Int)
        async throws
    {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        faulty.fail(.init(kinds: FAULT_RANDOM, mode: mode, stays: true), at: 1)
        // The first draw of a repeating generator is like any other.
        for act in acts where act.action.hasSuffix(".created") {
            _ = try await Threads.run { [port = served.port] in try act.send(to: port) }
        }
        #expect(faulty.failures > 0)
        faulty.heal()
        let database = try Intruder(path: served.database)
        let before = try database.everything(but: ["audit_heads", "signers"])
        for act in acts {
            let bytes = try await Threads.run { [port = served.port] in try act.send(to: port) }
            let answer = try HTTPExchange.answer(in: bytes)
            #expect(answer.status == 503 && answer.json["code"].string == "sealed", "\(act.action): \(answer.text)")
            #expect(Act.secret(in: bytes) == nil)
        }
        #expect(try database.everything(but: ["audit_heads", "signers"]) == before)
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
        // The next start draws from a generator that is well.
        let again = try await faulty.start(tokens: (served.app, served.admin))
        try await expectWhole(again)
    }

    @Test func `C21 whichever call of libcrypto fails, nothing is half-done, and the next request is served`()
        async throws
    {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        let allowed = Self.codes.union(["401 invalid_token", "409 wrong_state", "404 not_found"])
        let (met, _) = try await sweep(
            acts, on: faulty, served, .init(kinds: FAULT_ANY_CRYPTO), step: 5, allowing: allowed)
        #expect(met > 100)
        try await expectWhole(served)
    }

    @Test func `C20 without its algorithms it does not start, and with them again it does`() async throws {
        let directory = try TemporaryDirectory()
        let faulty = try FaultyProgram(in: directory)
        var refused = 0
        for number in 1..<40 {
            faulty.fail(.init(kinds: FAULT_FETCH, stays: true), at: number)
            let data = directory.path + "/data-\(number)"
            let program = try Program(
                ["init", "--data-dir", data], environment: faulty.settings, in: directory)
            let code = try await program.wait()
            #expect(code < 128, "\(program.standardError)")
            if faulty.failures == 0 { break }
            if code != 0 {
                refused += 1
                #expect(!program.standardError.isEmpty)
                #expect(TemporaryDirectory.bytes(of: data + "/vault.db").firstRange(of: Array("KST1".utf8)) == nil)
            }
        }
        #expect(refused > 2)
        faulty.heal()
        let served = try await faulty.start()
        let acts = try await Threads.run { [scenery = Scenery(served)] in try scenery.acts() }
        // What has been looked up is kept; what is made of it for each thread may not come to be.
        faulty.fail(.init(kinds: FAULT_NEW | FAULT_CRYPTO | FAULT_FETCH, stays: true), at: 1)
        for act in acts {
            let bytes = try await Threads.run { [port = served.port] in try act.send(to: port) }
            let answer = try HTTPExchange.answer(in: bytes)
            #expect(answer.status == 503, "\(act.action): \(answer.text)")
            #expect(Act.secret(in: bytes) == nil)
        }
        faulty.heal()
        try await expectWhole(served)
    }

    /// Settings of OpenSSL's that somebody else might have made, and what is in the file.
    private static let configurations: [(name: String, text: String?)] = [
        ("no file", nil),
        ("no configuration", "\u{0}\u{1}[[[ = =\n"),
        (
            "nothing but approved algorithms",
            "openssl_conf = a\n[a]\nalg_section = b\n[b]\ndefault_properties = fips=yes\n"
        ),
        (
            "nothing but old algorithms",
            "openssl_conf = a\n[a]\nproviders = p\n[p]\nlegacy = l\n[l]\nactivate = 1\n"
        ),
        (
            "a provider that is none",
            "openssl_conf = a\n[a]\nproviders = p\n[p]\nevil = e\n[e]\nmodule = /nonexistent/evil.so\nactivate = 1\n"
        ),
    ]

    @Test(arguments: configurations.indices)
    func `C19 whatever OpenSSL is told from outside, records are sealed as ever or it does not start`(
        index: Int
    ) async throws {
        let (name, text) = Self.configurations[index]
        let directory = try TemporaryDirectory()
        let file = directory.path + "/hostile.cnf"
        if let text { try FurnishedVault.write(Array(text.utf8), to: file) }
        let settings = ["OPENSSL_CONF": file, "OPENSSL_MODULES": directory.path]
        let first = try await ServedProgram.start(in: directory)
        let id = try await Threads.run { [scenery = Scenery(first)] in try scenery.store(1) }
        first.program.signal(SIGTERM)
        #expect(try await first.program.wait() == 0)

        let data = directory.path + "/data"
        let usual = ["KEYSTOW_RATE_LIMIT": "off", "KEYSTOW_ENDPOINT_ANTHROPIC": "http://127.0.0.1:9"]
        let program = try Program(
            ["serve", "--listen", "127.0.0.1:0", "--data-dir", data],
            environment: usual.merging(settings) { $1 }, in: directory)
        var later: String?
        if let port = try? await program.port() {
            let hostile = ServedProgram(
                program: program, port: port, app: first.app, admin: first.admin, database: first.database)
            later = try await Threads.run { [scenery = Scenery(hostile)] in try scenery.store(2, user: "later") }
            program.signal(SIGTERM)
            #expect(try await program.wait() == 0, "\(name)")
        } else {
            #expect((1..<128).contains(try await program.wait()), "\(name)")
            #expect(!program.standardError.isEmpty, "\(name)")
        }

        let last = try await ServedProgram.start(in: directory, tokens: (first.app, first.admin))
        for (number, id) in [(1, id), (2, later)] {
            guard let id else { continue }
            let body = try await Threads.run { [scenery = Scenery(last)] in
                try scenery.call("POST", "/v1/keys/\(id)/reveal", nil, as: scenery.app)
            }
            #expect(body["key"].string == Act.secret(number), "\(name)")
        }
        try await expectWhole(last)
    }
}
