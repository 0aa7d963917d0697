import FoundationEssentials
import HTTPClient
import VaultModel

/// The running server that a command speaks to, as the bearer of one token.
struct RemoteVault: ~Copyable {
    let server: BaseURL
    let client: HTTPClient
    private let token: SecretBytes

    /// Longer than the server takes for any request, a test call of its own included.
    static let patience = Duration.seconds(40)
    /// More than a page of 200 keys takes whose labels, tags and parameters are as long as may be, in bytes.
    static let largestAnswer = 16 << 20

    init(server: BaseURL, client: HTTPClient, token: consuming SecretBytes) {
        self.server = server
        self.client = client
        self.token = token
    }

    /// An answer of the server's.
    struct Reply {
        let status: Int
        let body: [UInt8]
        /// From `Retry-After`, in seconds.
        let retryAfter: Int?
        /// When the server took the request, by its own clock: to the millisecond, as the id says that it gave to it.
        let takenAt: Timestamp?

        func decoded<Value: Decodable>(as type: Value.Type) -> Value? {
            try? JSONDecoder().decode(type, from: Data(body))
        }

        var problem: RemoteProblem? { decoded(as: RemoteProblem.self) }
    }

    func get(_ path: String) async throws(HTTPClientError) -> Reply {
        try await send(.get, path, [], WipedBuffer(capacity: 0))
    }

    /// - Parameters:
    ///   - body: JSON, which may hold a key: overwritten before this returns.
    ///   - idempotencyKey: the same for every attempt at the same thing.
    func post(
        _ path: String, _ body: consuming WipedBuffer, idempotencyKey: String? = nil
    ) async throws(HTTPClientError) -> Reply {
        var headers = [(name: "content-type", value: "application/json")]
        if let idempotencyKey { headers.append((name: "idempotency-key", value: idempotencyKey)) }
        return try await send(.post, path, headers, body)
    }

    func delete(_ path: String) async throws(HTTPClientError) -> Reply {
        try await send(.delete, path, [], WipedBuffer(capacity: 0))
    }

    /// Makes a call whose answer, where it succeeds, goes to `sink` and not into memory.
    func download(
        _ path: String, to sink: @escaping @Sendable (RawSpan) -> Bool, within patience: Duration
    ) async throws(CommandFailure) -> Reply {
        do {
            return try await send(.post, path, [], WipedBuffer(capacity: 0), within: patience, sink: sink)
        } catch {
            throw CommandFailure("the backup did not come to its end: \(error)", .unavailable)
        }
    }

    private func send(
        _ method: OutgoingRequest.Method, _ path: String, _ headers: [(name: String, value: String)],
        _ body: consuming WipedBuffer, within patience: Duration = Self.patience,
        sink: (@Sendable (RawSpan) -> Bool)? = nil
    ) async throws(HTTPClientError) -> Reply {
        var request = OutgoingRequest(
            method, "\(server)\(path)", headers: headers, wiping: body, secret: try copyOfToken(),
            secretHeaderName: "authorization", secretHeaderPrefix: "Bearer ", addressPolicy: .operatorChosen,
            allowsLoopbackHTTP: true, timeout: patience)
        request.sink = sink
        request.largestAnswer = Self.largestAnswer
        let response = try await client.send(request)
        return Reply(
            status: response.status, body: response.body,
            retryAfter: response.value("retry-after").flatMap { WholeNumber.parse($0, in: 0...10_000_000) },
            takenAt: response.value("request-id").flatMap { RequestID($0)?.uuid.time })
    }

    private func copyOfToken() throws(HTTPClientError) -> SecretBytes {
        do {
            return try token.withBytes { bytes throws(SecretMemoryExhausted) in try SecretBytes(copying: bytes) }
        } catch {
            throw .refusedSecret
        }
    }
}

/// What the server says of a request that it does not carry out; members as in RFC 9457 and the API.
struct RemoteProblem: Decodable, Sendable {
    let code: String
    let detail: String
    let hint: String
    let retryable: Bool
    /// The member of the request that is at fault.
    let field: String?
    let key_id: String?
    let kind: String?
    let detected_provider: String?
}
