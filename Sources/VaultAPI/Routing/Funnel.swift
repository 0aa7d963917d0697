package import HTTPServer
package import VaultModel
package import VaultService

/// The one way in: every request is routed, identified, authorized, bounded, parsed, run and encoded here.
///
/// Called from many threads at once. Before a byte of a body is taken, the route, the token and its scope, the media
/// types and the rate are settled.
package final class Funnel: Responder {
    /// What admission found out.
    package struct Admitted: Sendable {
        let route: Route
        let parameters: [Substring]
        let caller: Caller
        let requestID: RequestID
        let standing: RateStanding?
    }

    private let vault: Vault
    private let table: RouteTable
    private let hosts: AllowedHosts
    private let refusals: FailureLimit
    private let rates: CallerRate<TokenID>?
    private let linkRates: CallerRate<ConnectSessionID>?
    private let site: PublicURL
    private let observe: (@Sendable (AnsweredRequest) -> Void)?
    package let metrics: Metrics
    private let time: any TimeSource

    /// - Parameters:
    ///   - hosts: further `Host` values that are answered, besides loopback ones.
    ///   - rate: how many requests a token may make; `nil` for no limit.
    ///   - limitsFailures: whether 401s to one address, and calls with one connect link, are bounded.
    ///   - site: what connect links begin with.
    ///   - metrics: where every answer is counted.
    ///   - observe: told of every answer, on the thread that gave it; it must not wait.
    package init(
        _ vault: Vault, hosts: AllowedHosts, site: PublicURL, rate: RequestRate? = nil, limitsFailures: Bool = true,
        metrics: Metrics = Metrics(), time: any TimeSource = SystemTime(),
        observe: (@Sendable (AnsweredRequest) -> Void)? = nil
    ) {
        self.vault = vault
        self.hosts = hosts
        self.time = time
        self.observe = observe
        self.metrics = metrics
        refusals = FailureLimit(perMinute: limitsFailures ? 60 : nil)
        rates = rate.map(CallerRate.init)
        linkRates = limitsFailures ? CallerRate(RequestRate(calls: 120, milliseconds: 60_000)) : nil
        self.site = site
        table = RouteTable(Routes.all)
    }

    package func admit(_ head: RequestHead) -> Admission<Admitted> { admit(head, by: table) }

    func admit(_ head: RequestHead, by table: RouteTable) -> Admission<Admitted> {
        let requestID = RequestID(at: time.now())
        var standing: RateStanding?
        do {
            return .take(try admitted(head, requestID, table, &standing))
        } catch {
            return .refuse(noted(response(to: error, requestID, standing), nil, requestID, head.receivedAt))
        }
    }

    private func admitted(
        _ head: RequestHead, _ requestID: RequestID, _ table: RouteTable, _ standing: inout RateStanding?
    ) throws(Problem) -> Admitted {
        guard hosts.contain(head.value("host") ?? "") else {
            vault.noteRefusal("foreign_host", route: "", by: .anonymous)
            throw Problem(.invalidParameter, detail: "This server does not answer for that Host.", field: "host")
        }
        let route: Route
        let parameters: [Substring]
        switch table.match(method: head.method, path: head.path) {
        case .route(let found, let found2): (route, parameters) = (found, found2)
        case .otherMethods(let methods):
            var problem = Problem(.methodNotAllowed)
            problem.allowedMethods = methods
            throw problem
        case .none: throw Problem(.notFound)
        }
        try AcceptHeader.require(route.produces, in: head.value("accept"))
        let caller: Caller
        do { caller = try identify(head, route, &standing) } catch { throw counted(error, on: route) }
        if head.declaredLength > 0 {
            guard route.shape != nil else {
                throw Problem(.invalidParameter, detail: "This call takes no request body.", field: "body")
            }
            try ContentType.requireJSON(head.value("content-type"))
        }
        return Admitted(
            route: route, parameters: parameters, caller: caller, requestID: requestID, standing: standing)
    }

    /// Who is asking, and whether they may; before anything is looked up.
    private func identify(
        _ head: RequestHead, _ route: Route, _ standing: inout RateStanding?
    ) throws(Problem) -> Caller {
        if case .anyone = route.access { return .anonymous }
        guard !vault.isSealed else { throw Problem(.sealed) }
        if case .connectLink = route.access { try OwnOrigin.require(head, site) }
        let now = time.now()
        let caller: Caller
        do {
            let authorization = head.value("authorization")
            switch route.access {
            case .connectLink: caller = try vault.caller(holdingLink: authorization)
            case .anyone, .anyToken, .scope, .instance: caller = try vault.caller(bearing: authorization)
            }
        } catch {
            throw refusal(of: error, from: subscriber(of: head), at: now, &standing)
        }
        standing = count(caller, at: now)
        if let wait = standing?.wait {
            var problem = Problem(.rateLimited)
            problem.retryAfter = wait
            throw counted(problem, on: route, by: caller)
        }
        switch route.access {
        case .scope(let scope) where !caller.may(scope),
            .instance(let scope) where !caller.may(scope) || caller.projectID != nil:
            throw counted(Problem(VaultError.insufficientScope(scope)), on: route, by: caller)
        case .anyone, .anyToken, .scope, .instance, .connectLink: return caller
        }
    }

    /// Counts the call; how its caller stands with the limit that it is under, if any.
    private func count(_ caller: Caller, at now: Timestamp) -> RateStanding? {
        if case .connect(let link) = caller.kind { return linkRates?.count(link, at: now) }
        return caller.tokenID.flatMap { rates?.count($0, at: now) }
    }

    /// Who is counted when tokens are refused: whoever has one address of IPv6 has 2^64 of them.
    private func subscriber(of head: RequestHead) -> String {
        IPAddress(head.remoteAddress)?.subscriber.description ?? head.remoteAddress
    }

    /// What a caller without a believable token is told: that, or to wait when its address is told so too often.
    ///
    /// Whoever has a token is served from any address: many callers share one behind a proxy.
    private func refusal(
        of error: VaultError, from address: String, at now: Timestamp, _ standing: inout RateStanding?
    ) -> Problem {
        switch error {
        case .missingToken, .invalidToken, .expiredToken: break
        default: return Problem(error)
        }
        standing = refusals.count(address, at: now)
        guard let wait = standing?.wait else { return Problem(error) }
        var problem = Problem(.rateLimited, detail: "Too many requests from this address were refused.")
        problem.retryAfter = wait
        return problem
    }

    package func respond(
        to admitted: Admitted, head: RequestHead, body: consuming WipedBuffer
    ) async -> Response {
        noted(await answer(admitted, head, body), admitted, head)
    }

    private func answer(
        _ admitted: Admitted, _ head: RequestHead, _ body: consuming WipedBuffer
    ) async -> Response {
        do {
            let answer = try await run(admitted, head, body)
            let file = answer.file
            var response = Response(
                status: answer.status,
                headers: answer.headers
                    + Self.headers(admitted.requestID, answer.contentType, cacheControl: answer.cacheControl)
                    + (admitted.standing?.headers ?? []),
                body: answer.body)
            response.file = file
            return response
        } catch let problem as Problem {
            return response(
                to: counted(problem, on: admitted.route, by: admitted.caller), admitted.requestID, admitted.standing)
        } catch {
            let problem = counted(Problem(VaultError(anything: error)), on: admitted.route, by: admitted.caller)
            return response(to: problem, admitted.requestID, admitted.standing)
        }
    }

    /// The same answer, counted and told of when it is the one that is given.
    private func noted(
        _ response: consuming Response, _ route: Route?, _ requestID: RequestID,
        _ receivedAt: ContinuousClock.Instant?, _ tokenID: TokenID? = nil
    ) -> Response {
        var response = response
        let status = response.status
        response.note = { [metrics, observe] in
            let taken = receivedAt?.duration(to: .now) ?? .zero
            metrics.requests.note(route, status: status, taken: taken)
            guard let observe else { return }
            observe(
                AnsweredRequest(
                    requestID: requestID, route: metrics.requests.label(of: route), status: status,
                    microseconds: Int(taken / .microseconds(1)), tokenID: tokenID))
        }
        return response
    }

    private func noted(_ response: consuming Response, _ admitted: Admitted, _ head: RequestHead) -> Response {
        noted(response, admitted.route, admitted.requestID, head.receivedAt, admitted.caller.tokenID)
    }

    /// Counts a refusal for the audit log; the same problem, which is counted once.
    private func counted(_ problem: Problem, on route: Route, by caller: Caller = .anonymous) -> Problem {
        guard !problem.isCounted, [401, 403, 429].contains(problem.status) else { return problem }
        vault.noteRefusal(problem.code.rawValue, route: "\(route.method) \(route.path)", by: caller)
        var problem = problem
        problem.isCounted = true
        return problem
    }

    private func run(
        _ admitted: Admitted, _ head: RequestHead, _ body: consuming WipedBuffer
    ) async throws -> Answer {
        let route = admitted.route
        let query = try QueryString(route.isFile ? nil : head.query, allowed: route.query)
        let ifMatch = try Precondition.revision(head.value("if-match"))
        var ticket: IdempotencyTicket?
        if let key = head.value("idempotency-key"), let render = route.keeps, let token = admitted.caller.tokenID {
            switch try decide(key, route, admitted, head, body, token, render) {
            case .replay(let kept): return Answer(kept)
            case .run(let new): ticket = new
            }
        }
        defer { ticket?.release() }
        let call = Call(
            vault: vault,
            context: RequestContext(caller: admitted.caller, requestID: admitted.requestID, ticket: ticket),
            site: site, metrics: metrics, parameters: admitted.parameters, query: query, ifMatch: ifMatch,
            acceptsGzip: route.isFile && AcceptHeader.admits(coding: "gzip", in: head.value("accept-encoding")),
            body: try Members(body, route.shape ?? Shape()))
        return try await route.handler(call)
    }

    private func decide(
        _ key: String, _ route: Route, _ admitted: Admitted, _ head: RequestHead, _ body: borrowing WipedBuffer,
        _ token: TokenID, _ render: @escaping IdempotencyTicket.Render
    ) throws -> IdempotencyDecision {
        guard (1...128).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Problem(
                .invalidParameter, detail: "Idempotency-Key is 1 to 128 printable ASCII characters.",
                field: "idempotency_key")
        }
        // The path and query belong to what was asked: under the same key another object is another request.
        var asked = WipedBuffer(head.path)
        asked.append(UInt8(ascii: "?"))
        asked.append(head.query ?? "")
        asked.append(UInt8(ascii: "\n"))
        asked.append(head.value("if-match") ?? "")
        asked.append(UInt8(ascii: "\n"))
        body.withBytes { bytes in asked.append(bytes) }
        return try asked.withBytes { bytes throws in
            try vault.decide(
                key: key, route: "\(route.method) \(route.path)", body: bytes, caller: token, render: render)
        }
    }

    package func refusal(of fault: TransportFault, head: RequestHead?) -> Response {
        let requestID = RequestID(at: time.now())
        return noted(response(to: Problem(fault), requestID), nil, requestID, head?.receivedAt)
    }

    /// Under the id that it was admitted with, so that what it had done by then is found in the audit log.
    package func refusal(of fault: TransportFault, to admitted: Admitted, head: RequestHead) -> Response {
        noted(response(to: Problem(fault), admitted.requestID, admitted.standing), admitted, head)
    }

    private func response(to problem: Problem, _ requestID: RequestID, _ standing: RateStanding? = nil) -> Response {
        var headers = Self.headers(requestID, Problem.contentType) + (standing?.headers ?? [])
        if problem.status == 401 { headers.append(("WWW-Authenticate", "Bearer realm=\"keystow\"")) }
        if let wait = problem.retryAfter { headers.append(("Retry-After", "\(wait)")) }
        if !problem.allowedMethods.isEmpty {
            headers.append(("Allow", problem.allowedMethods.sorted().joined(separator: ", ")))
        }
        return Response(status: problem.status, headers: headers, body: problem.json(instance: requestID))
    }

    private static func headers(
        _ requestID: RequestID, _ contentType: String, cacheControl: String = "no-store"
    ) -> [(String, String)] {
        [
            ("Content-Type", contentType), ("Cache-Control", cacheControl), ("X-Content-Type-Options", "nosniff"),
            ("Request-Id", "\(requestID)"),
        ]
    }
}

