import Glibc
import Testing
import VaultTestKit

/// Whether the running program keeps its memory to itself, as a user of its own that has no rights but its files'.
@Suite(.enabled(if: geteuid() == 0, "only root can run the program as another user"))
struct ProcessProtectionTests {
    /// Nobody in particular.
    private static let user = 65_534
    private static let becomingIt = [
        "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--no-new-privs",
    ]

    /// A directory of that user's.
    private static func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        mkdir("\(directory.path)/data", 0o700)
        for path in [directory.path, "\(directory.path)/data"] { chown(path, uid_t(user), gid_t(user)) }
        return directory
    }

    /// A server of that user's, and where it keeps core files if it makes any.
    ///
    /// Of a copy: where the tests' own programs lie that user may not look.
    private static func serve(_ launcher: [String] = [], in directory: TemporaryDirectory) async throws -> Program {
        let copy = "\(directory.path)/keystow"
        let made = try await Shell.run("install -m 0755 '\(Program.path(of: "keystow"))' '\(copy)'")
        guard made.code == 0 else { throw TestKitFailure("no copy of the program") }
        return try Program(
            named: copy, ["serve", "--listen", "127.0.0.1:0", "--data-dir", "\(directory.path)/data"],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], through: launcher + becomingIt, in: directory)
    }

    /// What the same user is told who looks into a process: an errno for each way, 0 where nothing stands in it.
    private static func looks(into process: pid_t) async throws -> [String: Int] {
        let script = """
            import ctypes, os, sys
            libc = ctypes.CDLL(None, use_errno=True)
            def told(way):
                try:
                    return way() or 0
                except OSError as error:
                    return error.errno
            def read(name):
                with open(f"/proc/{sys.argv[1]}/{name}", "rb") as file:
                    file.read(1)
            def traced():
                if libc.ptrace(16, int(sys.argv[1]), None, None) == 0:
                    libc.ptrace(17, int(sys.argv[1]), None, None)
                    return 0
                return ctypes.get_errno()
            for name in ["environ", "maps", "auxv"]:
                print(name, told(lambda: read(name)))
            print("mem", told(lambda: os.close(os.open(f"/proc/{sys.argv[1]}/mem", os.O_RDONLY))))
            print("ptrace", told(traced))
            """
        let result = try await Shell.run(
            "\(becomingIt.joined(separator: " ")) env PATH=/usr/bin:/bin python3 -c '\(script)' \(process) 2>&1")
        guard result.code == 0 else { throw TestKitFailure(result.output) }
        return Dictionary(
            uniqueKeysWithValues: result.output.split(separator: "\n").map { line in
                let words = line.split(separator: " ")
                return (String(words[0]), Int(words[1]) ?? -1)
            })
    }

    @Test func `M03 nobody of the same user reads or traces the program`() async throws {
        let directory = try Self.directory()
        let program = try await Self.serve(in: directory)
        _ = try await program.port()
        let refused = try await Self.looks(into: program.process)
        #expect(Set(refused.keys) == ["environ", "maps", "auxv", "mem", "ptrace"])
        #expect(refused.values.allSatisfy { [Int(EACCES), Int(EPERM)].contains($0) }, "\(refused)")

        // The control: another program of that user's is open to it, but for tracing, which a kernel may forbid altogether.
        let other = try Program(named: "/bin/sleep", ["300"], through: Self.becomingIt, in: directory)
        try await eventually("the other program is that user's") {
            let seen = try await Self.looks(into: other.process)
            return ["environ", "maps", "auxv"].allSatisfy { seen[$0] == 0 }
        }
    }

    @Test(arguments: [SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGTRAP])
    func `M03 a crash ends the program at once, with no core file, whatever the limit on them, and no report`(
        _ signal: Int32
    ) async throws {
        let unlimited = ["prlimit", "--core=unlimited:unlimited"]
        let directory = try Self.directory()
        let program = try await Self.serve(unlimited, in: directory)
        _ = try await program.port()
        program.signal(signal)
        #expect(try await program.wait() == 128 + signal)
        #expect(!program.hasDumped)
        // Of what the Swift runtime says of a crash, with what lies in memory, there is nothing.
        #expect(!program.standardError.contains("rash") && !program.standardError.contains("acktrac"))
    }

    @Test func `M04 the heap for secrets is locked, and where it cannot be the program does not start`() async throws {
        let directory = try Self.directory()
        let program = try await Self.serve(["prlimit", "--memlock=4194304:4194304"], in: directory)
        _ = try await program.port()
        let status = String(decoding: TemporaryDirectory.bytes(of: "/proc/\(program.process)/status"), as: UTF8.self)
        let locked = try #require(status.firstMatch(of: /VmLck:\s+(\d+) kB/)?.1)
        #expect(try #require(Int(locked)) >= 1024)
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0)

        for limit in [0, 1_048_575] {
            let refused = try await Self.serve(["prlimit", "--memlock=\(limit):\(limit)"], in: directory)
            #expect(try await refused.wait() == 71)
            let lines = refused.standardError.split(separator: "\n")
            #expect(lines.count == 1 && lines[0].contains("RLIMIT_MEMLOCK"), "\(refused.standardError)")
            #expect(refused.standardOutput.isEmpty)
        }
    }
}
