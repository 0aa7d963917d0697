import Synchronization

/// Connections that only read, lent to one thread at a time; the one used last is lent first.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [Connection] = []
        var lent = 0
        var isClosed = false
    }

    /// How many are kept open while nobody reads.
    static let kept = 4

    private let path: String
    private let state = Mutex(State())

    init(path: String) { self.path = path }

    /// A connection for the caller alone, to be given back on the same thread.
    func take() throws(StoreError) -> Connection {
        let (idle, isClosed) = state.withLock { state in
            if !state.isClosed { state.lent += 1 }
            return (state.idle.popLast(), state.isClosed)
        }
        guard !isClosed else { throw .closed }
        if let idle { return idle }
        do {
            return try Connection(path: path, access: .readOnly)
        } catch {
            state.withLock { $0.lent -= 1 }
            throw error
        }
    }

    func giveBack(_ connection: Connection) {
        // One that is still within a transaction would hold back every checkpoint.
        let isClean = !connection.isInTransaction
        state.withLock { state in
            state.lent -= 1
            if isClean, !state.isClosed, state.idle.count < Self.kept { state.idle.append(connection) }
        }
    }

    /// How many connections are lent now, and how many wait to be.
    var load: (lent: Int, idle: Int) { state.withLock { ($0.lent, $0.idle.count) } }

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