/// What is told of a request once it has been answered: nothing that the caller chose.
package struct AnsweredRequest: Sendable {
    package let requestID: RequestID
    /// Method and template of the route; empty when the request was refused before it had one.
    package let route: String
    package let status: Int
    package let microseconds: Int
    package let tokenID: TokenID?
}

extension Answer {
    /// An answer that was given before.
    init(_ kept: KeptAnswer) {
        var body = WipedBuffer(capacity: kept.body.count)
        body.append(kept.body)
        self.init(kept.status, headers: [("Idempotent-Replayed", "true")], body: body)
    }
}

/// `If-Match` (RFC 9110 §13.1.1) with the revision that is a record's `ETag`.
enum Precondition {
    /// - Returns: `nil` when there is no condition, or `*`.
    /// - Throws: `invalid_parameter` for anything but one strong tag of ours.
    static func revision(_ header: String?) throws(Problem) -> Int? {
        guard let header, header != "*" else { return nil }
        guard header.utf8.count >= 3, header.hasPrefix("\""), header.hasSuffix("\""),
            let revision = Int(header.dropFirst().dropLast()), revision > 0
        else {
            throw Problem(
                .invalidParameter, detail: "If-Match takes the ETag of the record, such as \"3\".", field: "if_match")
        }
        return revision
    }
}
