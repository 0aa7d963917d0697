import COpenSSL

/// The OpenSSL that this program runs with, and what else of the system only C can be asked for.
package enum CryptoLibrary {
    /// Such as `OpenSSL 3.0.17 1 Jul 2025`.
    package static var version: String {
        guard let text = unsafe OpenSSL_version(OPENSSL_VERSION) else { return "OpenSSL" }
        return unsafe String(cString: text)
    }

    package static var majorVersion: Int { Int(OPENSSL_version_major()) }

    /// Whether the kernel says that the clock is kept in step with others (adjtimex(2)); `nil` where it does not say.
    package static var isClockSynchronised: Bool? {
        let answer = keystow_clock_is_synchronised()
        return answer < 0 ? nil : answer == 1
    }
}
