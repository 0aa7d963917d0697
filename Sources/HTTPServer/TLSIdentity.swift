package import VaultModel

/// A certificate chain and its private key, both as PEM, for a listener's own TLS.
///
/// libmicrohttpd reads both while a ``Listener`` begins and not after, so that this may go then, and the key's text is
/// overwritten with it. GnuTLS keeps the key that it read in ordinary memory for as long as the listener is there.
package final class TLSIdentity: Sendable {
    private let certificate: WipedBuffer
    private let key: WipedBuffer

    /// TLS 1.2 and 1.3, ephemeral keys on elliptic curves, authenticated ciphers; the server's order counts.
    static let priorities: StaticString = """
        NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+AES-256-GCM:\
        +CHACHA20-POLY1305:+AES-128-GCM:-MAC-ALL:+AEAD:%SERVER_PRECEDENCE
        """

    package init(certificate: consuming WipedBuffer, key: consuming WipedBuffer) {
        // C wants them to end with NUL.
        certificate.append(0 as UInt8)
        key.append(0 as UInt8)
        self.certificate = certificate
        self.key = key
    }

    /// Lends both to C, each up to its NUL.
    func withPEM<R>(
        _ body: (_ certificate: UnsafeMutableRawPointer?, _ key: UnsafeMutableRawPointer?) -> R
    ) -> R {
        certificate.withBytes { certificate in
            key.withBytes { key in
                unsafe certificate.withUnsafeBytes { certificate in
                    unsafe key.withUnsafeBytes { key in
                        unsafe body(
                            UnsafeMutableRawPointer(mutating: certificate.baseAddress),
                            UnsafeMutableRawPointer(mutating: key.baseAddress))
                    }
                }
            }
        }
    }
}
