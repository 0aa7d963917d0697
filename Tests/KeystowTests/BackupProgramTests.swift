import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// `keystow backup` and `keystow restore` themselves.
@Suite struct BackupProgramTests {
    /// A vault with three keys, the second revoked after the backup, that was stopped.
    private struct Aftermath {
        let directory: TemporaryDirectory
        let app: String
        let admin: String
        let keys: [String]
        var file: String { "\(directory.path)/keystow.backup" }
        var data: String { "\(directory.path)/data" }

        /// The command on a data directory with this vault's master key, and an anchor.
        func run(_ words: [String], on data: String, anchor: String? = nil) throws -> Program {
            try Program(
                words,
                environment: [
                    "KEYSTOW_DATA_DIR": data, "KEYSTOW_MASTER_KEY_FILE": "\(directory.path)/data/master.key",
                    "KEYSTOW_AUDIT_ANCHOR": anchor ?? "\(directory.path)/data/anchor",
                ], in: directory)
        }

        func restore(_ flags: [String] = [], file: String? = nil, to data: String) async throws -> Program {
            let program = try run(["restore", file ?? self.file] + flags, on: data)
            _ = try await program.wait()
            return program
        }

        func number(in program: Program) throws -> String {
            let match = program.standardError.firstMatch(of: /--older (\d+)/)
            return String(try #require(match, "\(program.standardError)").1)
        }
    }

    private static func call(
        _ port: UInt16, _ method: String, _ target: String, _ token: String, _ json: String? = nil
    ) async throws -> HTTPAnswer {
        var headers = [("Authorization", "Bearer \(token)")]
        if json != nil { headers.append(("Content-Type", "application/json")) }
        return try await Threads.run { [headers] in
            try HTTPExchange.send(port: port, method, target, headers: headers, body: json.map { Array($0.utf8) })
        }
    }

    private static func backup(
        _ served: ServedProgram, to file: String, in directory: TemporaryDirectory, _ flags: [String] = []
    ) async throws -> Program {
        let program = try Program(
            ["backup", file] + flags,
            environment: ["KEYSTOW_URL": "http://127.0.0.1:\(served.port)", "KEYSTOW_TOKEN": served.admin],
            in: directory)
        _ = try await program.wait()
        return program
    }

    private static func aftermath() async throws -> Aftermath {
        let directory = try TemporaryDirectory()
        let served = try await ServedProgram.start(in: directory)
        var keys: [String] = []
        for number in 0..<3 {
            let body = #"{"user_id":"u","key":"\#(FakeKeys.anthropic("backup", number))","validation":"skip"}"#
            keys.append(try await call(served.port, "POST", "/v1/keys", served.app, body).json["id"].string ?? "")
        }
        let file = "\(directory.path)/keystow.backup"
        let made = try await backup(served, to: file, in: directory)
        #expect(made.ended() == 0, "\(made.standardError)")
        #expect(try await call(served.port, "POST", "/v1/keys/\(keys[1])/revoke", served.app).status == 200)
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
        return Aftermath(directory: directory, app: served.app, admin: served.admin, keys: keys)
    }

    @Test func `a backup of the running server is one private file, and the server goes on`() async throws {
        let directory = try TemporaryDirectory()
        let served = try await ServedProgram.start(in: directory)
        let key = FakeKeys.anthropic("backup", 9)
        let body = #"{"user_id":"u","key":"\#(key)","validation":"skip"}"#
        #expect(try await Self.call(served.port, "POST", "/v1/keys", served.app, body).status == 201)
        let file = "\(directory.path)/keystow.backup"
        let made = try await Self.backup(served, to: file, in: directory)
        #expect(made.ended() == 0, "\(made.standardError)")
        var status = stat()
        #expect(stat(file, &status) == 0 && status.st_mode & 0o777 == 0o600)
        let bytes = TemporaryDirectory.bytes(of: file)
        let manifest = JSONTree(bytes: Array(bytes.prefix { $0 != 0x0A }))
        #expect(manifest["keystow_backup"].int == 1)
        #expect(manifest["audit_sequence"].int ?? 0 > 0)
        // Neither the user's key nor the master key is in it.
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(!text.contains(key) && !text.contains(key.dropFirst(24).prefix(20)))
        let master = TemporaryDirectory.bytes(of: "\(directory.path)/data/master.key")
        #expect(master.count == 32 && bytes.ranges(of: master).isEmpty)
        // Nothing is left beside the vault's files or beside the backup.
        let names = TemporaryDirectory.names(in: directory.path)
        #expect(names.filter { $0.contains("snapshot") || $0.contains("keystow.backup.") } == [])
        let again = try await Self.backup(served, to: file, in: directory)
        #expect(again.ended() == 73)
        #expect(try await Self.backup(served, to: file, in: directory, ["--force", "--json"]).ended() == 0)
        let entries = try await Self.call(served.port, "GET", "/v1/audit/entries?action=backup.made", served.admin)
        #expect(entries.json["data"].items.count == 2)
        // An app may not, whatever it asks for.
        #expect(try await Self.call(served.port, "POST", "/v1/backup", served.app).status == 403)
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
    }

