import Glibc

/// A question to whoever sits at the terminal.
enum Question {
    /// Whether somebody is there to read it and to answer.
    static var canBeAsked: Bool { isatty(STDIN_FILENO) == 1 && Console.isWatched }

    /// Asks, and waits for a line.
    ///
    /// What was typed before the question stood there is no answer to it.
    ///
    /// - Returns: the line without spaces around it; `nil` where there was none.
    static func ask(_ question: String) -> String? {
        tcflush(STDIN_FILENO, TCIFLUSH)
        Console.ask(question)
        var line: [UInt8] = []
        while true {
            var byte: UInt8 = 0
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { break }
            if line.count < 200 { line.append(byte) }
        }
        let text = String(decoding: line, as: UTF8.self).drop { $0 == " " }
        return String(text.reversed().drop { $0 == " " || $0 == "\r" }.reversed())
    }
}
