/// Why a call brought no answer. Never holds anything of the request or of the answer.
///
/// The `refused…` cases are ours: no byte of the request left the machine. All others say nothing of the key.
package enum HTTPClientError: Error, Sendable, Equatable {
    /// Not `scheme://host[:port]/path[?query]` in its one spelling, or a scheme or port that is not allowed.
    case refusedURL
    /// The host is, or resolves to, an address that this request may not connect to.
    case refusedAddress
    /// The secret is empty or holds a byte outside 0x21–0x7E, and so could end its header and begin another.
    case refusedSecret
    /// A header that could be read as two, or one that is the client's own to write.
    case refusedHeader
    /// The host's name has no address.
    case resolve
    /// Nobody answers at the address.
    case connect
    /// No TLS 1.2 or later with one of our ciphers, or a certificate that is not the host's or not trusted; the secret was not sent.
    case tls
    /// The time for connecting or for the whole call is over.
    case timeout
    /// The answer has more than 64 KiB of body or 16 KiB of headers.
    case tooLarge
    /// The calling task was cancelled or the client closed.
    case cancelled
    /// Anything else, with libcurl's own `CURLcode`.
    case transport(Int)
}
