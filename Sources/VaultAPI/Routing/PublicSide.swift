package import HTTPServer
package import VaultModel

/// The same vault, as it is answered where admins have a listener of their own: without their calls.
///
/// They are as absent: what is asked for gets the answer of a path that nobody has. Limits are counted in the one
/// funnel behind both, so that no caller has them twice.
package struct PublicSide: Responder {
    private let funnel: Funnel
    private let table = RouteTable(Routes.all.filter { !$0.isForAdmins })

    package init(of funnel: Funnel) { self.funnel = funnel }

    package func admit(_ head: RequestHead) -> Admission<Funnel.Admitted> { funnel.admit(head, by: table) }

    package func respond(
        to admitted: Funnel.Admitted, head: RequestHead, body: consuming WipedBuffer
    ) async -> Response {
        await funnel.respond(to: admitted, head: head, body: body)
    }

    package func refusal(of fault: TransportFault, head: RequestHead?) -> Response {
        funnel.refusal(of: fault, head: head)
    }

    package func refusal(of fault: TransportFault, to admitted: Funnel.Admitted, head: RequestHead) -> Response {
        funnel.refusal(of: fault, to: admitted, head: head)
    }
}
