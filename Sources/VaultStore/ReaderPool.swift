import Synchronization

/// Connections that only read, lent to one thread at a time; the one used last is lent first.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [Connection] = []
        var isClosed = false
    }

    /// How many are kept open while nobody reads.
    static let kept = 4

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// A connection for the caller alone, to be given back on the same thread.
    func take() throws(StoreError) -> Connection {
        let (idle, isClosed) = state.withLock { ($0.idle.popLast(), $0.isClosed) }
        guard !isClosed else { throw .closed }
        if let idle { return idle }
        return try Connection(path: path, access: .readOnly)
    }

    func giveBack(_ connection: Connection) {
        // One that is still within a transaction would hold back every checkpoint.
        guard !connection.isInTransaction else { return }
        state.withLock { state in
            if !state.isClosed, state.idle.count < Self.kept { state.idle.append(connection) }
        }
    }

    /// Lends nothing more; what is lent is closed when it comes back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        _ = consume idle
    }
}
