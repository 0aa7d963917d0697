/// The writes that nobody has taken yet, oldest first.
///
/// Taking an item out decides alone what becomes of it: the writer takes it and answers it, or the warden
/// takes it because its time is over, and nothing happens.
final class WriteQueue: Sendable {
    private struct State {
        var items: [any PendingWrite] = []
        var isClosed = false
        var isFinished = false
        /// The warden sleeps without a deadline, so the next item has to wake it.
        var isWardenIdle = false
    }

    enum Call { case work, closed }

    private let monitor = Monitor(State())
    private let work = Bell()
    private let watch = Bell()

    /// - Returns: `false` when the queue is closed.
    func push(_ item: any PendingWrite) -> Bool {
        let (isTaken, wakesWarden) = monitor.withLock { state in
            guard !state.isClosed else { return (false, false) }
            state.items.append(item)
            defer { state.isWardenIdle = false }
            return (true, state.isWardenIdle)
        }
        if isTaken { work.ring() }
        if wakesWarden { watch.ring() }
        return isTaken
    }

    var count: Int { monitor.withLock { $0.items.count } }

    /// Sleeps until there is something to write, or until nothing can come any more.
    ///
    /// - Returns: `nil` when `deadline` passed first.
    func waitForWork(until deadline: MonotonicTime?) -> Call? {
        monitor.wait(on: work, until: { _ in deadline }) { state in
            if !state.items.isEmpty { return .work }
            return state.isClosed ? .closed : nil
        }
    }

    /// Everything that waits, for the writer.
    func takeAll() -> [any PendingWrite] {
        monitor.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    /// Sleeps until the time of some items is over, and takes them.
    ///
    /// The warden sleeps to the end of the oldest item it saw, even if that has been taken since, so that a
    /// busy queue wakes it once per patience and not once per write; an empty one does not wake it at all.
    ///
    /// - Returns: `nil` when the queue is finished.
    func takeOverdue() -> [any PendingWrite]? {
        while true {
            let overdue: [any PendingWrite]?? = monitor.wait(
                on: watch, until: { $0.items.first?.deadline }
            ) { state in
                if state.isFinished { return .some(nil) }
                let now = MonotonicTime.now
                let overdue = state.items.prefix { $0.deadline <= now }
                state.items.removeFirst(overdue.count)
                state.isWardenIdle = state.items.isEmpty
                return overdue.isEmpty ? nil : .some(Array(overdue))
            }
            // Without a result the deadline passed and its item had been taken: look for the next one.
            if let overdue { return overdue }
        }
    }

    /// Takes nothing more; what waits will still be written.
    func close() {
        monitor.withLock { $0.isClosed = true }
        work.ring()
    }

    /// Lets the warden go; the writer calls it when it has ended.
    func finish() {
        monitor.withLock { $0.isFinished = true }
        watch.ring()
    }
}
