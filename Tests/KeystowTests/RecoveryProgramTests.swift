import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// The offline recovery key, through `keystow init`, `recovery` and `restore` themselves.
@Suite struct RecoveryProgramTests {
    private static let secret = FakeKeys.anthropic("recovery", 1)

    /// A vault with one key of a user's, and what its `init --recovery` printed. No server runs.
    private struct Vault {
        let directory: TemporaryDirectory
        let tokens: (app: String, admin: String)
        let key: String
        /// The file that it lies in.
        let recoveryKey: String
        let backup: String
        var masterKey: String { "\(directory.path)/data/master.key" }

        /// With a second KEK term, and a backup of all that.
        init() async throws {
            directory = try TemporaryDirectory()
            let made = try await Self.run(["init", "--recovery"], in: directory)
            let told = JSONTree(text: made.standardOutput)
            tokens = (
                try #require(told["app_token"].string, "\(made.standardError)"),
                try #require(told["admin_token"].string)
            )
            recoveryKey = "\(directory.path)/recovery.key"
            backup = "\(directory.path)/keystow.backup"
            try Self.put(try #require(told["recovery_key"].string), in: recoveryKey)
            let served = try await ServedProgram.start(in: directory, tokens: tokens)
            let body = #"{"user_id":"ada","key":"\#(secret)","validation":"skip"}"#
            let stored = try await Self.call(served, "POST", "/v1/keys", tokens.app, body)
            key = try #require(stored.json["id"].string, "\(stored.text)")
            let environment = ["KEYSTOW_URL": "http://127.0.0.1:\(served.port)", "KEYSTOW_TOKEN": tokens.admin]
            for words in [["rekey"], ["backup", backup]] {
                let program = try Program(words, environment: environment, in: directory)
                #expect(try await program.wait() == 0, "\(program.standardError)")
            }
            let standing = try await Self.call(served, "GET", "/v1/keyring", tokens.admin)
            #expect(standing.json["has_recovery_key"].bool == true)
            try await Self.stop(served)
        }

        static func put(_ text: String, in path: String) throws {
            let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o400)
            try #require(file >= 0)
            defer { close(file) }
            let bytes = Array((text + "\n").utf8)
            #expect(write(file, bytes, bytes.count) == bytes.count)
        }

        static func run(
            _ words: [String], on data: String? = nil, masterKey: String? = nil, in directory: TemporaryDirectory
        ) async throws -> Program {
            let data = data ?? "\(directory.path)/data"
            let program = try Program(
                words,
                environment: [
                    "KEYSTOW_DATA_DIR": data, "KEYSTOW_MASTER_KEY_FILE": masterKey ?? "\(data)/master.key",
                    "KEYSTOW_AUDIT_ANCHOR": "\(directory.path)/data/anchor",
                ], in: directory)
            _ = try await program.wait()
            return program
        }

        func run(_ words: [String], on data: String? = nil, masterKey: String? = nil) async throws -> Program {
            try await Self.run(words, on: data, masterKey: masterKey, in: directory)
        }

        func serve() async throws -> ServedProgram { try await .start(in: directory, tokens: tokens) }

        /// What the server reveals of the one key.
        func revealed() async throws -> String? {
            let served = try await serve()
            let answer = try await Self.call(served, "POST", "/v1/keys/\(key)/reveal", tokens.app)
            try await Self.stop(served)
            return answer.json["key"].string
        }

        static func call(
            _ served: ServedProgram, _ method: String, _ target: String, _ token: String, _ json: String = ""
        ) async throws -> HTTPAnswer {
            let headers = [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
            let port = served.port
            return try await Threads.run {
                try HTTPExchange.send(port: port, method, target, headers: headers, body: Array(json.utf8))
            }
        }

        static func stop(_ served: ServedProgram) async throws {
            served.program.signal(SIGTERM)
            #expect(try await served.program.wait() == 0)
        }
    }

