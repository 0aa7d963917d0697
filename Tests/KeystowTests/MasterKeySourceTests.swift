import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// The master key from each of its sources, through the program itself.
@Suite struct MasterKeySourceTests {
    /// The settings with which a scene's key comes from one kind of source; `prefix` is that of the two master keys.
    enum Source: String, CaseIterable, Sendable {
        case file, fileOfBase64, descriptor, descriptorOfFile, credential, command, commandOfBase64, environment

        struct Settings {
            var environment: [String: String] = [:]
            var inherited: [Int32: Int32] = [:]
        }

        func settings(_ scene: MasterKeyScene, _ key: [UInt8], isPrevious: Bool = false) throws -> Settings {
            let prefix = "KEYSTOW_MASTER_KEY" + (isPrevious ? "_PREVIOUS" : "")
            let name = "\(rawValue)-\(isPrevious)"
            let (number, text) = (Int32(isPrevious ? 8 : 7), MasterKeyScene.base64(of: key))
            switch self {
            case .file: return Settings(environment: ["\(prefix)_FILE": try scene.write(key, to: name)])
            case .fileOfBase64:
                return Settings(environment: ["\(prefix)_FILE": try scene.write(Array("\(text)\n".utf8), to: name)])
            case .descriptor:
                return Settings(environment: ["\(prefix)_FD": "\(number)"], inherited: [number: try scene.pipe(key)])
            case .descriptorOfFile:
                let file = open(try scene.write(Array(text.utf8), to: name), O_RDONLY | O_CLOEXEC)
                return Settings(environment: ["\(prefix)_FD": "\(number)"], inherited: [number: file])
            case .credential:
                let credential = "keystow-master-key" + (isPrevious ? "-previous" : "")
                try scene.write(key, to: credential, mode: 0o440)
                // Ours, and closed to others, as where the service manager's own files are this user's.
                chmod("\(scene.path)/\(credential)", 0o400)
                return Settings(environment: ["CREDENTIALS_DIRECTORY": scene.path])
            case .command:
                let file = try scene.write(key, to: name)
                return Settings(environment: ["\(prefix)_COMMAND": "cat '\(file)'"])
            case .commandOfBase64:
                let script = try scene.script(name, "printf '%s\\n' '\(text)'")
                return Settings(environment: ["\(prefix)_COMMAND": "\(script) \"an argument\""])
            case .environment: return Settings(environment: [prefix: text])
            }
        }

        func close(_ settings: Settings) { for descriptor in settings.inherited.values { Glibc.close(descriptor) } }
    }

    @Test(arguments: Source.allCases)
    func `the key comes from each source, for a vault that is there and for a new one`(_ source: Source) async throws {
        let scene = try await MasterKeyScene()
        let settings = try source.settings(scene, scene.key)
        defer { source.close(settings) }
        let opened = try await scene.open(settings.environment, inherited: settings.inherited)
        #expect(opened.code == 0, "\(opened.said)")
        // Another key from the same source opens nothing: the source is what was read.
        let other = try source.settings(scene, scene.key.map { $0 ^ 1 })
        defer { source.close(other) }
        let refused = try await scene.open(other.environment, inherited: other.inherited)
        #expect(refused.code == 78)
        #expect(refused.said.contains("wrong master key: this vault expects mst_"), "\(refused.said)")

        let fresh = try await MasterKeyScene(isMade: false)
        let again = try source.settings(fresh, fresh.key)
        defer { source.close(again) }
        // A first start reads a source that can be read once for making the vault, and for opening it.
        let server = try fresh.run(
            ["serve", "--listen", "127.0.0.1:0"], again.environment, inherited: again.inherited)
        #expect(try await server.port() > 0)
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
        #expect(fresh.bytes().keys.filter { $0.hasSuffix("master.key") } == [])
        #expect(try await fresh.open(["KEYSTOW_MASTER_KEY_FILE": fresh.file]).code == 0)
    }

