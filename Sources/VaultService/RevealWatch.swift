import Synchronization
import VaultModel

/// Notices when one token reveals many different keys in a short time: that is what a stolen one does.
///
/// In memory, so that a reveal waits for nothing: a restart forgets the last ten minutes. Safe to use from any thread.
final class RevealWatch: Sendable {
    private struct Window {
        /// When each key was last revealed.
        var keys: [KeyID: Timestamp] = [:]
        var raisedAt: Timestamp?
    }

    /// How far back it looks, in seconds; the alarm about one token is raised at most once in as long.
    static let span = 600

    private let alarm: Int
    private let windows = Mutex<[TokenID: Window]>([:])

    /// - Parameter alarm: how many distinct keys raise it.
    init(alarm: Int) {
        self.alarm = max(alarm, 1)
    }

    /// Notes a reveal; whether it raises the alarm.
    func note(_ key: KeyID, by token: TokenID, at now: Timestamp) -> Bool {
        windows.withLock { windows in
            // What begins anew forgets little: a window is of ten minutes.
            if windows.count >= 65_536, windows[token] == nil { windows.removeAll() }
            var window = windows[token] ?? Window()
            defer { windows[token] = window }
            if let raised = window.raisedAt {
                guard now >= raised + Self.span else { return false }
                window.raisedAt = nil
            }
            window.keys[key] = now
            guard window.keys.count >= alarm else { return false }
            window.keys = window.keys.filter { now < $0.value + Self.span }
            guard window.keys.count >= alarm else { return false }
            window.keys = [:]
            window.raisedAt = now
            return true
        }
    }
}