    @Test func `a restored backup has its keys, and not those that were revoked since`() async throws {
        let past = try await Self.aftermath()
        let new = "\(past.directory.path)/new"
        let dry = try await past.restore(["--dry-run", "--json"], to: new)
        // What happened since is told, and a word is asked for.
        #expect(dry.ended() == 78)
        let number = try past.number(in: dry)
        #expect(access(new, F_OK) != 0)
        let looked = try await past.restore(["--dry-run", "--json", "--older", number], to: new)
        #expect(looked.ended() == 0, "\(looked.standardError)")
        let told = JSONTree(text: looked.standardOutput)
        #expect(told["secrets"].int == 3 && told["opened"].int == 3 && told["dry_run"].bool == true)
        #expect(access(new, F_OK) != 0)
        #expect(try await past.restore(to: new).ended() == 78)
        #expect(access("\(new)/vault.db", F_OK) != 0)

        let restored = try await past.restore(["--older", number], to: new)
        #expect(restored.ended() == 0, "\(restored.standardError)")
        #expect(restored.standardOutput.contains("3 of 3 secrets open"))
        #expect(TemporaryDirectory.names(in: new).filter { $0.contains("stage") } == [])
        let server = try past.run(["serve", "--listen", "127.0.0.1:0"], on: new)
        let port = try await server.port()
        for (key, expected) in zip(past.keys, [200, 410, 200]) {
            let answer = try await Self.call(port, "POST", "/v1/keys/\(key)/reveal", past.app)
            #expect(answer.status == expected, "\(answer.text)")
        }
        let entries = try await Self.call(port, "GET", "/v1/audit/entries?action=restore.made", past.admin)
        let reasons = entries.json["data"].items.compactMap { $0["reason"].string }
        #expect(reasons.contains { $0.hasPrefix("backup of entry ") }, "\(reasons)")
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
        let verified = try past.run(["audit", "verify"], on: new)
        #expect(try await verified.wait() == 0, "\(verified.standardOutput)")
    }

    @Test func `a vault that is there is moved aside as a whole when that is said, and otherwise left`() async throws {
        let past = try await Self.aftermath()
        let before = TemporaryDirectory.bytes(of: "\(past.data)/vault.db")
        let occupied = try await past.restore(to: past.data)
        #expect(occupied.ended() == 73)
        #expect(occupied.standardError.contains("--replace"))
        let refused = try await past.restore(["--replace"], to: past.data)
        #expect(refused.ended() == 78)
        #expect(TemporaryDirectory.bytes(of: "\(past.data)/vault.db") == before)
        let number = try past.number(in: refused)
        let restored = try await past.restore(["--replace", "--older", number, "--json"], to: past.data)
        #expect(restored.ended() == 0, "\(restored.standardError)")
        let aside = try #require(JSONTree(text: restored.standardOutput)["aside"].string)
        #expect(TemporaryDirectory.bytes(of: "\(aside)/vault.db") == before)
        let list = try past.run(["token", "list"], on: past.data)
        #expect(try await list.wait() == 0, "\(list.standardError)")
    }

