import FoundationEssentials
import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// `KEYSTOW_MASTER_KEY_COMMAND`, through the program itself.
@Suite struct MasterKeyCommandTests {
    /// Whether a process runs; one that has ended and was not waited for does not.
    private func runs(_ process: String) -> Bool {
        guard let state = TemporaryDirectory.bytes(of: "/proc/\(process)/stat").split(separator: UInt8(ascii: ")")).last
        else { return false }
        return !state.starts(with: " Z".utf8)
    }

    private func numbers(in scene: MasterKeyScene) -> [String] {
        String(decoding: TemporaryDirectory.bytes(of: "\(scene.path)/numbers"), as: UTF8.self).split(separator: "\n")
            .map(String.init)
    }

    @Test func `whatever goes wrong with the command is 78 and one line that says what, and changes nothing`()
        async throws
    {
        let scene = try await MasterKeyScene()
        let before = scene.bytes()
        let plain = try scene.write(Array("cat".utf8), to: "plain", mode: 0o600)
        let empty = try scene.write([], to: "empty", mode: 0o700)
        let odd = try scene.write(Array("no program\n".utf8), to: "odd", mode: 0o700)
        let name = "KEYSTOW_MASTER_KEY_COMMAND"
        let form = "keystow: the output of \(name) must hold exactly 32 raw bytes or 44 characters of padded base64\n"
        for (command, said) in [
            ("/nowhere/at-all", "keystow: \(name): there is no such program, or it cannot be run\n"),
            ("no-such-program-anywhere", "keystow: \(name): there is no such program, or it cannot be run\n"),
            (plain, "keystow: \(name): there is no such program, or it cannot be run\n"),
            (scene.path, "keystow: \(name): there is no such program, or it cannot be run\n"),
            (empty, "keystow: \(name): its program cannot be started: Exec format error\n"),
            (odd, "keystow: \(name): its program cannot be started: Exec format error\n"),
            (try scene.script("one", "cat master.key; exit 1"), "keystow: \(name): its program ended with 1\n"),
            (try scene.script("killed", "kill -9 $$"), "keystow: \(name): its program was ended by signal 9\n"),
            (try scene.script("nothing", "exit 0"), "keystow: \(name): its program printed nothing\n"),
            (try scene.script("much", "cat /dev/zero"), form),
            (try scene.script("line", "printf '%s\\n\\n' '\(scene.base64)'"), form),
            (try scene.script("words", "echo the key is secret"), form),
            (try scene.script("raw", "cat '\(scene.file)'; echo"), form),
        ] {
            let refused = try await scene.open([name: command])
            #expect(refused.code == 78, "\(command)")
            let complaint = refused.said.split(separator: "\n").last.map { "\($0)\n" }
            #expect(complaint == said, "\(command)")
        }
        #expect(scene.bytes() == before)
    }

