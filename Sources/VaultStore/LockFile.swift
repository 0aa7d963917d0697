#if canImport(Glibc)
import Glibc
#endif

/// What keeps a second process, or a second store in this one, out of a data directory.
///
/// The lock belongs to the open file, so it goes with the process however that ends; the file stays.
struct LockFile: ~Copyable, Sendable {
    private let descriptor: Int32

    /// - Throws: ``StoreError/locked(by:)`` with the holder's process id, as far as it can be read.
    init(path: String) throws(StoreError) {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .file("make the lock file") }
        guard Self.lock(file) else {
            let fault =
                errno == EWOULDBLOCK ? .locked(by: Self.holder(file)) : StoreError.file("lock the data directory")
            close(file)
            throw fault
        }
        descriptor = file
        _ = fchmod(descriptor, 0o600)
        // The number is for people who meet the lock; the lock itself does not depend on it.
        let line = Array("\(getpid())\n".utf8)
        _ = ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, line, line.count, 0)
    }

    deinit {
        _ = ftruncate(descriptor, 0)
        // Said aloud: a child that was forked and has not yet become another program still holds the open file.
        _ = flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Waits for those who only look at the database, never for one who has it.
    private static func lock(_ file: Int32) -> Bool {
        let deadline = MonotonicTime.now + .seconds(10)
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK, MonotonicTime.now < deadline, flock(file, LOCK_SH | LOCK_NB) == 0 else {
                return false
            }
            _ = flock(file, LOCK_UN)
            usleep(5000)
        }
        return true
    }

    private static func holder(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = unsafe pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(count, 0)).prefix { (0x30...0x39).contains($0) }
        return digits.isEmpty ? "another process" : "process " + String(decoding: digits, as: UTF8.self)
    }
}
