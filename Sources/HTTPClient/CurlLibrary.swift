internal import CCurl

#if canImport(Glibc)
import Glibc
#endif

/// libcurl as a whole: set up once for the process and never torn down.
enum CurlLibrary {
    /// Whether libcurl is ready; the first look sets it up.
    ///
    /// It gets an allocator that overwrites what it frees, because requests with secrets pass through its
    /// buffers. `SSLKEYLOGFILE`, which would have the TLS keys of every call written to a file, leaves the
    /// environment before libcurl looks for it.
    static let isReady: Bool = {
        unsafe unsetenv("SSLKEYLOGFILE")
        return ccurl_global_init_wiping() == CURLE_OK
    }()
}
