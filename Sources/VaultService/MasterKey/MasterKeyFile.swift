package import VaultCrypto
package import VaultModel
package import VaultStore

#if canImport(Glibc)
import Glibc
#endif

/// Why a vault could not be made or opened; each says in one line what to do.
package enum OpeningError: Error, Sendable {
    case masterKeyMissing(path: String)
    case masterKeyMalformed(MasterKeyPlace)
    case masterKeyExposed(path: String)
    case masterKeyUnreadable(path: String, errno: Int32)
    /// A symbolic link, a directory, a pipe or a device.
    case masterKeyNotAFile(path: String)
    /// A descriptor that cannot be read from.
    case masterKeyDescriptor(Int32, InheritedMasterKey.Fault)
    /// The program of this setting gave no key.
    case masterKeyCommand(setting: String, MasterKeyCommand.Fault)
    /// It could be read once, and was, and has been forgotten.
    case masterKeyTaken(MasterKeyPlace)
    case wrongMasterKey(expected: MasterKeyID)
    case recoveryKeyMissing(path: String)
    case wrongRecoveryKey
    /// The vault has none, or had none yet.
    case noRecoveryKey
    case notInitialised(directory: String)
    case alreadyInitialised(directory: String)
    /// The audit log ends before what was signed: an older database was put in place. `note` is the anchor's newest.
    case rolledBack(stored: Int, anchored: Int, anchor: String, note: Int)
    /// The audit log has another entry where this one was signed.
    case rewritten(entry: Int, anchor: String, note: Int)
    /// Heads were written to an anchor, and there is none.
    case anchorMissing(path: String, note: Int)
    /// Notes that were in the anchor are not.
    case anchorCut(path: String, note: Int)
    /// The anchor has nothing that this vault signed.
    case anchorForeign(path: String, note: Int)
    /// Another vault, or this one elsewhere, is being served with that anchor.
    case anchorInUse(path: String)
    case anchorUnreadable(path: String, errno: Int32)
    /// A file that is not taken for a backup, or not put in place.
    case backup(BackupFault)
    /// A backup was put in place, and what the next start does as well could not be done.
    case notSettled
    case vault(VaultError)
    case store(StoreError)
    case crypto(CryptoError)
}

/// The master key in a file: exactly 32 raw bytes, or exactly 44 characters of padded base64.
package struct MasterKeyFile: Sendable, Equatable {
    package let path: String
    /// Whether it is a credential of the service manager: where that grants it to our user by an access control list,
    /// the file is root's and the list's mask shows as the rights of root's group.
    package let isCredential: Bool

    package init(path: String, isCredential: Bool = false) {
        self.path = path
        self.isCredential = isCredential
    }

    /// Reads the key straight into secure memory.
    ///
    /// - Throws: `masterKeyMissing`; `masterKeyExposed` when anyone but its owner can read it, or its owner is
    ///   neither us nor root; `masterKeyNotAFile` for whatever else lies there, a link to a file too: who made it may
    ///   be somebody else than whose the file is; `masterKeyMalformed` for any other length or alphabet.
    package func read() throws(OpeningError) -> SecretBytes {
        // A pipe that nobody writes to must not keep the start waiting.
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            switch errno {
            case ENOENT: throw .masterKeyMissing(path: path)
            // Of a link, and of a socket or a device that is none.
            case ELOOP, ENXIO: throw .masterKeyNotAFile(path: path)
            default: throw .masterKeyUnreadable(path: path, errno: errno)
            }
        }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .masterKeyUnreadable(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .masterKeyNotAFile(path: path) }
        let isRootsAlone = isCredential && status.st_uid == 0 && status.st_gid == 0
        guard status.st_mode & (isRootsAlone ? 0o037 : 0o077) == 0, status.st_uid == geteuid() || status.st_uid == 0
        else {
            throw .masterKeyExposed(path: path)
        }
        var length = 0
        let text = try SecretBytes(count: MasterKeyText.room, exhausted: OpeningError.vault(.overloaded)) {
            span throws(OpeningError) in
            unsafe span.withUnsafeMutableBytes { buffer in
                while length < buffer.count {
                    let got = unsafe Glibc.read(file, buffer.baseAddress?.advanced(by: length), buffer.count - length)
                    guard got > 0 else { return }
                    length += got
                }
            }
        }
        return try MasterKeyText.key(of: text, length, from: .file(path: path))
    }

    /// Makes the file, 0400, with 32 fresh random bytes; whole and durable when it appears under its name.
    ///
    /// - Throws: `masterKeyUnreadable` when it exists or cannot be written; an existing key is never overwritten.
    package func create() throws(OpeningError) -> SecretBytes {
        let key: SecretBytes
        do { key = try Random.secret(32) } catch { throw .crypto(error) }
        let unfinished = path + ".new"
        unsafe unlink(unfinished)
        let file = unsafe open(unfinished, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard file >= 0 else { throw .masterKeyUnreadable(path: path, errno: errno) }
        defer {
            close(file)
            unsafe unlink(unfinished)
        }
        let isWritten = unsafe key.withUnsafeBytes { bytes in
            unsafe write(file, bytes.baseAddress, bytes.count) == bytes.count
        }
        guard isWritten, fchmod(file, 0o400) == 0, fsync(file) == 0, unsafe link(unfinished, path) == 0 else {
            throw .masterKeyUnreadable(path: path, errno: errno)
        }
        ParentFolder.synchronize(of: path)
        return key
    }
}
