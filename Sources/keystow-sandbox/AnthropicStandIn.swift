import FoundationEssentials
import HTTPServer
import Synchronization
import VaultModel

/// Answers as Anthropic's API does, with the outcome that the key itself names.
final class AnthropicStandIn: Responder {
    /// What a request asks for, as far as its head tells.
    struct Admitted: Sendable {
        let route: Route
        /// The word that chose the outcome.
        let outcome: String
    }

    enum Route: String, Sendable {
        case models = "/v1/models"
        case messages = "/v1/messages"
        /// How many requests came, but for those that ask.
        case requests = "/sandbox/requests"

        var method: String { self == .messages ? "POST" : "GET" }
        var name: String { self == .models ? "models" : "messages" }
    }

    private let transcript: Transcript
    private let models: [String]
    private let log: RequestLog
    private let requests = Atomic(0)

    init(log: RequestLog) throws(Transcript.Malformed) {
        transcript = try Transcript(String(decoding: PackageResources.anthropic_answers, as: UTF8.self))
        models = String(decoding: PackageResources.models_jsonl, as: UTF8.self).split(separator: "\n").map(String.init)
        self.log = log
    }

    func admit(_ head: RequestHead) -> Admission<Admitted> {
        guard let route = Route(rawValue: head.path) else {
            requests.add(1, ordering: .relaxed)
            return .refuse(faulty("no-route", head: head, route: nil))
        }
        if route == .requests { return .take(Admitted(route: route, outcome: "")) }
        requests.add(1, ordering: .relaxed)
        guard head.method == route.method else { return .refuse(faulty("no-method", head: head, route: route)) }
        guard let key = head.value("x-api-key"), !key.isEmpty else {
            // A sign-in token, sent as one.
            let isBearer = head.value("authorization")?.hasPrefix("Bearer sk-ant-oat") == true
            return .refuse(faulty(isBearer ? "oauth" : "no-key", head: head, route: route))
        }
        guard head.value("anthropic-version") != nil else {
            return .refuse(faulty("no-version", head: head, route: route))
        }
        return .take(Admitted(route: route, outcome: transcript.word(in: key)))
    }

    func respond(to admitted: Admitted, head: RequestHead, body: consuming WipedBuffer) async -> Response {
        switch admitted.route {
        case .requests:
            let count = requests.load(ordering: .relaxed)
            return Response(
                status: 200,
                headers: [("content-type", "application/json")],
                body: WipedBuffer("{\"count\":\(count)}")
            )
        case .models, .messages:
            if admitted.outcome == "hang" {
                log.record(head.method, admitted.route.rawValue, outcome: "hang", status: nil)
                // Cancelled when the time of the whole request is over, and a refusal sent in its place.
                try? await Task.sleep(for: .seconds(86_400))
                return Response(status: 504, body: WipedBuffer(capacity: 0))
            }
            return admitted.route == .models
                ? listModels(admitted, head: head) : sendMessage(admitted, head: head, body: body)
        }
    }

    func refusal(of fault: TransportFault, head: RequestHead?) -> Response {
        requests.add(head == nil ? 1 : 0, ordering: .relaxed)
        switch fault {
        case .bodyTooLarge: return answer("toolarge", head: head, route: nil)
        case .answerTooLate: return compose("timeout504", route: nil)
        case .bodiesInFlight: return answer("overloaded", head: head, route: nil)
        case .transferEncodingRefused, .badRequest, .uriTooLong, .headersTooLarge:
            return answer("bad-request", head: head, route: nil, filling: ["message": "Bad Request"])
        }
    }

    private func listModels(_ admitted: Admitted, head: RequestHead) -> Response {
        let limit = head.query.flatMap { query in
            query.split(separator: "&").first { $0.hasPrefix("limit=") }.map { $0.dropFirst("limit=".count) }
        }
        let count = limit.map { Int($0) ?? 0 } ?? 20
        guard (1...1_000).contains(count) else {
            let message = "limit: Input should be a valid integer from 1 to 1000"
            return answer("bad-request", head: head, route: .models, filling: ["message": message])
        }
        let shown = models.prefix(count)
        return answer(
            admitted.outcome,
            head: head,
            route: .models,
            filling: [
                "models": shown.joined(separator: ","),
                "has-more": shown.count < models.count ? "true" : "false",
                "first-id": shown.first.map(id) ?? "null",
                "last-id": shown.last.map(id) ?? "null",
            ]
        )
    }

    private func sendMessage(_ admitted: Admitted, head: RequestHead, body: consuming WipedBuffer) -> Response {
        struct Call: Decodable {
            struct Message: Decodable { let role: String }
            let model: String?
            let max_tokens: Int?
            let messages: [Message]?
        }
        let data = body.withBytes { bytes in unsafe bytes.withUnsafeBytes { unsafe Data($0) } }
        let call = try? JSONDecoder().decode(Call.self, from: data)
        let fault: String? =
            if call == nil {
                "The request body is not valid JSON"
            } else if call?.model == nil {
                "model: Field required"
            } else if (call?.max_tokens ?? 0) < 1 {
                "max_tokens: Field required"
            } else if (call?.messages ?? []).isEmpty {
                "messages: at least one message is required"
            } else {
                nil
            }
        if let fault { return answer("bad-request", head: head, route: .messages, filling: ["message": fault]) }
        let model = call?.model ?? ""
        guard models.contains(where: { id($0) == "\"\(model)\"" }) else {
            // Not echoed: only names from the list are.
            return answer("no-model", head: head, route: .messages, filling: ["model": "unknown"])
        }
        return answer(admitted.outcome, head: head, route: .messages, filling: ["model": model])
    }

    /// The id in a line of the list of models, in its quotes.
    private func id(_ line: String) -> String {
        guard let start = line.firstRange(of: "\"id\":")?.upperBound else { return "null" }
        return String(line[start...].prefix { $0 != "," })
    }

    private func faulty(_ word: String, head: RequestHead, route: Route?) -> Response {
        answer(word, head: head, route: route)
    }

    private func answer(
        _ word: String, head: RequestHead?, route: Route?, filling values: [String: String] = [:]
    ) -> Response {
        let response = compose(word, route: route, filling: values)
        log.record(head?.method ?? "", route?.rawValue ?? "", outcome: word, status: response.status)
        return response
    }

    private func compose(
        _ word: String, route: Route?, filling values: [String: String] = [:]
    ) -> Response {
        let answer = transcript.answer(to: route?.name ?? "", word: word)
        let requestID = "\(RequestID(at: SystemTime().now()))"
        let fill = { (text: String) in
            values.reduce(text.replacing("{request-id}", with: requestID)) { text, value in
                text.replacing("{\(value.key)}", with: value.value)
            }
        }
        return Response(
            status: answer?.status ?? 500,
            headers: answer?.headers.map { ($0.0, fill($0.1)) } ?? [],
            body: WipedBuffer(fill(answer?.body ?? ""))
        )
    }
}
