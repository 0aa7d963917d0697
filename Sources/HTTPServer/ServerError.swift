/// Why there is no listener.
package enum ServerError: Error, Sendable, Equatable {
    /// Not a numeric IPv4 or IPv6 address.
    case invalidAddress
    /// The system did not give the address: taken, not ours, not allowed. `code` is the `errno`.
    case cannotListen(code: Int32)
    /// libmicrohttpd did not start: out of memory, threads or descriptors.
    case cannotStart
    /// The same, or GnuTLS does not take the certificate or its key.
    case cannotStartTLS
    /// The libmicrohttpd of this system was built without TLS.
    case noTLS
    /// This listener has been stopped, or is already running.
    case notRunnable
}
