import Synchronization
import VaultModel

/// What the threads of one listener share: how requests are answered, and what is open at the moment.
final class Traffic: Sendable {
    /// Makes the answer to one admitted request.
    typealias Answering = @Sendable (consuming WipedBuffer) async -> Response
    /// Words the fault that ends one.
    typealias Refusing = @Sendable (TransportFault) -> Response

    /// ``Admission`` with what was admitted already bound to its answer, so that nothing below is generic.
    enum Opening: ~Copyable {
        case answer(Answering, Refusing)
        case refuse(Response)
    }

    let limits: ServerLimits
    let peers: PeerPolicy
    /// Whether every connection is one of TLS.
    let isSecure: Bool
    let admit: @Sendable (RequestHead) -> Opening
    let refusal: @Sendable (TransportFault, RequestHead?) -> Response

    /// The connections that are open.
    let connections = ConnectionTable()
    private let bodyBytes = Atomic(0)
    private let answerBytes = Atomic(0)
    private let draining = Atomic(false)
    private let stopped = Atomic(false)

    init(
        limits: ServerLimits, peers: PeerPolicy = PeerPolicy(), isSecure: Bool = false, responder: some Responder
    ) {
        self.limits = limits
        self.peers = peers
        self.isSecure = isSecure
        admit = { head in
            switch responder.admit(head) {
            case .take(let admitted):
                .answer(
                    { body in await responder.respond(to: admitted, head: head, body: body) },
                    { fault in responder.refusal(of: fault, to: admitted, head: head) })
            case .refuse(let response): .refuse(response)
            }
        }
        refusal = { fault, head in responder.refusal(of: fault, head: head) }
    }

    /// Takes `count` bytes from the budget for bodies in flight; `false` when they are not there, and whoever has
    /// them is not slow with sending the rest.
    func reserve(_ count: Int) -> Bool {
        let (_, new) = bodyBytes.add(count, ordering: .relaxed)
        let most = limits.bodiesInFlightBytes
        if new <= most { return true }
        // An eighth more than is needed, so that not everybody who comes has to look for somebody.
        if connections.cutSlowest(in: .reading, toFree: new - most + most / 8) >= new - most { return true }
        release(count)
        return false
    }

    /// Notes that an answer of `count` bytes is in memory until it has been sent; `false` when there is no room for it
    /// even with the slowest readers cut off.
    func holdAnswer(_ count: Int) -> Bool {
        let (_, new) = answerBytes.add(count, ordering: .relaxed)
        let most = limits.answersInFlightBytes
        if new <= most { return true }
        let freed = connections.cutSlowest(in: .sending, toFree: new - most + most / 8)
        if new - freed <= most * 2 { return true }
        releaseAnswer(count)
        return false
    }

    func releaseAnswer(_ count: Int) {
        answerBytes.subtract(count, ordering: .relaxed)
    }

    func release(_ count: Int) {
        bodyBytes.subtract(count, ordering: .relaxed)
    }

    var reservedBytes: Int { bodyBytes.load(ordering: .relaxed) }
    var answerBytesHeld: Int { answerBytes.load(ordering: .relaxed) }

    /// Whether a connection of this peer is taken: one that may connect at all, and has not too many already.
    ///
    /// Behind a proxy that is believed many callers share one address, so that there is no number for it.
    func welcomes(_ peer: IPAddress) -> Bool {
        guard !isDraining, peers.takes(peer) else { return false }
        return peers.believes(peer) || connections.count(of: peer) < limits.connectionsPerAddress
    }

    func opened(_ connection: Connection) {
        connections.insert(connection)
        makeRoom()
    }

    /// Keeps a quarter of the places free for whoever comes.
    ///
    /// Asked for with each connection and, because none comes any more once all places are taken, now and then besides.
    func makeRoom() {
        let excess = connections.count - (limits.connections - limits.connections / 4)
        if excess > 0 { connections.closeLongestIdle(max(excess, limits.connections / 16), needed: excess) }
    }

    func closed(_ connection: Connection) { connections.remove(connection) }

    var open: [Connection] { connections.all }

    /// Every answer from now on ends its connection.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// No request is begun any more and none waits: libmicrohttpd must not be stopped while one does.
    var isStopped: Bool { stopped.load(ordering: .sequentiallyConsistent) }

    func drain() { draining.store(true, ordering: .relaxed) }

    func stop() { stopped.store(true, ordering: .sequentiallyConsistent) }
}