    @Test func `a file that is no whole backup of this vault is refused, and nothing is put in place`() async throws {
        let past = try await Self.aftermath()
        let whole = TemporaryDirectory.bytes(of: past.file)
        let lines = whole.split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        let (head, mac) = (lines[0].count, lines[1].count)
        let body = head + mac + 2
        func changed(_ place: Int) -> [UInt8] { whole.enumerated().map { $0 == place ? $1 ^ 1 : $1 } }
        let schema = try #require(
            whole.prefix(head).ranges(of: Array(#""schema":"#.utf8)).first?.upperBound)
        var cases: [(String, [UInt8], Int32)] = [
            ("nothing", [], 65), ("no backup", Array(#"{"a":1}"#.utf8), 65), ("the MAC", changed(head + 3), 65),
            ("a number in the manifest", changed(schema), 65), ("more", whole + [0], 65),
            ("the database's middle", changed((whole.count + body) / 2), 65), ("its end", changed(whole.count - 1), 65),
        ]
        for part in 0..<8 { cases.append(("cut at \(part)", Array(whole.prefix(body + 4096 * part + part)), 65)) }
        let new = "\(past.directory.path)/new"
        let broken = "\(past.directory.path)/broken.backup"
        for (what, bytes, code) in cases {
            unlink(broken)
            let file = open(broken, O_WRONLY | O_CREAT, 0o600)
            #expect(write(file, bytes, bytes.count) == bytes.count)
            close(file)
            let refused = try await past.restore(file: broken, to: new)
            #expect(refused.ended() == code, "\(what): \(refused.standardError)")
            #expect(TemporaryDirectory.names(in: new).filter { !$0.hasSuffix("/vault.lock") } == [], "\(what)")
        }
        #expect(try await past.restore(file: "/nowhere", to: new).ended() == 66)
    }

    @Test func `a restore that is killed leaves the old vault or the new one, and another completes it`() async throws {
        let past = try await Self.aftermath()
        // Killed as soon as this is there; the last: not at all.
        for trigger in ["vault.stage-", "vault.stage-", "replaced-", "replaced-", nil] {
            let number = try past.number(in: try await past.restore(["--replace"], to: past.data))
            let known = Set(TemporaryDirectory.names(in: past.data))
            let restore = try past.run(["restore", past.file, "--replace", "--older", number], on: past.data)
            try await eventually("\(trigger ?? "the end")") {
                guard let trigger, restore.ended() == nil else { return restore.ended() != nil }
                return TemporaryDirectory.names(in: past.data).contains { !known.contains($0) && $0.contains(trigger) }
            }
            restore.signal(SIGKILL)
            let code = try await restore.wait()
            #expect(trigger == nil ? code == 0 : [0, 137].contains(code), "\(restore.standardError)")
            // Whole, whichever it is: it opens, or what keeps it from opening is the anchor's word alone.
            let opened = try past.run(["token", "list", "--json"], on: past.data)
            let end = try await opened.wait()
            #expect(end == 0 || opened.standardError.contains("KEYSTOW_ACCEPT_ROLLBACK="), "\(opened.standardError)")
        }
        let server = try past.run(["serve", "--listen", "127.0.0.1:0"], on: past.data)
        let port = try await server.port()
        for (key, expected) in zip(past.keys, [200, 410, 200]) {
            #expect(try await Self.call(port, "POST", "/v1/keys/\(key)/reveal", past.app).status == expected)
        }
        let left = TemporaryDirectory.names(in: past.data).filter { $0.contains("vault.stage-") }
        #expect(left == [])
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
    }

    @Test func `K03 a backup does not take the place of another instance's vault unless that is said`() async throws {
        let (past, other) = (try await Self.aftermath(), try await Self.aftermath())
        // The other's data directory, with this one's master key and anchor.
        let refused = try await past.restore(["--replace"], to: other.data)
        #expect(refused.ended() == 78)
        #expect(refused.standardError.contains("--adopt"), "\(refused.standardError)")
        // An empty directory, and the other's anchor: nothing in it was signed by this vault.
        let new = "\(past.directory.path)/new"
        func run(_ flags: [String]) async throws -> Program {
            let program = try past.run(["restore", past.file] + flags, on: new, anchor: "\(other.data)/anchor")
            _ = try await program.wait()
            return program
        }
        let foreign = try await run([])
        #expect(foreign.ended() == 78)
        #expect(foreign.standardError.contains("--adopt"), "\(foreign.standardError)")
        #expect(access("\(new)/vault.db", F_OK) != 0)
        let adopted = try await run(["--adopt"])
        #expect(adopted.ended() == 0, "\(adopted.standardError)")
        // And another's master key opens nothing, whatever is said.
        let program = try Program(
            ["restore", past.file, "--adopt", "--data-dir", "\(past.directory.path)/third"],
            environment: ["KEYSTOW_MASTER_KEY_FILE": "\(other.data)/master.key"], in: past.directory)
        #expect(try await program.wait() == 78)
        #expect(program.standardError.contains("wrong master key"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make what is another user's"))
    func `nothing is restored as another user than whose the vault is, and whose that is is told`() async throws {
        let past = try await Self.aftermath()
        let number = try past.number(in: try await past.restore(["--replace"], to: past.data))
        let (nobody, new) = (uid_t(65534), "\(past.directory.path)/new")
        func expectRefusal(_ flags: [String], to data: String) async throws {
            let before = TemporaryDirectory.names(in: data)
            let refused = try await past.restore(flags + ["--older", number], to: data)
            #expect(refused.ended() == 77, "\(refused.standardError)")
            #expect(refused.standardError.contains("sudo -u '#65534'"), "\(refused.standardError)")
            #expect(TemporaryDirectory.names(in: data) == before)
        }
        // An empty directory that was made for the server; one that the server would make; a vault of the server's.
        #expect(mkdir(new, 0o700) == 0 && chown(new, nobody, nobody) == 0)
        try await expectRefusal([], to: new)
        try await expectRefusal([], to: "\(new)/data")
        #expect(access("\(new)/data", F_OK) != 0)
        #expect(chown("\(past.data)/vault.db", nobody, nobody) == 0)
        try await expectRefusal(["--replace"], to: past.data)
        // To look is nobody's harm.
        let dry = try await past.restore(["--dry-run", "--older", number], to: new)
        #expect(dry.ended() == 0, "\(dry.standardError)")
        #expect(TemporaryDirectory.names(in: new) == [])
        #expect(chown("\(past.data)/vault.db", geteuid(), getegid()) == 0)
        #expect(try await past.restore(["--replace", "--older", number], to: past.data).ended() == 0)
    }
}
