/// How the program ends, in the codes of `sysexits.h`.
enum ExitCode: Int32, Error, Sendable {
    case ok = 0
    /// What was looked for was found, and should not be there: `keys stale`. No code of sysexits.h, so that it is told apart.
    case found = 1
    /// The command line cannot be understood.
    case usage = 64
    /// What was looked at is not well.
    case dataFault = 65
    /// A file that was named is not there or cannot be read.
    case noInput = 66
    /// Something needed is not there now: a server that does not answer, a vault that is not initialised.
    case unavailable = 69
    /// The fault is the program's own.
    case software = 70
    /// The operating system refused something basic, such as an address to listen on.
    case system = 71
    /// A file or directory cannot be made.
    case cannotCreate = 73
    case inputOutput = 74
    /// Worth another try: the data directory is in use by another process.
    case temporary = 75
    case noPermission = 77
    /// The configuration is wrong, the master key among it.
    case configuration = 78
    /// Ended by SIGINT (Ctrl-C) after what was under way was finished: 128 and the signal's number, as a shell has it.
    case interrupted = 130
    /// The same by SIGTERM.
    case terminated = 143

    init(endedBy signal: Int32) { self = signal == 15 ? .terminated : .interrupted }
}
