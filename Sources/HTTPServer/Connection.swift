import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// One TCP connection and the time it has left.
///
/// libmicrohttpd's own time-out is for silence alone: a byte a second satisfies it for ever. So whoever is
/// too slow with a head, a body or with taking the answer is cut off here.
final class Connection: Sendable {
    /// What it is about.
    enum Stage: Sendable {
        /// Nothing has been asked yet, or everything is answered.
        case idle
        /// A body comes in.
        case reading
        case making
        /// An answer goes out.
        case sending
    }

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
        var stage = Stage.idle
        /// When that began.
        var since = ContinuousClock.now
        /// The memory that it takes in this stage, in bytes.
        var held = 0
        var hasAnswered = false
        var isLeaving = false

        mutating func enter(_ stage: Stage, holding held: Int = 0) {
            (self.stage, self.held, since) = (stage, held, .now)
        }
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
            $0.enter(.making)
        }
    }

    /// A body is awaited.
    func reading() { state.withLock { $0.enter(.reading) } }

    /// So much of it is there.
    func hasRead(_ bytes: Int) { state.withLock { $0.held = bytes } }

    /// The body is there.
    func making() { state.withLock { $0.enter(.making) } }

    /// The answer is on its way, and so many bytes of it count against the budget.
    ///
    /// - Parameter file: how many bytes follow from a file, for which there is a second more for each 256 KiB.
    func answering(holding bytes: Int = 0, following file: Int = 0) {
        state.withLock {
            $0.deadline = .now + .seconds(limits.requestSeconds + file >> 18)
            $0.enter(.sending, holding: bytes)
        }
    }

    /// The answer is sent, or never will be.
    func finished() {
        let exchange = state.withLock {
            $0.deadline = .now + .seconds(limits.idleSeconds + limits.headerSeconds)
            $0.hasAnswered = true
            $0.enter(.idle)
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

// MARK: Making room

extension Connection {
    /// Whether it has been told to go, to make room.
    var isLeaving: Bool { state.withLock { $0.isLeaving } }

    /// What keeps it in its place when places are short.
    struct Claim {
        /// From those that go first to those that go last.
        enum Strength: Int, Comparable {
            case owesHead, answered
            /// Has been slow with a body, or with taking an answer, for a second.
            case isSlow
            /// Has not had a second to ask for anything.
            case isNew

            static func < (one: Strength, other: Strength) -> Bool { one.rawValue < other.rawValue }
        }

        let strength: Strength
        let stage: Stage
        let since: ContinuousClock.Instant
    }

    /// `nil` for one that has to be let alone: its answer is being made, it is new to what it is about, or is leaving.
    func claim(at now: ContinuousClock.Instant) -> Claim? {
        state.withLock {
            guard !$0.isLeaving else { return nil }
            let age = now - $0.since
            switch $0.stage {
            case .idle:
                let strength: Claim.Strength =
                    $0.hasAnswered ? .answered : age >= limits.headerPatience ? .owesHead : .isNew
                return Claim(strength: strength, stage: .idle, since: $0.since)
            case .reading, .sending:
                return age >= .seconds(1) ? Claim(strength: .isSlow, stage: $0.stage, since: $0.since) : nil
            case .making: return nil
            }
        }
    }

    /// The memory that it has taken in this stage since before `moment`; `nil` when it is in another, or not for so long.
    func holding(
        in stage: Stage, since moment: ContinuousClock.Instant
    ) -> (bytes: Int, since: ContinuousClock.Instant)? {
        state.withLock {
            guard $0.stage == stage, $0.held > 0, $0.since <= moment, !$0.isLeaving else { return nil }
            return ($0.held, $0.since)
        }
    }

    /// Cuts it off if it is still in this stage. From an idle one what is already in the socket is still read.
    func leave(_ stage: Stage) -> Bool {
        let (isCut, exchange) = state.withLock {
            guard $0.stage == stage, !$0.isLeaving, $0.descriptor != nil else { return (false, Exchange?.none) }
            $0.isLeaving = true
            Self.shut($0.descriptor, stage == .idle ? SHUT_RD : SHUT_RDWR)
            return (true, $0.exchange)
        }
        // Its memory goes as soon as its thread sees the end; others need not wait for that.
        exchange?.giveBack()
        return isCut
    }
}
