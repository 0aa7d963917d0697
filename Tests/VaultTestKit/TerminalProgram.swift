import Glibc

/// The program `keystow` as a child that sits at a terminal: a pseudo-terminal is its input, its output and where it complains.
package final class TerminalProgram {
    /// Whether this system has pseudo-terminals: a bare chroot without `/dev/pts` has none.
    package static let isPossible: Bool = {
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }()

    private let process: pid_t
    private let terminal: Int32
    private var seen: [UInt8] = []
    private var status: Int32?

    /// - Parameter columns: how wide the terminal is.
    package init(_ arguments: [String], environment: [String: String] = [:], columns: UInt16 = 120) throws {
        // What posix_openpt, unlockpt and ptsname do (pty(7), ioctl_tty(2)), which Swift does not see.
        terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (locked, number) = (Int32(0), UInt32(0))
        let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))
        guard terminal >= 0, ioctl(terminal, setLock, &locked) == 0, ioctl(terminal, getNumber, &number) == 0 else {
            throw TestKitFailure("no terminal: errno \(errno)")
        }
        let path = "/dev/pts/\(number)"
        var size = winsize(ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        guard ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0, fcntl(terminal, F_SETFL, O_NONBLOCK) == 0 else {
            throw TestKitFailure("no size for the terminal: errno \(errno)")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // The leader of a new session that opens a terminal gets it as its own, so that a typed Ctrl-C is a signal.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, 0x80 /* POSIX_SPAWN_SETSID */)
        posix_spawn_file_actions_addopen(&actions, 0, path, O_RDWR, 0)
        posix_spawn_file_actions_adddup2(&actions, 0, 1)
        posix_spawn_file_actions_adddup2(&actions, 0, 2)
        let program = "\(Program.folder)/keystow"
        let environment = ["TERM": "xterm"].merging(environment) { $1 }
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var child = pid_t()
        let code = posix_spawn(&child, program, &actions, &attributes, &words, &variables)
        guard code == 0 else { throw TestKitFailure("cannot start \(program): \(code)") }
        process = child
    }

    deinit {
        close(terminal)
        guard status == nil else { return }
        kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Everything that came to the terminal, what was typed and echoed among it; line ends as line feeds.
    package var screen: String {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(terminal, &chunk, chunk.count), count > 0 { seen += chunk[..<count] }
        return String(decoding: seen.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    }

    /// Waits until `text` stands on the screen.
    package func shows(_ text: String) async throws {
        try await eventually("the terminal shows \(text)") {
            if screen.contains(text) { return true }
            if let code = ended() {
                guard !screen.contains(text) else { return true }
                throw TestKitFailure("ended with \(code), without \(text): \(screen)")
            }
            return false
        }
    }

    /// Types characters; `\n` is the return key, `\u{3}` Ctrl-C.
    package func type(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(terminal, bytes, bytes.count)
    }

    package func ended() -> Int32? {
        if status == nil { status = Program.exitCode(of: process) }
        return status
    }

    package func wait() async throws -> Int32 {
        try await eventually("keystow ends") {
            // A terminal that nobody reads fills up, and then the program waits.
            _ = screen
            return ended() != nil
        }
        _ = screen
        return status ?? -1
    }
}
