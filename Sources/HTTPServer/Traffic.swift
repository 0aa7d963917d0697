import Synchronization
import VaultModel

/// What the threads of one listener share: how requests are answered, and what is open at the moment.
final class Traffic: Sendable {
    /// Makes the answer to one admitted request.
    typealias Answering = @Sendable (consuming WipedBuffer) async -> Response

    /// ``Admission`` with what was admitted already bound to its answer, so that nothing below is generic.
    enum Opening: ~Copyable {
        case answer(Answering)
        case refuse(Response)
    }

    let limits: ServerLimits
    let peers: PeerPolicy
    let admit: @Sendable (RequestHead) -> Opening
    let refusal: @Sendable (TransportFault, RequestHead?) -> Response

    private let connections = Mutex<[ObjectIdentifier: Connection]>([:])
    private let bodyBytes = Atomic(0)
    private let draining = Atomic(false)
    private let stopped = Atomic(false)

    init(limits: ServerLimits, peers: PeerPolicy = PeerPolicy(), responder: some Responder) {
        self.limits = limits
        self.peers = peers
        admit = { head in
            switch responder.admit(head) {
            case .take(let admitted):
                .answer { body in await responder.respond(to: admitted, head: head, body: body) }
            case .refuse(let response): .refuse(response)
            }
        }
        refusal = { fault, head in responder.refusal(of: fault, head: head) }
    }

    /// Takes `count` bytes from the budget for bodies in flight; `false` when they are not there.
    func reserve(_ count: Int) -> Bool {
        let (_, new) = bodyBytes.add(count, ordering: .relaxed)
        if new <= limits.bodiesInFlightBytes { return true }
        release(count)
        return false
    }

    func release(_ count: Int) {
        bodyBytes.subtract(count, ordering: .relaxed)
    }

    var reservedBytes: Int { bodyBytes.load(ordering: .relaxed) }

    func opened(_ connection: Connection) {
        connections.withLock { $0[ObjectIdentifier(connection)] = connection }
    }

    func closed(_ connection: Connection) {
        connections.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    var open: [Connection] { connections.withLock { Array($0.values) } }

    /// Every answer from now on ends its connection.
    var isDraining: Bool { draining.load(ordering: .relaxed) }

    /// No request is begun any more and none waits: libmicrohttpd must not be stopped while one does.
    var isStopped: Bool { stopped.load(ordering: .sequentiallyConsistent) }

    func drain() { draining.store(true, ordering: .relaxed) }

    func stop() { stopped.store(true, ordering: .sequentiallyConsistent) }
}