    @Test(arguments: Source.allCases)
    func `a vault that the current key does not open is opened by the previous one, and the server says so`(
        _ source: Source
    ) async throws {
        let scene = try await MasterKeyScene()
        let next = try scene.write(scene.key.map { $0 ^ 0x80 }, to: "next.key")
        let previous = try source.settings(scene, scene.key, isPrevious: true)
        defer { source.close(previous) }
        let both = previous.environment.merging(["KEYSTOW_MASTER_KEY_FILE": next]) { $1 }
        let server = try scene.run(["serve", "--listen", "127.0.0.1:0"], both, inherited: previous.inherited)
        #expect(try await server.port() > 0)
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)
        let lines = server.standardError.split(separator: "\n").filter {
            $0.contains(#""event":"master_key.previous""#)
        }
        #expect(lines.count == 1, "\(server.standardError)")
        #expect(lines.first?.contains("run `keystow rekey --master`") == true)
        #expect(lines.first?.contains(#""level":"warning""#) == true)

        // The current one alone does not open it, and neither do two that are both wrong.
        #expect(try await scene.open(["KEYSTOW_MASTER_KEY_FILE": next]).code == 78)
        let wrong = try source.settings(scene, scene.key.map { $0 ^ 1 }, isPrevious: true)
        defer { source.close(wrong) }
        let neither = wrong.environment.merging(["KEYSTOW_MASTER_KEY_FILE": next]) { $1 }
        let refused = try await scene.open(neither, inherited: wrong.inherited)
        #expect(refused.code == 78)
        #expect(refused.said.contains("wrong master key: this vault expects mst_"), "\(refused.said)")
    }

    @Test(arguments: zip(Source.allCases, Source.allCases.dropFirst() + Source.allCases.prefix(1)))
    func `a serving vault goes from one source to another, and the first opens nothing afterwards`(
        _ old: Source, _ new: Source
    ) async throws {
        let scene = try await MasterKeyScene()
        let made = try scene.run(
            ["token", "create", "--kind", "adm", "--name", "changer"], ["KEYSTOW_MASTER_KEY_FILE": scene.file])
        #expect(try await made.wait() == 0)
        let token = String(made.standardOutput.prefix { $0 != "\n" })
        let key = scene.key.map { $0 ^ 0x40 }
        let (previous, current) = (
            try old.settings(scene, scene.key, isPrevious: true), try new.settings(scene, key)
        )
        defer {
            old.close(previous)
            new.close(current)
        }
        let server = try scene.run(
            ["serve", "--listen", "127.0.0.1:0"], previous.environment.merging(current.environment) { $1 },
            inherited: previous.inherited.merging(current.inherited) { $1 })
        let port = try await server.port()
        let change = try scene.run(
            ["rekey", "--master"], ["KEYSTOW_URL": "http://127.0.0.1:\(port)", "KEYSTOW_TOKEN": token])
        #expect(try await change.wait() == 0, "\(change.standardError)")
        let seen = try await Threads.run {
            try HTTPExchange.send(
                port: port, "GET", "/v1/keyring", headers: [("Authorization", "Bearer \(token)")], body: nil)
        }
        #expect(seen.status == 200)
        server.signal(SIGTERM)
        #expect(try await server.wait() == 0)

        let alone = try new.settings(scene, key)
        defer { new.close(alone) }
        #expect(try await scene.open(alone.environment, inherited: alone.inherited).code == 0)
        let gone = try old.settings(scene, scene.key)
        defer { old.close(gone) }
        #expect(try await scene.open(gone.environment, inherited: gone.inherited).code == 78)
    }

    @Test func `the previous key is not asked for while the current one opens the vault`() async throws {
        let scene = try await MasterKeyScene()
        let script = try scene.script("previous", "touch '\(scene.path)/asked'; cat '\(scene.file)'")
        let settings = ["KEYSTOW_MASTER_KEY_FILE": scene.file, "KEYSTOW_MASTER_KEY_PREVIOUS_COMMAND": script]
        let opened = try await scene.open(settings)
        #expect(opened.code == 0 && opened.said == "")
        #expect(access("\(scene.path)/asked", F_OK) != 0)
        let next = try scene.write(scene.key.map { $0 ^ 2 }, to: "next.key")
        #expect(try await scene.open(settings.merging(["KEYSTOW_MASTER_KEY_FILE": next]) { $1 }).code == 0)
        #expect(access("\(scene.path)/asked", F_OK) == 0)
    }