    @Test func `a vault whose master key is lost opens with its recovery key, and with a new master afterwards`()
        async throws
    {
        let vault = try await Vault()
        let lost = "\(vault.directory.path)/lost.key"
        #expect(rename(vault.masterKey, lost) == 0)
        let before = TemporaryDirectory.bytes(of: "\(vault.directory.path)/data/vault.db")

        // What is not the recovery key changes nothing: the lost master, a key of nobody's, none.
        for (file, code) in [(lost, 78), ("\(vault.directory.path)/none", 66)] {
            #expect(try await vault.run(["recovery", "use", "--recovery-key-file", file]).ended() == Int32(code))
        }
        #expect(try await vault.run(["recovery", "use"]).ended() == 64)
        #expect(TemporaryDirectory.bytes(of: "\(vault.directory.path)/data/vault.db") == before)
        #expect(access(vault.masterKey, F_OK) != 0)

        let used = try await vault.run(["recovery", "use", "--recovery-key-file", vault.recoveryKey])
        #expect(used.ended() == 0, "\(used.standardError)")
        #expect(try await vault.revealed() == Self.secret)
        #expect(try await vault.run(["token", "list"], masterKey: lost).ended() == 78)
        let verified = try await vault.run(["audit", "verify"])
        #expect(verified.ended() == 0, "\(verified.standardOutput)")
    }

    @Test func `a backup opens with the recovery key, and what is put in place with a new master`() async throws {
        let vault = try await Vault()
        #expect(unlink(vault.masterKey) == 0)
        let elsewhere = "\(vault.directory.path)/elsewhere"
        #expect(try await vault.run(["restore", vault.backup, "--dry-run"], on: elsewhere).ended() == 78)
        let order = ["restore", vault.backup, "--recovery-key-file", vault.recoveryKey]
        let looked = try await vault.run(order + ["--dry-run", "--json"], on: elsewhere)
        #expect(looked.ended() == 0, "\(looked.standardError)")
        #expect(JSONTree(text: looked.standardOutput)["opened"].int == 1)
        // A proof makes nothing: neither a vault nor a master key.
        #expect(access(elsewhere, F_OK) != 0)

        let restored = try await vault.run(order + ["--replace"])
        #expect(restored.ended() == 0, "\(restored.standardError)")
        #expect(TemporaryDirectory.bytes(of: vault.masterKey).count == 32)
        #expect(try await vault.revealed() == Self.secret)
    }

    @Test func `a fresh recovery key opens the vault in place of the old one, and the old one older backups`()
        async throws
    {
        let vault = try await Vault()
        let served = try await vault.serve()
        #expect(try await vault.run(["recovery", "new"]).ended() == 75)
        try await Vault.stop(served)
        let made = try await vault.run(["recovery", "new", "--json"])
        let fresh = "\(vault.directory.path)/fresh.key"
        try Vault.put(try #require(JSONTree(text: made.standardOutput)["recovery_key"].string), in: fresh)
        #expect(TemporaryDirectory.bytes(of: fresh) != TemporaryDirectory.bytes(of: vault.recoveryKey))

        #expect(unlink(vault.masterKey) == 0)
        let old = try await vault.run(["recovery", "use", "--recovery-key-file", vault.recoveryKey])
        #expect(old.ended() == 78 && old.standardError.contains("not this vault's recovery key"))
        let elsewhere = "\(vault.directory.path)/elsewhere"
        let order = ["restore", vault.backup, "--dry-run", "--recovery-key-file"]
        let number = try #require(
            try await vault.run(order + [vault.recoveryKey], on: elsewhere).standardError
                .firstMatch(of: /--older (\d+)/))
        let older = ["--older", String(number.1)]
        #expect(try await vault.run(order + [vault.recoveryKey] + older, on: elsewhere).ended() == 0)
        #expect(try await vault.run(order + [fresh] + older, on: elsewhere).ended() == 78)
        #expect(try await vault.run(["recovery", "use", "--recovery-key-file", fresh]).ended() == 0)
        #expect(try await vault.revealed() == Self.secret)
    }

    @Test func `a vault without a recovery key says so, and the doctor what to do`() async throws {
        let directory = try TemporaryDirectory()
        let made = try await Vault.run(["init"], in: directory)
        #expect(made.ended() == 0 && !made.standardOutput.contains("recovery_key"))
        let doctor = try await Vault.run(["doctor", "--offline", "--json"], in: directory)
        #expect(doctor.standardOutput.contains("`keystow recovery new` makes one"), "\(doctor.standardOutput)")
        let key = "\(directory.path)/data/master.key"
        let used = try await Vault.run(["recovery", "use", "--recovery-key-file", key], in: directory)
        #expect(used.ended() == 78 && used.standardError.contains("has no recovery key"))
        let fresh = try await Vault.run(["recovery", "new"], in: directory)
        #expect(fresh.standardOutput.wholeMatch(of: /[A-Za-z0-9+\/]{43}=\n/) != nil)
        let again = try await Vault.run(["doctor", "--offline", "--json"], in: directory)
        #expect(!again.standardOutput.contains("`keystow recovery new` makes one"))
    }
}
