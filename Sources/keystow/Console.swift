import Glibc
import VaultModel

/// Where the program talks to people and to other programs: whole lines, unbuffered.
enum Console {
    /// Writes a line to standard output: results, for programs.
    ///
    /// - Returns: `inputOutput` when nobody takes it, such as a closed pipe.
    @discardableResult
    static func say(_ text: String) -> ExitCode { write(Array((text + "\n").utf8)[...], to: STDOUT_FILENO) }

    /// Writes finished lines to standard output, all at once.
    static func say(lines: [String]) -> ExitCode {
        write(Array(lines.map { $0 + "\n" }.joined().utf8)[...], to: STDOUT_FILENO)
    }

    /// From now on a reader that goes away, such as `head`, ends what is written and not the program.
    static func outliveReaders() { signal(SIGPIPE, SIG_IGN) }

    /// Writes a line to standard error: what happened, for people.
    ///
    /// Whatever of it others wrote, such as a server or whoever chose a name, stays on this line.
    static func tell(_ text: String) {
        _ = write(Array("keystow: \(HarmlessText.sentence(text))\n".utf8)[...], to: STDERR_FILENO)
    }

    /// Writes a question to standard error, so that the answer can be typed behind it.
    static func ask(_ question: String) {
        _ = write(Array("\(HarmlessText.sentence(question)) ".utf8)[...], to: STDERR_FILENO)
    }

    /// Writes finished lines to standard error as they are.
    static func tell(lines: [String]) {
        _ = write(Array(lines.map { $0 + "\n" }.joined().utf8)[...], to: STDERR_FILENO)
    }

    /// Writes a finished line to standard error, in one piece.
    static func tell(line: consuming WipedBuffer) {
        line.append(UInt8(ascii: "\n"))
        _ = write(line, to: STDERR_FILENO)
    }

    /// Writes a finished line to standard output.
    static func say(line: consuming WipedBuffer) -> ExitCode {
        line.append(UInt8(ascii: "\n"))
        return write(line, to: STDOUT_FILENO)
    }

    /// Writes what may be a secret as it is, without a copy of it.
    static func write(_ text: borrowing WipedBuffer, to descriptor: Int32) -> ExitCode {
        text.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe write($0, to: descriptor) }
        }
    }

    /// Shows how far something has come, on a line of standard error that the next one replaces; only to a terminal.
    ///
    /// - Parameter text: one line; `nil` takes the last one away.
    static func show(progress text: String?) {
        guard isWatched else { return }
        // A line that is wrapped could not be taken back whole.
        var size = winsize()
        let width = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 1 ? size.ws_col : 80
        let line = text.map { "keystow: \($0)".prefix(Int(width) - 1) } ?? ""
        _ = write(Array("\r\u{1B}[K\(line)".utf8)[...], to: STDERR_FILENO)
    }

    /// Whether a person reads standard output.
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    /// Whether a person reads standard error.
    static var isWatched: Bool { isatty(STDERR_FILENO) == 1 }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> ExitCode {
        unsafe bytes.withUnsafeBytes { unsafe write($0, to: descriptor) }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> ExitCode {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let written = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return .inputOutput }
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
        }
        return .ok
    }
}
