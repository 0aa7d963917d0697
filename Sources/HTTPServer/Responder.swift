package import VaultModel

/// What becomes of a request once its head is known.
package enum Admission<Admitted: Sendable>: ~Copyable {
    /// The body is taken, and `Admitted` comes back with it.
    case take(Admitted)
    /// Answered at once. Where a body was announced the connection closes, because the body is not read.
    case refuse(Response)
}

/// Who answers requests.
///
/// Everything here is called from several threads at a time. ``admit(_:)`` and the refusals run on the
/// threads that read from sockets and must not wait.
package protocol Responder: Sendable {
    /// What admission found out (route, caller) and answering needs.
    associatedtype Admitted: Sendable

    /// Decides about a request before a byte of its body is taken.
    func admit(_ head: RequestHead) -> Admission<Admitted>

    /// Answers. Runs on the thread that read the request until it first waits; a body that nobody keeps is
    /// wiped. The task is cancelled when the answer has come too late for its caller.
    func respond(to admitted: Admitted, head: RequestHead, body: consuming WipedBuffer) async -> Response

    /// Words a fault of transport, also for one that ended reading before there was a `head`.
    func refusal(of fault: TransportFault, head: RequestHead?) -> Response

    /// The same for a request that had been admitted.
    func refusal(of fault: TransportFault, to admitted: Admitted, head: RequestHead) -> Response
}

extension Responder {
    package func refusal(of fault: TransportFault, to admitted: Admitted, head: RequestHead) -> Response {
        refusal(of: fault, head: head)
    }
}
