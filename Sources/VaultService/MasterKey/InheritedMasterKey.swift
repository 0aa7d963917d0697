import Synchronization
import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// A master key that can be read from a descriptor which whoever started the program left open.
///
/// It is read once, to its end, and closed; the key is kept in secure memory until it is forgotten. Safe from any thread.
package final class InheritedMasterKey: Sendable, Equatable {
    /// Why nothing can be read from it.
    package enum Fault: Error, Sendable, Equatable {
        case notOpen
        case terminal
        /// It had not come to its end after ten seconds.
        case tooSlow
        case unreadable(errno: Int32)
    }

    private struct State {
        var isClaimed = false
        var isClosed = false
        var fault: Fault?
        var key: SharedSecret?
    }

    package let number: Int32
    private let patience: Duration
    private let state = Mutex(State())

    package init(_ number: Int32, patience: Duration = .seconds(10)) {
        self.number = number
        self.patience = patience
    }

    /// Makes it this program's own: nothing that is started later inherits it.
    ///
    /// To be called before the program opens anything itself. What is open then and was not inherited is told by its
    /// closing on exec, which no descriptor that came through one does.
    package func claim() { state.withLock { claim(&$0) } }

    private func claim(_ state: inout State) {
        guard !state.isClaimed else { return }
        state.isClaimed = true
        let flags = fcntl(number, F_GETFD)
        guard flags >= 0, flags & FD_CLOEXEC == 0, fcntl(number, F_SETFD, FD_CLOEXEC) == 0 else {
            state.fault = .notOpen
            return
        }
        if isatty(number) == 1 { state.fault = .terminal }
    }

    /// - Throws: `masterKeyDescriptor` with why it cannot be read; `masterKeyMalformed`; `masterKeyTaken` when it has
    ///   been read and forgotten.
    func read() throws(OpeningError) -> SecretBytes {
        let place = MasterKeyPlace.descriptor(number)
        let result = state.withLock { state -> Result<SharedSecret, OpeningError> in
            if let key = state.key { return .success(key) }
            claim(&state)
            if let fault = state.fault { return .failure(.masterKeyDescriptor(number, fault)) }
            guard !state.isClosed else { return .failure(.masterKeyTaken(place)) }
            defer {
                close(number)
                state.isClosed = true
            }
            do throws(OpeningError) {
                let key = SharedSecret(try take(place))
                state.key = key
                return .success(key)
            } catch {
                return .failure(error)
            }
        }
        return try result.get().copy()
    }

    func forget() {
        state.withLock { state in
            state.key = nil
            claim(&state)
            // What was not inherited is not ours to close.
            guard state.fault != .notOpen, !state.isClosed else { return }
            close(number)
            state.isClosed = true
        }
    }

    private func take(_ place: MasterKeyPlace) throws(OpeningError) -> SecretBytes {
        var length = 0
        var fault: Fault?
        let text = try SecretBytes(count: MasterKeyText.room, exhausted: OpeningError.vault(.overloaded)) {
            span throws(OpeningError) in
            unsafe span.withUnsafeMutableBytes { buffer in
                let end = ContinuousClock.now + patience
                while length < buffer.count, fault == nil {
                    guard wait(until: end) else { return fault = .tooSlow }
                    let got = unsafe Glibc.read(number, buffer.baseAddress?.advanced(by: length), buffer.count - length)
                    if got < 0, errno == EINTR || errno == EAGAIN { continue }
                    guard got >= 0 else { return fault = .unreadable(errno: errno) }
                    guard got > 0 else { return }
                    length += got
                }
            }
        }
        if let fault { throw .masterKeyDescriptor(number, fault) }
        return try MasterKeyText.key(of: text, length, from: place)
    }

    /// Whether there is something to read, or its end, before `end`.
    private func wait(until end: ContinuousClock.Instant) -> Bool {
        repeat {
            var waiting = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&waiting, 1, 50) > 0 { return true }
        } while ContinuousClock.now < end
        return false
    }

    package static func == (left: InheritedMasterKey, right: InheritedMasterKey) -> Bool { left.number == right.number }
}
