import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// The file that holds a new vault's first tokens until an admin token is first used.
final class FirstTokens: Sendable {
    private let path: Mutex<String?>

    init(path: String?) {
        self.path = Mutex(path)
    }

    /// Deletes the file, once.
    func discard() {
        let path = path.withLock { path in
            defer { path = nil }
            return path
        }
        if let path { unsafe unlink(path) }
    }
}
