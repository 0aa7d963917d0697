import VaultModel

#if canImport(Glibc)
// `environ` is a plain global of C: the program changes it before it has a second thread, and reads it afterwards.
@unsafe @preconcurrency import Glibc
#endif

/// A program that runs for what it prints, in a process group of its own, which is gone with it.
///
/// It inherits standard error, the environment but for Keystow's own settings and the service manager's sockets, and
/// nothing else: no descriptor, no signal that is ignored or blocked.
struct KeyProgram: ~Copyable {
    private let process: pid_t
    private let output: Int32

    /// - Throws: `cannotStart`.
    init(_ path: String, _ words: [String]) throws(MasterKeyCommand.Fault) {
        // Whoever started us may have had children's ends ignored; then there would be no exit code to wait for.
        signal(SIGCHLD, SIG_DFL)
        Self.keepDescriptors()
        guard let (reading, writing) = Self.pipe() else { throw .cannotStart(errno: errno) }
        defer { close(writing) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, writing, 1)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var (all, none) = (sigset_t(), sigset_t())
        unsafe sigfillset(&all)
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))
        var arguments = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var variables = unsafe Self.environment()
        var child = pid_t()
        let code = unsafe posix_spawn(&child, path, &actions, &attributes, &arguments, &variables)
        guard code == 0 else {
            close(reading)
            throw .cannotStart(errno: code)
        }
        process = child
        output = reading
    }

    /// What is printed, up to the room that `span` has; returns when the program has ended, with all its group.
    ///
    /// What it left running, and what does not end in time, is killed.
    ///
    /// - Returns: how many bytes were printed, or were taken until there was no more room.
    mutating func collect(
        into span: inout MutableRawSpan, until end: ContinuousClock.Instant
    ) throws(MasterKeyCommand.Fault) -> Int {
        var length = 0
        var isOpen = true
        var isInTime = true
        var isFull = false
        unsafe span.withUnsafeMutableBytes { buffer in
            while isInTime, !isFull {
                let isOver = hasEnded
                let isReadable = isOpen && wait(milliseconds: isOver ? 0 : 10)
                if isReadable {
                    let got = unsafe read(output, buffer.baseAddress?.advanced(by: length), buffer.count - length)
                    if got > 0 { length += got } else if got == 0 { isOpen = false }
                    isFull = length == buffer.count
                } else if isOver {
                    return
                } else if !isOpen {
                    usleep(2_000)
                }
                isInTime = ContinuousClock.now < end
            }
        }
        let status = finish()
        // More than any key has is malformed, and whatever it would have ended with does not matter.
        if isFull { return length }
        guard isInTime else { throw .tooSlow }
        let signal = status & 0x7F
        guard signal == 0 else { throw .ended(signal: signal) }
        let code = status >> 8 & 0xFF
        guard code == 0 else { throw .failed(code: code) }
        guard length > 0 else { throw .nothing }
        return length
    }

    /// Whether it has ended; it stays to be waited for, so that its number stays its own.
    private var hasEnded: Bool {
        var told = unsafe siginfo_t()
        let code = unsafe waitid(P_PID, id_t(process), &told, WEXITED | WNOHANG | WNOWAIT)
        let isTold = unsafe told.si_signo != 0
        return code == 0 && isTold
    }

    private func wait(milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waiting, 1, milliseconds) > 0
    }

    /// Ends whatever of it still runs, and returns how it ended.
    private func finish() -> Int32 {
        kill(-process, SIGKILL)
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    deinit { close(output) }

    /// Two ends that close on exec and are none of the first three descriptors, which the child gets anew.
    private static func pipe() -> (reading: Int32, writing: Int32)? {
        var ends: [Int32] = [-1, -1]
        guard unsafe Glibc.pipe(&ends) == 0 else { return nil }
        let moved = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 3) }
        for end in ends { close(end) }
        guard moved[0] >= 0, moved[1] >= 0 else {
            for end in moved where end >= 0 { close(end) }
            return nil
        }
        return (moved[0], moved[1])
    }

    /// Makes every descriptor but the first three close on exec: our own do already, and of those that we inherited
    /// nobody else has need.
    private static func keepDescriptors() {
        var numbers = 3...Int32(clamping: sysconf(Int32(_SC_OPEN_MAX)))
        if let folder = unsafe opendir("/proc/self/fd") {
            var newest: Int32 = 3
            while let entry = unsafe readdir(folder) {
                let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                    unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                }
                newest = max(newest, Int32(name) ?? 0)
            }
            unsafe closedir(folder)
            numbers = 3...newest
        }
        for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
    }

    /// Our own variables but for those that are Keystow's or the service manager's; nothing is copied.
    private static func environment() -> [UnsafeMutablePointer<CChar>?] {
        var variables: [UnsafeMutablePointer<CChar>?] = unsafe []
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            let name = unsafe String(
                decoding: UnsafeRawBufferPointer(start: text, count: strcspn(text, "=")), as: UTF8.self)
            let isOwn = ["KEYSTOW_", "NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_"].contains { name.hasPrefix($0) }
            if !isOwn { unsafe variables.append(text) }
            unsafe entry += 1
        }
        return unsafe variables + [nil]
    }
}
