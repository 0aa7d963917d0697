import HTTPServer
import VaultModel
import VaultService

/// Who may call a route.
enum Access: Sendable {
    /// Anyone, without a token.
    case anyone
    /// Whoever holds a token that this vault knows.
    case anyToken
    case scope(Scope)
    /// The same above all projects: not for an app, whatever scopes it has.
    case instance(Scope)
    /// The page behind a connect link, with the link's token.
    case connectLink
}

/// One call as its handler gets it: authenticated, authorized, its body and query of the declared shape.
struct Call: ~Copyable {
    let vault: Vault
    let context: RequestContext
    let site: PublicURL
    let metrics: Metrics
    let parameters: [Substring]
    let query: QueryString
    let ifMatch: Int?
    let acceptsGzip: Bool
    let body: Members

    /// The id in the path; a malformed one is as absent.
    func id<ID: TypeID>(_ index: Int = 0) throws(VaultError) -> ID {
        guard index < parameters.count, let id = ID(parameters[index]) else { throw .notFound }
        return id
    }

    /// The project that an admin names.
    ///
    /// - Throws: `unknown_member` when anybody else does.
    func project(_ member: Member<String>) throws(Problem) -> ProjectID? {
        let project = try body.optional(member) { ProjectID($0) }
        guard project == nil || context.caller.projectID == nil else {
            throw Problem(.unknownMember, detail: "Only an admin names a project.", field: member.name)
        }
        return project
    }
}

/// The answer to one call.
struct Answer: ~Copyable {
    var status: Int
    var headers: [(String, String)] = []
    var contentType = Answer.jsonType
    var cacheControl = "no-store"
    var body: WipedBuffer
    /// What is sent behind the body.
    var file: ResponseFile?

    static let jsonType = "application/json; charset=utf-8"

    init(_ status: Int, headers: [(String, String)] = [], body: consuming WipedBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    static func json(_ status: Int, headers: [(String, String)] = [], _ write: (inout JSONWriter) -> Void) -> Answer {
        var writer = JSONWriter()
        write(&writer)
        return Answer(status, headers: headers, body: writer.finish())
    }

    static var noContent: Answer { Answer(204, body: WipedBuffer(capacity: 16)) }
}

/// One declaration per call: the route, who may take it, what it accepts, what it answers.
///
/// Routing, authorization, parsing and the OpenAPI document all read this and nothing else, so that a call without
/// an authorization row does not exist.
struct Route: Sendable {
    typealias Handler = @Sendable (consuming Call) async throws -> Answer

    let method: String
    /// With `{name}` where a segment is a parameter.
    let path: String
    /// Its place among all routes, from 1 on; 0 is no route.
    var number = 0
    let access: Access
    let summary: String
    var shape: Shape?
    var query: [String] = []
    /// Whether it answers with a file, which is opened by a link: what that picks up on its way, such as `?utm_source=…`,
    /// is passed over, and the answer may be compressed.
    var isFile = false
    /// How it succeeds, in each way with the shape of its answer.
    let successes: [Success]
    /// What it refuses besides what follows from the rest of this declaration.
    var refuses: [ProblemCode] = []
    /// The media types of its answers, problems apart; a request that admits none of them is refused.
    var produces = AcceptHeader.json
    /// Whether `Idempotency-Key` counts, and how what the call returned is encoded for a repetition.
    var keeps: IdempotencyTicket.Render?
    /// Whether it is an admin's: where those have a listener of their own, it is answered there alone.
    var isForAdmins = false
    let handler: Handler

    init(
        _ method: String, _ path: String, _ access: Access, _ summary: String, successes: [Success],
        handler: @escaping Handler
    ) {
        self.method = method
        self.path = path
        self.access = access
        self.summary = summary
        self.successes = successes
        self.handler = handler
    }

    /// A call whose result is encoded by `answer`, at once and for a repetition.
    static func returning<T: Sendable>(
        _ method: String, _ path: String, _ access: Access, _ summary: String, shape: Shape? = nil,
        query: [String] = [], successes: [Success], refuses: [ProblemCode] = [], isIdempotent: Bool = true,
        answer: @escaping @Sendable (T) -> Answer, run: @escaping @Sendable (consuming Call) async throws -> T
    ) -> Route {
        var route = Route(method, path, access, summary, successes: successes) { call in answer(try await run(call)) }
        route.shape = shape
        route.query = query
        route.refuses = refuses
        if isIdempotent, method != "GET", method != "PUT" { route.keeps = keeping(answer) }
        return route
    }

    /// Encodes a result of type `T` for a repetition, the way it is answered.
    static func keeping<T: Sendable>(_ answer: @escaping @Sendable (T) -> Answer) -> IdempotencyTicket.Render {
        { value in
            guard let value = value as? T else { return nil }
            let answer = answer(value)
            return KeptAnswer(status: answer.status, body: answer.body.withBytes { $0.copied })
        }
    }

    /// The same for a file, which is opened by a link.
    func file(_ mediaType: String) -> Route {
        var route = self
        route.produces = [mediaType]
        route.isFile = true
        return route
    }

    /// The same for admins: where those have a listener of their own, it is answered there alone.
    var forAdmins: Route {
        var route = self
        route.isForAdmins = true
        return route
    }

    func with(shape: Shape? = nil, query: [String] = [], refuses: [ProblemCode] = []) -> Route {
        var route = self
        route.shape = shape
        route.query = query
        route.refuses = refuses
        return route
    }

    /// Whether its answers are kept under an `Idempotency-Key`.
    var isIdempotent: Bool { keeps != nil }
}
