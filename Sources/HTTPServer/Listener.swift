import Synchronization

/// An HTTP/1.1 server on one address, from `init` until ``run()`` has ended or it goes.
///
/// It trusts no byte of a request and knows nothing of what it serves. What is beyond ``ServerLimits`` or
/// ambiguous about its framing never reaches the responder's answers. Requests that libmicrohttpd itself
/// cannot read get its own bare 400 or a closed connection.
package final class Listener<R: Responder>: Sendable {
    private let daemon: Daemon
    let traffic: Traffic
    private let isRun = Atomic(false)

    /// The port, picked by the system where 0 was asked for.
    package let port: UInt16

    /// Begins to listen and to answer. Deadlines are kept only while ``run()`` runs.
    ///
    /// - Parameters:
    ///   - address: a numeric IPv4 or IPv6 address; `0.0.0.0` and `::` are all of them.
    ///   - peers: whose connections are taken and who may speak for others.
    ///   - tls: speaks TLS with it, and nothing else; not needed any more afterwards.
    package init(
        address: String, port: UInt16, limits: ServerLimits = ServerLimits(), peers: PeerPolicy = PeerPolicy(),
        tls: TLSIdentity? = nil, responder: R
    ) throws(ServerError) {
        let socket = try ListeningSocket(address: address, port: port)
        self.port = socket.port
        traffic = Traffic(limits: limits, peers: peers, isSecure: tls != nil, responder: responder)
        daemon = try Daemon(socket: socket, traffic: traffic, tls: tls)
    }

    /// What is open at the moment.
    package var load: ListenerLoad {
        ListenerLoad(
            connections: traffic.connections.count, connectionLimit: traffic.limits.connections,
            bodyBytes: traffic.reservedBytes, bodyByteLimit: traffic.limits.bodiesInFlightBytes)
    }

    /// Keeps the deadlines until the task is cancelled, then stops: closes new connections at once, lets what is
    /// being answered finish for at most ``ServerLimits/stopSeconds``, and ends every thread.
    package func run() async throws(ServerError) {
        guard !isRun.exchange(true, ordering: .relaxed) else { throw .notRunnable }
        while !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(250))
            let now = ContinuousClock.now
            for connection in traffic.open { connection.enforceDeadline(at: now) }
            traffic.makeRoom()
        }
        // A task of its own, because in a cancelled one nothing can be waited for.
        await Task.detached { await self.drain() }.value
        daemon.stop()
    }

    private func drain() async {
        traffic.drain()
        let deadline = ContinuousClock.now + .seconds(traffic.limits.stopSeconds)
        while ContinuousClock.now < deadline {
            let open = traffic.open
            if open.isEmpty { return }
            for connection in open { connection.closeIfIdle() }
            try? await Task.sleep(for: .milliseconds(10))
        }
        // One more second for the refusals to leave.
        for connection in traffic.open { connection.giveUp() }
        while !traffic.open.isEmpty, ContinuousClock.now < deadline + .seconds(1) {
            try? await Task.sleep(for: .milliseconds(10))
        }
    }
}
