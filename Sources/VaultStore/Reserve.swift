#if canImport(Glibc)
import Glibc
#endif

/// Space on the disk that is kept for what ends something: a key can be revoked also where the disk is full.
///
/// A file beside the database that holds nothing. When the disk is full it is given up, and what it took belongs to those
/// writes alone: until there is room for it again, nothing else is written. Belongs to the writer's thread.
final class Reserve {
    static let name = "vault.reserve"
    /// What stays of some five thousand revocations; the log of one group of them is far less.
    static let byteCount = 8 << 20

    private enum State {
        case held, spent
        /// The disk does not say that it is full, and does not give the space either.
        case unavailable
    }

    private let path: String
    private var state = State.unavailable

    init(path: String) {
        self.path = path
        restore()
    }

    /// Whether what it kept is all that there is.
    var isSpent: Bool { state == .spent }

    /// Takes the space, if it is there. What is held already costs nothing to take again.
    func restore() {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            state = errno == ENOSPC || errno == EDQUOT ? .spent : .unavailable
            return
        }
        defer { close(file) }
        _ = fchmod(file, 0o600)
        switch posix_fallocate(file, 0, off_t(Self.byteCount)) {
        case 0: state = .held
        case ENOSPC, EDQUOT:
            // A part of it would be nobody's.
            _ = ftruncate(file, 0)
            state = .spent
        default: state = .unavailable
        }
    }

    /// Gives the space up.
    ///
    /// - Returns: `false` when there is none to give.
    func giveUp() -> Bool {
        guard state == .held, unsafe truncate(path, 0) == 0 else { return false }
        state = .spent
        return true
    }
}
