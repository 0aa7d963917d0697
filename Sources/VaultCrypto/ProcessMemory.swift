import COpenSSL
import Glibc

/// What keeps this process's memory out of files and debuggers.
package enum ProcessMemory {
    /// No core files, and not dumpable: no other process of the same user can read or trace this one (prctl(2)); and a crash
    /// ends it without a word.
    ///
    /// The Swift runtime would write what registers point to into its report, and then wait for ever, because nobody may stop
    /// the threads of a process that is not dumpable. Call it before the first secret is made. Root still can.
    package static func forbidDumps() {
        for fatal in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(fatal, SIG_DFL) }
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = keystow_not_dumpable()
    }
}
