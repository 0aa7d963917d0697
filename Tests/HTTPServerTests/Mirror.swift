import Synchronization
import VaultModel

@testable import HTTPServer

/// A responder that says back what it was asked, and can be made to wait.
final class Mirror: Responder {
    private let seen = Mutex<[String]>([])
    private let open = Atomic(false)
    private let cancelled = Atomic(0)
    private let slips = Slips()

    /// The targets that were answered.
    var answered: [String] { seen.withLock { $0 } }
    var cancellations: Int { cancelled.load(ordering: .relaxed) }

    /// What requests were answered with, as it was noted.
    var notes: [Int] { slips.noted }
    /// Whether every answer that was made has been sent or thrown away.
    var isDone: Bool { slips.count == 0 }

    func openGate() { open.store(true, ordering: .relaxed) }

    func admit(_ head: RequestHead) -> Admission<Int> {
        switch head.path {
        case "/refused": .refuse(slips.with(Response(status: 401, body: WipedBuffer("refused"))))
        default: .take(head.declaredLength)
        }
    }

    func respond(to admitted: Int, head: RequestHead, body: consuming WipedBuffer) async -> Response {
        seen.withLock { $0.append(head.path) }
        return slips.with(await answer(head, body))
    }

    private func answer(_ head: RequestHead, _ body: consuming WipedBuffer) async -> Response {
        switch head.path {
        case "/head":
            let fields = head.headers.map { "\($0.name)=\($0.value)" }.joined(separator: ";")
            let text = "\(head.method) \(head.path) \(head.query ?? "-") \(head.remoteAddress) \(fields)"
            return Response(status: 200, headers: [("X-Mirror", "yes")], body: WipedBuffer(text))
        case "/later":
            try? await Task.sleep(for: .milliseconds(Int.random(in: 0...5)))
        case "/hop":
            await Task.yield()
        case "/gate":
            while !open.load(ordering: .relaxed), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
        case "/never":
            try? await Task.sleep(for: .seconds(3_600))
            if Task.isCancelled { cancelled.add(1, ordering: .relaxed) }
        case "/nothing":
            return Response(status: 204, body: WipedBuffer(capacity: 0))
        case "/last":
            var response = Response(status: 200, body: WipedBuffer("last"))
            response.closesConnection = true
            return response
        default: break
        }
        return Response(status: 200, body: body)
    }

    func refusal(of fault: TransportFault, head: RequestHead?) -> Response {
        slips.with(Response(status: fault.status, headers: [("X-Fault", "\(fault)")], body: WipedBuffer("{}")))
    }
}

/// One for each answer: what was noted of it, and whether it is still about.
private final class Slips: Sendable {
    private final class Slip: Sendable {
        let all: Slips
        let status: Int

        init(_ all: Slips, _ status: Int) {
            (self.all, self.status) = (all, status)
            all.state.withLock { $0.count += 1 }
        }

        deinit { all.state.withLock { $0.count -= 1 } }
    }

    private let state = Mutex((count: 0, noted: [Int]()))

    var count: Int { state.withLock(\.count) }
    var noted: [Int] { state.withLock(\.noted) }

    func with(_ response: consuming Response) -> Response {
        var response = response
        let slip = Slip(self, response.status)
        response.note = { slip.all.state.withLock { $0.noted.append(slip.status) } }
        return response
    }
}

/// Runs a server for the length of `body`, then stops it and waits for its end.
func withServer<T: Sendable>(
    _ limits: ServerLimits = patient, address: String = "127.0.0.1", peers: PeerPolicy = PeerPolicy(),
    _ body: (UInt16, Mirror) async throws -> T
) async throws -> T {
    let mirror = Mirror()
    let listener = try Listener(address: address, port: 0, limits: limits, peers: peers, responder: mirror)
    let running = Task { try await listener.run() }
    let outcome: Result<T, any Error>
    do { outcome = .success(try await body(listener.port, mirror)) } catch { outcome = .failure(error) }
    mirror.openGate()
    running.cancel()
    try await running.value
    return try outcome.get()
}

/// Limits of time that no test runs into, however busy the machine is.
private let patient = limits { limits in
    limits.headerSeconds = 300
    limits.requestSeconds = 300
    limits.idleSeconds = 300
}

/// Small limits, for tests that run into them.
func limits(_ change: (inout ServerLimits) -> Void) -> ServerLimits {
    var limits = ServerLimits()
    change(&limits)
    return limits
}
