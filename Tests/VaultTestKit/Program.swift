import Glibc

/// The program `keystow` itself, or the stand-in for providers, as a child.
package final class Program {
    /// Where the tests' own program lies, and `keystow` beside it.
    package static let folder: String = {
        let path = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }()

    /// Where a program of ours lies; another is named by its whole path.
    package static func path(of name: String) -> String { name.hasPrefix("/") ? name : "\(folder)/\(name)" }

    /// Its number, for as long as it runs.
    package let process: Int32
    private let output: String
    private let complaints: String
    private var status: Int32?
    /// Whether a signal has ended it and a core was made, in whatever place the system has for one.
    package private(set) var hasDumped = false

    /// Starts the program; what it writes goes to two files in `directory`.
    ///
    /// - Parameters:
    ///   - input: a file that it reads as its standard input.
    ///   - descriptor: where its standard output goes instead; then ``standardOutput`` is empty.
    ///   - launcher: a program, and what it is told before the path of this one, that becomes this one: `setpriv`, `sh`.
    ///   - inherited: descriptors of ours that it has open besides, by the number that they have there.
    package init(
        named name: String = "keystow", _ arguments: [String], environment: [String: String] = [:],
        input: String = "/dev/null", output descriptor: Int32? = nil, through launcher: [String] = [],
        inherited: [Int32: Int32] = [:], in directory: TemporaryDirectory
    ) throws {
        let number = UInt32.random(in: 0 ... .max)
        output = "\(directory.path)/out-\(number)"
        complaints = "\(directory.path)/err-\(number)"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
        if let descriptor {
            posix_spawn_file_actions_adddup2(&actions, descriptor, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT, 0o600)
        }
        posix_spawn_file_actions_addopen(&actions, 2, complaints, O_WRONLY | O_CREAT, 0o600)
        // Out of the way first, so that none is overwritten by another before its turn.
        let raised = inherited.mapValues { fcntl($0, F_DUPFD_CLOEXEC, 200) }
        defer { for descriptor in raised.values { close(descriptor) } }
        for (number, descriptor) in raised { posix_spawn_file_actions_adddup2(&actions, descriptor, number) }
        let program = Self.path(of: name)
        let line = launcher + [program] + arguments
        var words: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var child = pid_t()
        let code = posix_spawnp(&child, line[0], &actions, nil, &words, &variables)
        guard code == 0 else { throw TestKitFailure("cannot start \(program): \(code)") }
        process = child
    }

    deinit {
        if status == nil {
            kill(process, SIGKILL)
            var status: Int32 = 0
            waitpid(process, &status, 0)
        }
    }

    package var standardOutput: String { String(decoding: TemporaryDirectory.bytes(of: output), as: UTF8.self) }
    package var standardError: String { String(decoding: TemporaryDirectory.bytes(of: complaints), as: UTF8.self) }

    /// The port of a server, once it says that it listens.
    package func port() async throws -> UInt16 {
        var found: UInt16?
        try await eventually("keystow listens") {
            guard let line = standardOutput.split(separator: "\n").first(where: { $0.contains("listening") }) else {
                if let code = ended() { throw TestKitFailure("keystow ended with \(code): \(standardError)") }
                return false
            }
            found = line.firstMatch(of: /"listening":"[^"]*:(\d+)"/).flatMap { UInt16($0.1) }
            return found != nil
        }
        return found ?? 0
    }

    package func signal(_ number: Int32) { if status == nil { kill(process, number) } }

    /// Lets it make no file longer than so many bytes (setrlimit(2), RLIMIT_FSIZE), or as long as it may.
    package func limitFiles(to bytes: UInt64?) throws {
        let limit = bytes.map(String.init) ?? "unlimited"
        guard system("prlimit --pid=\(process) --fsize=\(limit):") == 0 else { throw TestKitFailure("no such limit") }
    }

    /// The exit code, once it has ended; 128 and the signal's number when one ended it.
    package func ended() -> Int32? {
        if status == nil, let end = Self.end(of: process) { (status, hasDumped) = end }
        return status
    }

    /// The exit code of a child, taken from the system the once that it can be; `nil` while it runs.
    static func exitCode(of child: pid_t) -> Int32? { end(of: child)?.code }

    private static func end(of child: pid_t) -> (code: Int32, hasDumped: Bool)? {
        var raw: Int32 = 0
        guard waitpid(child, &raw, WNOHANG) == child else { return nil }
        return raw & 0x7F == 0 ? (raw >> 8 & 0xFF, false) : (128 + (raw & 0x7F), raw & 0x80 != 0)
    }

    package func wait() async throws -> Int32 {
        try await eventually("keystow ends") { ended() != nil }
        return status ?? -1
    }
}