    @Test func `a command that hangs is killed after ten seconds, with all that it started`() async throws {
        let scene = try await MasterKeyScene()
        let script = try scene.script(
            "hangs", "sleep 600 &\necho $! >> '\(scene.path)/numbers'\necho $$ >> '\(scene.path)/numbers'\nsleep 600")
        let began = ContinuousClock.now
        let refused = try await scene.open(["KEYSTOW_MASTER_KEY_COMMAND": script])
        #expect(refused.code == 78)
        #expect(
            refused.said
                == "keystow: KEYSTOW_MASTER_KEY_COMMAND: its program took more than ten seconds and was killed\n")
        #expect(ContinuousClock.now - began >= .seconds(10))
        let numbers = numbers(in: scene)
        #expect(numbers.count == 2)
        for number in numbers { try await eventually("\(number) is gone") { !runs(number) } }
    }

    @Test func `what a command leaves running does not hold up the start, and is killed`() async throws {
        let scene = try await MasterKeyScene()
        let script = try scene.script(
            "leaves", "sleep 600 &\necho $! >> '\(scene.path)/numbers'\nexec cat '\(scene.file)'")
        let opened = try await scene.open(["KEYSTOW_MASTER_KEY_COMMAND": script])
        #expect(opened.code == 0, "\(opened.said)")
        let numbers = numbers(in: scene)
        #expect(numbers.count == 1)
        for number in numbers { try await eventually("\(number) is gone") { !runs(number) } }
    }

    @Test func `M09 a command inherits no descriptor, no setting of ours and no input`() async throws {
        let scene = try await MasterKeyScene()
        let script = try scene.script(
            "looks",
            """
            exec 2>'\(scene.path)/complaints'
            tr '\\0' '\\n' < /proc/self/environ > '\(scene.path)/variables'
            ls -l /proc/self/fd > '\(scene.path)/descriptors'
            cat > '\(scene.path)/input'
            exec cat '\(scene.file)'
            """)
        // One that was left open, and another that holds the previous key.
        let left = open("/etc/passwd", O_RDONLY)
        let previous = try scene.pipe(scene.key)
        defer { for descriptor in [left, previous] { close(descriptor) } }
        let opened = try await scene.open(
            [
                "KEYSTOW_MASTER_KEY_COMMAND": script, "KEYSTOW_MASTER_KEY_PREVIOUS_FD": "9", "KEYSTOW_TOKEN": "hush",
                "KEYSTOW_MASTER_KEY": scene.base64, "NOTIFY_SOCKET": "/nowhere", "MARKER": "seen",
            ], inherited: [5: left, 9: previous])
        #expect(opened.code == 0, "\(opened.said)")
        func text(_ name: String) -> String {
            String(decoding: TemporaryDirectory.bytes(of: "\(scene.path)/\(name)"), as: UTF8.self)
        }
        #expect(text("variables").contains("MARKER=seen"))
        #expect(!text("variables").contains("KEYSTOW_") && !text("variables").contains("NOTIFY_SOCKET"))
        // Those of `ls`, which has the first three from the script and reads the list by the fourth.
        let descriptors = text("descriptors").split(separator: "\n").compactMap { line in
            line.firstMatch(of: /(\d+) -> (.*)$/).map { ("\($0.1)", "\($0.2)") }
        }
        #expect(descriptors.map(\.0).sorted() == ["0", "1", "2", "3"], "\(descriptors)")
        #expect(descriptors.contains { $0 == ("0", "/dev/null") }, "\(descriptors)")
        #expect(descriptors.contains { $0.0 == "3" && $0.1.hasPrefix("/proc/") }, "\(descriptors)")
        #expect(text("input") == "")
    }

    @Test func `what a command complains of is heard, and is not taken for the key`() async throws {
        let scene = try await MasterKeyScene()
        let script = try scene.script("loud", "echo the card is not there >&2; cat '\(scene.file)'")
        let opened = try await scene.open(["KEYSTOW_MASTER_KEY_COMMAND": script])
        #expect(opened.code == 0)
        #expect(opened.said == "the card is not there\n")
    }

    /// The recipes of the operators' page: `openssl` is the real one; `age`, `vault` and `aws` are scripts that look at what
    /// they were called with and print what the real ones print.
    @Test(arguments: ["openssl", "age", "vault", "aws"])
    func `the recipes in the operators' page open a vault`(_ tool: String) async throws {
        let scene = try await MasterKeyScene()
        let root = #filePath.dropLast("Tests/KeystowTests/MasterKeyCommandTests.swift".count)
        let page = try #require(FileManager.default.contents(atPath: root + "docs/operating.md"))
        let start = "KEYSTOW_MASTER_KEY_COMMAND=\(tool) "
        let line = try #require(
            String(decoding: page, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(start) })
        let recipe = String(line.dropFirst("KEYSTOW_MASTER_KEY_COMMAND=".count))
        // The recipe with its files where this test has them.
        let command = recipe.replacing("/etc/keystow/", with: "\(scene.path)/")
        #expect(command != recipe || tool == "vault")
        let stand = "[ \"$*\" = '\(command.dropFirst(tool.count + 1))' ] || exit 9"
        switch tool {
        case "openssl":
            let making =
                "cd '\(scene.path)' && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=keystow -days 2 "
                + "-keyout unseal.pem -out unseal.crt 2>/dev/null && "
                + "openssl cms -encrypt -binary -outform DER -in master.key -out master.key.cms -aes256 unseal.crt"
            let code = try await Threads.run { system(making) }
            #expect(code == 0)
        case "vault": _ = try scene.script("vault", "\(stand)\nprintf '%s\\n' '\(scene.base64)'")
        case "aws": _ = try scene.script("aws", "\(stand)\nprintf '%s\\n' '\(scene.base64)'")
        default: _ = try scene.script(tool, "\(stand)\ncat '\(scene.file)'")
        }
        let path = "\(scene.path):/usr/local/bin:/usr/bin:/bin"
        let opened = try await scene.open(["KEYSTOW_MASTER_KEY_COMMAND": command, "PATH": path])
        #expect(opened.code == 0, "\(opened.said)")
    }
}
