import FoundationEssentials
import HTTPClient
import VaultModel

/// Calls for commands that end when the server does not carry out what it is asked for.
extension RemoteVault {
    func fetch(_ path: String) async throws(CommandFailure) -> Reply {
        try await carriedOut { () async throws(HTTPClientError) in try await get(path) }
    }

    /// - Parameter body: without a secret, its members named as in the API.
    func submit(_ path: String, _ body: some Encodable) async throws(CommandFailure) -> Reply {
        guard let json = try? JSONEncoder().encode(body) else { throw CommandFailure("cannot be sent", .software) }
        return try await carriedOut { () async throws(HTTPClientError) in
            var body = WipedBuffer(capacity: json.count)
            body.append(Array(json))
            return try await post(path, body)
        }
    }

    /// The same for what changes something: with an `Idempotency-Key`, so that a call whose answer was lost is made again and
    /// is answered as it was.
    ///
    /// - Parameter isHarmless: whether it changes nothing: then it is without one, and each answer is a new one.
    /// - Returns: the answer, whatever it is.
    /// - Throws: where there was none. Whether it was done is then not known.
    func attempt(
        _ path: String, _ body: some Encodable, isHarmless: Bool = false
    ) async throws(CommandFailure) -> Reply {
        guard let json = try? JSONEncoder().encode(body) else { throw CommandFailure("cannot be sent", .software) }
        let name = isHarmless ? nil : RequestID(at: SystemTime().now()).description
        var failures = 0
        while true {
            do throws(HTTPClientError) {
                var body = WipedBuffer(capacity: json.count)
                body.append(Array(json))
                let reply = try await post(path, body, idempotencyKey: name)
                // The first attempt is still under way there.
                guard reply.problem?.code == "idempotency_conflict", reply.problem?.retryable == true else {
                    return reply
                }
                failures += 1
                if failures >= Self.attempts { return reply }
            } catch {
                failures += 1
                guard failures < Self.attempts else {
                    throw CommandFailure(
                        "\(server) does not answer (\(error)); whether it was done is not known: look, and call again",
                        .unavailable)
                }
            }
            try? await SystemTime().sleep(for: .seconds(1))
        }
    }

    /// How often a call is made that gets no answer.
    private static var attempts: Int { 3 }

    func remove(_ path: String) async throws(CommandFailure) -> Reply {
        try await carriedOut { () async throws(HTTPClientError) in try await delete(path) }
    }

    private func carriedOut(
        _ call: () async throws(HTTPClientError) -> Reply
    ) async throws(CommandFailure) -> Reply {
        let reply: Reply
        do {
            reply = try await call()
        } catch {
            throw CommandFailure("\(server) does not answer (\(error)); is the server running?", .unavailable)
        }
        guard (200..<300).contains(reply.status) else { throw CommandFailure(reply) }
        return reply
    }
}

extension RemoteVault.Reply {
    /// - Throws: where it is no answer of this API's.
    func understood<Value: Decodable>(as type: Value.Type) throws(CommandFailure) -> Value {
        guard let value = decoded(as: type) else {
            throw CommandFailure("the server's answer was not understood", .unavailable)
        }
        return value
    }
}

extension CommandFailure {
    /// Why the server did not carry out what it was asked for, in its own words.
    init(_ refusal: RemoteVault.Reply) {
        let text =
            refusal.problem.map { problem in
                problem.field.map { "\($0): \(problem.detail)" } ?? "\(problem.detail) \(problem.hint)"
            } ?? "the server answered \(refusal.status)"
        switch refusal.status {
        case 401, 403: self.init(text, .noPermission)
        case 404: self.init(text, .noInput)
        case 400, 409, 410, 422: self.init(text, .usage)
        case 429: self.init(text, .temporary)
        default: self.init(text, .unavailable)
        }
    }
}

extension Configuration {
    /// The server of a command that does nothing without one.
    func runningServer() throws(CommandFailure) -> BaseURL {
        guard let server else {
            throw CommandFailure("which server? Set KEYSTOW_URL or give --url; this works on a running one", .usage)
        }
        return server
    }
}
