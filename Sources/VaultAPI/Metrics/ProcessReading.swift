import Glibc

/// What the system says of this process.
struct ProcessReading: Sendable {
    let residentBytes: Int
    let openDescriptors: Int
    let descriptorLimit: Int
    let processorMilliseconds: Int

    /// Reads it now. What cannot be read is 0.
    static func now() -> ProcessReading {
        var usage = rusage()
        _ = unsafe getrusage(RUSAGE_SELF.rawValue, &usage)
        let processor = milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime)
        var limit = rlimit()
        _ = unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return ProcessReading(
            residentBytes: residentPages * sysconf(CInt(_SC_PAGESIZE)), openDescriptors: descriptors,
            descriptorLimit: Int(clamping: limit.rlim_cur), processorMilliseconds: processor)
    }

    private static func milliseconds(_ time: timeval) -> Int { Int(time.tv_sec) * 1000 + Int(time.tv_usec) / 1000 }

    /// The second number of `/proc/self/statm` (proc(5)).
    private static var residentPages: Int {
        let file = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return 0 }
        defer { close(file) }
        var text = [UInt8](repeating: 0, count: 128)
        let count = unsafe text.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
        let words = text.prefix(max(count, 0)).split(separator: UInt8(ascii: " "))
        return words.count > 1 ? Int(String(decoding: words[1], as: UTF8.self)) ?? 0 : 0
    }

    private static var descriptors: Int {
        guard let directory = unsafe opendir("/proc/self/fd") else { return 0 }
        defer { unsafe closedir(directory) }
        var count = 0
        while unsafe readdir(directory) != nil { count += 1 }
        // Without the two names of directories, and without the one that reads them.
        return max(count - 3, 0)
    }
}
