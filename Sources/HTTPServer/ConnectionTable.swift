import Synchronization

/// The connections that are open, and which of them have to go so that others can come.
///
/// Whoever waits, sends or reads slowly costs nothing but a place or memory, and can be had by the thousand. So what is
/// scarce is taken back from who has had it longest without getting on. Safe to use from any thread.
final class ConnectionTable: Sendable {
    private struct State {
        var all: [ObjectIdentifier: Connection] = [:]
        var countOfPeer: [IPAddress: Int] = [:]
        /// When somebody last had to go, by what they were about.
        var lastChoice: [Connection.Stage: ContinuousClock.Instant] = [:]
    }

    private let state = Mutex(State())
    /// Those that have been told to go and have not gone.
    private let leaving = Atomic(0)

    /// How many are open, without those that are about to go.
    var count: Int { state.withLock { $0.all.count } - leaving.load(ordering: .relaxed) }

    var all: [Connection] { state.withLock { Array($0.all.values) } }

    /// How many of them are the subscriber's who has this address.
    func count(of peer: IPAddress) -> Int { state.withLock { $0.countOfPeer[peer.subscriber] ?? 0 } }

    func insert(_ connection: Connection) {
        state.withLock {
            $0.all[ObjectIdentifier(connection)] = connection
            $0.countOfPeer[connection.peer.subscriber, default: 0] += 1
        }
    }

    func remove(_ connection: Connection) {
        state.withLock {
            guard $0.all.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
            let left = ($0.countOfPeer[connection.peer.subscriber] ?? 1) - 1
            $0.countOfPeer[connection.peer.subscriber] = left > 0 ? left : nil
        }
        if connection.isLeaving { leaving.subtract(1, ordering: .relaxed) }
    }

    /// Ends up to `batch` connections on which nothing is going on: first those that owe a head for longest, then those
    /// whose last answer is longest ago. Where they are fewer than `needed`, others go in their stead, as
    /// ``Connection/Claim`` has them.
    func closeLongestIdle(_ batch: Int, needed: Int, at now: ContinuousClock.Instant = .now) {
        guard mayChoose(for: .idle, at: now) else { return }
        let claims = all.compactMap { connection in connection.claim(at: now).map { (connection, $0) } }
        let weakest = claims.sorted { ($0.1.strength, $0.1.since) < ($1.1.strength, $1.1.since) }
        for (place, (connection, claim)) in weakest.enumerated()
        where place < (claim.strength <= .answered ? batch : needed) {
            end(connection, in: claim.stage)
        }
    }

    /// Cuts off who has been slowest in `stage`, and for a second at least, until they have given back `bytes`.
    ///
    /// - Returns: how many they were; fewer when nobody else is slow, or somebody has just been chosen.
    func cutSlowest(in stage: Connection.Stage, toFree bytes: Int) -> Int {
        let now = ContinuousClock.now
        guard mayChoose(for: stage, at: now) else { return 0 }
        var freed = 0
        let slow = all.compactMap { connection in
            connection.holding(in: stage, since: now - .seconds(1)).map { (connection, $0.bytes, $0.since) }
        }
        for (connection, held, _) in slow.sorted(by: { $0.2 < $1.2 }) where freed < bytes && end(connection, in: stage)
        {
            freed += held
        }
        return freed
    }

    /// Whether it was still in `stage`, and goes now.
    @discardableResult
    private func end(_ connection: Connection, in stage: Connection.Stage) -> Bool {
        guard connection.leave(stage) else { return false }
        leaving.add(1, ordering: .relaxed)
        return true
    }

    /// Whoever chooses looks at every connection, so it is not done for each that comes. Who takes the turn of one kind
    /// takes none of another: a stream of newcomers does not keep memory from being taken back.
    private func mayChoose(for stage: Connection.Stage, at now: ContinuousClock.Instant) -> Bool {
        state.withLock {
            if let last = $0.lastChoice[stage], now - last < .milliseconds(20) { return false }
            $0.lastChoice[stage] = now
            return true
        }
    }
}
