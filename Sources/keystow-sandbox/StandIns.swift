import FoundationEssentials
import HTTPServer
import Synchronization
import VaultModel

/// All providers behind one address: each under its id, and Anthropic, the first, at the root as well.
final class StandIns: Responder {
    /// What a request asks for, as far as its head tells.
    enum Admitted: Sendable {
        case call(StandIn, StandIn.Call, mount: String)
        /// How many requests came, but for those that ask.
        case count
    }

    let all: [StandIn]
    private let root: StandIn
    private let log: RequestLog
    private let requests = Atomic(0)

    init(log: RequestLog) throws(Transcript.Malformed) {
        let shared = try Transcript(String(decoding: PackageResources.every_provider_answers, as: UTF8.self))
        var all: [StandIn] = []
        for (id, bytes) in Self.files {
            all.append(StandIn(id, try Transcript(String(decoding: bytes, as: UTF8.self)), shared: shared))
        }
        self.all = all
        root = all[0]
        self.log = log
    }

    func admit(_ head: RequestHead) -> Admission<Admitted> {
        if head.path == "/sandbox/requests" { return .take(.count) }
        requests.add(1, ordering: .relaxed)
        let (standIn, mount) = mounted(head.path)
        switch standIn.receive(head, path: String(head.path.dropFirst(mount.count))) {
        case .call(let call): return .take(.call(standIn, call, mount: mount))
        case .fault(let name, let route):
            return .refuse(send(standIn.reply(name, route?.name ?? ""), head, mount, route))
        }
    }

    func respond(to admitted: Admitted, head: RequestHead, body: consuming WipedBuffer) async -> Response {
        guard case .call(let standIn, let call, let mount) = admitted else {
            return Response(
                status: 200,
                headers: [("content-type", "application/json")],
                body: WipedBuffer("{\"count\":\(requests.load(ordering: .relaxed))}")
            )
        }
        let data = body.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Data($0) } }
        let reply = standIn.reply(to: call, query: head.query, body: data)
        if let answer = reply.answer, answer.status == nil {
            log.record(head.method, mount + call.route.path, outcome: reply.word, status: nil)
            // Cancelled when the time of the whole request is over, and a refusal sent in its place.
            try? await Task.sleep(for: .seconds(86_400))
            return Response(status: 504, body: WipedBuffer(capacity: 0))
        }
        return send(reply, head, mount, call.route)
    }

    func refusal(of fault: TransportFault, head: RequestHead?) -> Response {
        requests.add(head == nil ? 1 : 0, ordering: .relaxed)
        let (standIn, mount) = mounted(head?.path ?? "/")
        switch fault {
        case .bodyTooLarge: return send(standIn.reply("toolarge", ""), head, mount, nil)
        // Recorded when it was left waiting.
        case .answerTooLate: return compose(standIn.reply("timeout504", ""))
        case .bodiesInFlight, .answersInFlight: return send(standIn.reply("overloaded", ""), head, mount, nil)
        case .transferEncodingRefused, .badRequest, .uriTooLong, .headersTooLarge:
            return send(standIn.reply("bad-request", "", ["message": "Bad Request"]), head, mount, nil)
        }
    }

    /// Who answers at `path`, and how much of it says so.
    private func mounted(_ path: String) -> (StandIn, mount: String) {
        for standIn in all where path.hasPrefix("/\(standIn.id)/") { return (standIn, "/\(standIn.id)") }
        return (root, "")
    }

    private func send(_ reply: StandIn.Reply, _ head: RequestHead?, _ mount: String, _ route: Route?) -> Response {
        let response = compose(reply)
        let path = route.map { mount + $0.path } ?? ""
        log.record(head?.method ?? "", path, outcome: reply.word, status: response.status)
        return response
    }

    private func compose(_ reply: StandIn.Reply) -> Response {
        var values = reply.values
        values["request-id"] = "\(RequestID(at: SystemTime().now()))"
        values["uuid"] = UUID().uuidString.lowercased()
        if reply.answer?.hasPlace(for: "filler") == true {
            values["filler"] = String(repeating: "filler ", count: 1_500_000)
        }
        return reply.answer?.response(filling: values) ?? Response(status: 500, body: WipedBuffer(capacity: 0))
    }

    private static var files: [(id: String, bytes: [UInt8])] {
        [
            ("anthropic", PackageResources.anthropic_answers), ("openai", PackageResources.openai_answers),
            ("gemini", PackageResources.gemini_answers), ("openrouter", PackageResources.openrouter_answers),
            ("mistral", PackageResources.mistral_answers), ("groq", PackageResources.groq_answers),
            ("xai", PackageResources.xai_answers), ("deepseek", PackageResources.deepseek_answers),
            ("cohere", PackageResources.cohere_answers), ("together", PackageResources.together_answers),
            ("perplexity", PackageResources.perplexity_answers),
            ("huggingface", PackageResources.huggingface_answers),
            ("replicate", PackageResources.replicate_answers), ("fireworks", PackageResources.fireworks_answers),
            ("azure_openai", PackageResources.azure_openai_answers), ("bedrock", PackageResources.bedrock_answers),
            ("vertex", PackageResources.vertex_answers),
        ]
    }
}
