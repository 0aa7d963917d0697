import Glibc
import HTTPServer
import VaultCrypto
import VaultModel

/// Where the server's own certificate and its private key are, both PEM.
struct TLSFiles: Sendable, Equatable {
    let certificate: String
    let key: String

    /// Reads both and looks whether they belong together; what is odd but no reason to stop goes to `warn`.
    ///
    /// The key's file must belong to this user or root, and only its group may read it besides.
    ///
    /// - Parameter ending: told when the certificate ends.
    func identity(
        at now: Timestamp, ending: (Timestamp) -> Void = { _ in }, warn: (String) -> Void
    ) throws(CommandFailure) -> TLSIdentity {
        let chain = try read(.tlsCertificate, certificate, allowing: 0o755)
        let secret = try read(.tlsKey, key, allowing: 0o740)
        let check = chain.withBytes { chain in
            secret.withBytes { secret in CertificateCheck(certificate: chain, key: secret) }
        }
        switch check {
        case .noCertificate: throw fault(.tlsCertificate, certificate, "must hold a certificate chain as PEM")
        case .noKey: throw fault(.tlsKey, key, "must hold a private key as PEM, without a passphrase")
        case .otherKey: throw fault(.tlsKey, key, "holds the key of another certificate")
        case .fits(let end):
            ending(end)
            if end <= now {
                warn("the certificate in \(certificate) expired at \(end); clients refuse it")
            } else if end < now + 14 * 86_400 {
                warn("the certificate in \(certificate) expires at \(end); a new one counts from the next start")
            }
        }
        return TLSIdentity(certificate: chain, key: secret)
    }

    private func read(_ setting: Setting, _ path: String, allowing mode: mode_t) throws(CommandFailure) -> WipedBuffer {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw fault(setting, path, "cannot be read") }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 1_048_576 else {
            throw fault(setting, path, "must be a file of at most 1 MiB")
        }
        guard setting != .tlsKey || status.st_uid == geteuid() || status.st_uid == 0,
            status.st_mode & 0o777 & ~mode == 0
        else {
            throw fault(setting, path, "must belong to this user or root and be closed to others: chmod 0400")
        }
        // As much as it will ever hold, so that the bytes are never moved: with room for a final NUL.
        var content = WipedBuffer(capacity: Int(status.st_size) + 1)
        var piece = WipedPiece()
        while case let count = piece.read(from: file), count > 0 { piece.append(count, to: &content) }
        guard content.count == Int(status.st_size) else { throw fault(setting, path, "cannot be read") }
        return content
    }

    private func fault(_ setting: Setting, _ path: String, _ what: String) -> CommandFailure {
        CommandFailure("\(setting.rawValue): \(path) \(what)", .configuration)
    }
}

/// Where a piece of a file lies on its way, overwritten when it goes.
@safe
private struct WipedPiece: ~Copyable {
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4_096, alignment: 16)

    mutating func read(from file: CInt) -> Int { unsafe Glibc.read(file, memory.baseAddress, memory.count) }

    func append(_ count: Int, to content: inout WipedBuffer) {
        unsafe content.append(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }

    deinit {
        if let base = unsafe memory.baseAddress { unsafe explicit_bzero(base, memory.count) }
        unsafe memory.deallocate()
    }
}
