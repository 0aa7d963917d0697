import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// One TCP connection and the time it has left.
///
/// libmicrohttpd's own time-out is for silence alone: a byte a second satisfies it for ever. So whoever is
/// too slow with a head, a body or with taking the answer is cut off here.
final class Connection: Sendable {
    let peer: IPAddress
    private let limits: ServerLimits
    private let state: Mutex<State>

    private struct State {
        /// `nil` as soon as libmicrohttpd closes it, from when the number may name another connection.
        var descriptor: CInt?
        /// When this connection is cut off, or its answer given up.
        var deadline: ContinuousClock.Instant
        /// The request whose head is complete, until its answer is sent.
        var exchange: Exchange?
    }

    init(descriptor: CInt, peer: IPAddress, limits: ServerLimits) {
        self.peer = peer
        self.limits = limits
        state = Mutex(State(descriptor: descriptor, deadline: .now + .seconds(limits.headerSeconds)))
    }

    /// Whether a request is being read or answered.
    var isBusy: Bool { state.withLock { $0.exchange != nil } }

    /// The request line is there.
    func began(at now: ContinuousClock.Instant) {
        state.withLock { $0.deadline = min($0.deadline, now + .seconds(limits.headerSeconds)) }
    }

    /// The head is there.
    func accepted(_ exchange: Exchange) {
        state.withLock {
            $0.exchange = exchange
            $0.deadline = exchange.receivedAt + .seconds(limits.requestSeconds)
        }
    }

    /// The answer is on its way.
    func answering() {
        state.withLock { $0.deadline = .now + .seconds(limits.requestSeconds) }
    }

    /// The answer is sent, or never will be.
    func finished() {
        let exchange = state.withLock {
            $0.deadline = .now + .seconds(limits.idleSeconds + limits.headerSeconds)
            return $0.exchange.take()
        }
        withExtendedLifetime(exchange) {}
    }

    /// libmicrohttpd is about to close the socket.
    func closed() {
        state.withLock { $0.descriptor = nil }
    }

    /// Cuts the connection off, or gives its answer up, when its time is over.
    func enforceDeadline(at now: ContinuousClock.Instant) {
        let late = state.withLock { $0.deadline <= now ? $0.exchange : nil }
        // An answer that is still being made becomes a refusal, and that has its own time to be sent.
        if let late, late.giveUp() { return }
        state.withLock {
            if $0.deadline <= now { Self.shut($0.descriptor, SHUT_RDWR) }
        }
    }

    /// Ends a connection on which nothing is going on. A request already in the socket is still read.
    func closeIfIdle() {
        state.withLock {
            if $0.exchange == nil { Self.shut($0.descriptor, SHUT_RD) }
        }
    }

    /// Gives up the answer that is being made, if one is.
    func giveUp() {
        _ = state.withLock { $0.exchange }?.giveUp()
    }

    private static func shut(_ descriptor: CInt?, _ how: Int) {
        if let descriptor { shutdown(descriptor, CInt(how)) }
    }
}