    @Test func `a source that is configured and gives nothing is no reason to make another key`() async throws {
        let scene = try await MasterKeyScene(isMade: false)
        for settings in [
            ["KEYSTOW_MASTER_KEY_COMMAND": "false"], ["KEYSTOW_MASTER_KEY_FD": "999"],
            ["KEYSTOW_MASTER_KEY": "short"],
        ] {
            let program = try scene.run(["init"], settings)
            #expect(try await program.wait() == 78, "\(program.standardError)")
            #expect(scene.bytes().keys.filter { $0.hasSuffix(".key") || $0.hasSuffix("vault.db") } == [])
        }
        // Without any source the key is made beside the data, and with a file's name there.
        let usual = try scene.run(["init"])
        #expect(try await usual.wait() == 0)
        #expect(scene.bytes().keys.contains("\(scene.data)/master.key"))
    }

    @Test func `a descriptor must be open, inherited, no terminal, and come to its end`() async throws {
        let scene = try await MasterKeyScene()
        let open = try scene.pipe(scene.key, staysOpen: true)
        let long = try scene.pipe(scene.key + scene.key)
        let empty = try scene.pipe([])
        let folder = Glibc.open(scene.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        let terminal = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        defer { for descriptor in [open, long, empty, folder, terminal] where descriptor >= 0 { close(descriptor) } }
        var cases: [(Int32?, String)] = [
            (nil, "descriptor 999 is not open, or was not inherited"),
            (open, "descriptor 9 was not written to its end within ten seconds"),
            (long, "descriptor 9 must hold exactly 32 raw bytes or 44 characters of padded base64"),
            (empty, "descriptor 9 must hold exactly 32 raw bytes or 44 characters of padded base64"),
            (folder, "descriptor 9 cannot be read: Is a directory"),
        ]
        if terminal >= 0 { cases.append((terminal, "descriptor 9 is a terminal; a master key is not typed")) }
        for (descriptor, reason) in cases {
            let refused = try await scene.open(
                ["KEYSTOW_MASTER_KEY_FD": descriptor == nil ? "999" : "9"], inherited: descriptor.map { [9: $0] } ?? [:]
            )
            #expect(refused.code == 78)
            #expect(refused.said == "keystow: \(reason)\n")
        }
    }

    @Test func `doctor says of each source where the key comes from, and what is odd about it`() async throws {
        let scene = try await MasterKeyScene()
        func findings(_ settings: Source.Settings) async throws -> [String: JSONTree] {
            let program = try scene.run(
                ["doctor", "--offline", "--json"], settings.environment, inherited: settings.inherited)
            _ = try await program.wait()
            let lines = program.standardOutput.split(separator: "\n").map { JSONTree(text: String($0)) }
            return Dictionary(lines.map { ($0["check"].string ?? "", $0) }) { first, _ in first }
        }
        for (source, level) in [
            (Source.file, "ok"), (.descriptor, "ok"), (.credential, "ok"), (.command, "ok"), (.environment, "warning"),
        ] {
            let settings = try source.settings(scene, scene.key)
            defer { source.close(settings) }
            let found = try await findings(settings)
            #expect(found["master_key"]?["level"].string == level, "\(source): \(found["master_key"] ?? .null)")
            #expect(found["vault"]?["level"].string == "ok", "\(source): \(found["vault"] ?? .null)")
            #expect(found["previous_master_key"] == nil)
        }
        let script = try scene.script("key", "cat '\(scene.file)'")
        chmod(script, 0o722)
        let open = try await findings(.init(environment: ["KEYSTOW_MASTER_KEY_COMMAND": script]))
        #expect(open["master_key"]?["level"].string == "fault")
        let gone = try await findings(.init(environment: ["KEYSTOW_MASTER_KEY_COMMAND": "nothing-of-this-name"]))
        #expect(gone["master_key"]?["level"].string == "fault")
        #expect(gone["vault"]?["detail"].string?.contains("no such program") == true)
        let next = try scene.write(scene.key.map { $0 ^ 1 }, to: "next.key")
        let both = try await findings(
            .init(environment: [
                "KEYSTOW_MASTER_KEY_FILE": next, "KEYSTOW_MASTER_KEY_PREVIOUS_FILE": scene.file,
            ]))
        #expect(both["vault"]?["level"].string == "warning")
        #expect(both["vault"]?["advice"].string?.contains("keystow rekey --master") == true)
        #expect(both["previous_master_key"]?["level"].string == "note")
    }
}
