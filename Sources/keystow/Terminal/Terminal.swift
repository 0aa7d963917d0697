import Glibc

/// What standard output is written to.
struct Terminal: Sendable, Equatable {
    /// How many cells a line has; `nil` where nobody watches, and lines may be of any length.
    var width: Int?
    var hasColor: Bool

    /// A file or another program.
    static let none = Terminal(width: nil, hasColor: false)

    /// Standard output as it is now: color only on a terminal that is not `dumb` and without `NO_COLOR` (no-color.org).
    static var output: Terminal {
        guard isatty(STDOUT_FILENO) == 1 else { return .none }
        var size = winsize()
        let isKnown = unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        let isPlain = variable("NO_COLOR") != nil || variable("TERM") == nil || variable("TERM") == "dumb"
        return Terminal(width: isKnown ? Int(size.ws_col) : 80, hasColor: !isPlain)
    }

    /// Nothing of this program writes the environment, so that it may be read at any time; an empty one counts as none.
    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name), unsafe value[0] != 0 else { return nil }
        return unsafe String(cString: value)
    }

    /// `text` in a style, where there is color.
    func styled(_ text: String, _ style: Style?) -> String {
        guard hasColor, let style else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }

    /// "Select Graphic Rendition" of ECMA-48, of those that every terminal has.
    enum Style: String, Sendable {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
        case magenta = "35"
    }
}
