import COpenSSL
package import VaultModel

/// What is found when a server's certificate and private key, both as PEM, are looked at before they are used.
package enum CertificateCheck: Sendable, Equatable {
    /// The key is the certificate's, which ends then.
    case fits(until: Timestamp)
    /// The first thing in the file is no certificate.
    case noCertificate
    /// There is no private key, or it is behind a passphrase.
    case noKey
    /// The key is that of another certificate.
    case otherKey

    package init(certificate: RawSpan, key: RawSpan) {
        defer { CryptoError.discardQueue() }
        guard let leaf = unsafe Self.read(certificate, { unsafe PEM_read_bio_X509($0, nil, nil, nil) }) else {
            self = .noCertificate
            return
        }
        defer { unsafe X509_free(leaf) }
        // With a passphrase that is given nobody is asked for one at the terminal.
        let readKey = { (source: OpaquePointer) -> OpaquePointer? in
            var empty: CChar = 0
            return unsafe PEM_read_bio_PrivateKey(source, nil, nil, &empty)
        }
        guard let pair = unsafe Self.read(key, readKey) else {
            self = .noKey
            return
        }
        defer { unsafe EVP_PKEY_free(pair) }
        var seconds: Int64 = 0
        guard unsafe X509_check_private_key(leaf, pair) == 1 else {
            self = .otherKey
            return
        }
        guard unsafe keystow_certificate_end(leaf, &seconds) == 1 else {
            self = .noCertificate
            return
        }
        self = .fits(until: Timestamp(milliseconds: seconds * 1000))
    }

    private static func read(_ pem: RawSpan, _ reader: (OpaquePointer) -> OpaquePointer?) -> OpaquePointer? {
        unsafe pem.withUnsafeBytes { bytes in
            guard let source = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else {
                return nil
            }
            defer { unsafe BIO_free(source) }
            return unsafe reader(source)
        }
    }
}
