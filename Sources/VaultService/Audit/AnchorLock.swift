#if canImport(Glibc)
import Glibc
#endif

/// Keeps others from writing the same anchor, for as long as it is kept: with two writers its notes would follow one note
/// twice, and a part of them be taken for somebody else's. (flock(2), which ends with the process.)
final class AnchorLock: Sendable {
    private let descriptor: Int32

    /// `nil` where there is no anchor yet, or its file system knows no locks.
    ///
    /// - Throws: `anchorInUse` while another has it.
    init?(_ path: String) throws(OpeningError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let isTaken = errno == EWOULDBLOCK
            close(file)
            if isTaken { throw .anchorInUse(path: path) }
            return nil
        }
        descriptor = file
    }

    deinit { close(descriptor) }
}
