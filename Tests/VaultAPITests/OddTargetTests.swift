import Synchronization
import Testing
import VaultTestKit

@testable import VaultAPI

/// Targets and methods that another reader could take for others: nobody gets anywhere with them.
@Suite struct OddTargetTests {
    /// Which route answered each request, by the name of the request.
    private final class Answered: Sendable {
        private let routes = Mutex<[String: String]>([:])

        func note(_ request: AnsweredRequest) { routes.withLock { $0["\(request.requestID)"] = request.route } }

        /// `GET /v1/keys/{id}`; empty when it was refused before it came to a route.
        func route(of answer: HTTPAnswer) -> String? {
            routes.withLock { $0[answer.header("request-id") ?? ""] }
        }
    }

    private func run(_ body: (RunningVault, Cast, Answered) async throws -> Void) async throws {
        let answered = Answered()
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false,
            observe: { answered.note($0) }
        ) { vault in
            try await body(vault, try await Cast(vault), answered)
        }
    }

    /// The path with one thing done to it, everywhere where it can be done.
    private static func mutations(of path: String) -> [String] {
        let segments = path.split(separator: "/").map(String.init)
        var odd: [String] = []
        for place in 0...segments.count {
            let (before, after) = (segments[..<place], segments[place...])
            for inserted in [
                "..", ".", "", "%2e%2e", "%2e", "%2E.", ".%2e", "%252e", "%c0%ae%c0%ae", "%00", ";x=1", "\\",
            ] {
                odd.append("/" + (before + [inserted] + after).joined(separator: "/"))
            }
            guard place > 0, let last = before.last else { continue }
            for tail in [";x=1", "%00", "%20", ".", "%2f", "%5c", "%c0%af", "\\", ",", "%3f", "%23", "~1", "\u{E9}"] {
                odd.append("/" + (before.dropLast() + [last + tail] + after).joined(separator: "/"))
            }
            odd.append("/" + (before.dropLast() + [last.uppercased()] + after).joined(separator: "/"))
            odd.append(
                "/"
                    + (before.dropLast() + ["%" + String(last.utf8.first ?? 0, radix: 16) + last.dropFirst()] + after)
                    .joined(separator: "/"))
            if let next = after.first {
                for joint in ["%2f", "%2F", "%5c", "\\", "%c0%af", "%252f", "//", "/./", "/x/../", "%00", ";/"] {
                    odd.append(
                        "/" + (before.dropLast() + [last + joint + next] + after.dropFirst()).joined(separator: "/"))
                }
            }
        }
        return odd + [
            "." + path, "x" + path, "http://127.0.0.1" + path, "//127.0.0.1" + path, path + "#", path + "/",
        ]
    }

    /// Whether `path` is `template` with something in the place of every name.
    private static func isLiteral(_ path: String, _ template: String) -> Bool {
        let (sent, wanted) = (
            path.split(separator: "/", omittingEmptySubsequences: false),
            template.split(separator: "/", omittingEmptySubsequences: false)
        )
        return sent.count == wanted.count
            && zip(sent, wanted).allSatisfy { $1.hasPrefix("{") ? !$0.isEmpty : Array($0.utf8) == Array($1.utf8) }
    }

    @Test func `A11 an odd path is refused, or comes to the very route that it spells`() async throws {
        try await run { vault, cast, answered in
            var (refused, literal) = (0, 0)
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let right = try await cast.attempt(
                    row, cast.guest(of: row), about: row.subject == .none ? .own : .absent, number)
                // What is not stored cannot be stored by the many.
                let bare = right.with { $0.json = $0.json.map { _ in "{}" } }
                let attempts = Self.mutations(of: right.path).map { bare.with(path: $0) }
                for (attempt, answer) in zip(attempts, try await attempts.send(to: vault)) {
                    let route = answered.route(of: answer) ?? ""
                    let literals = Routes.all.filter {
                        $0.method == attempt.method && Self.isLiteral(attempt.path, $0.path)
                    }
                    let said = "\(attempt.method) \(attempt.target): \(answer.status) by \(route)"
                    if literals.isEmpty {
                        refused += 1
                        #expect(route == "" && [400, 404, 405].contains(answer.status), "\(said)")
                        #expect(ProblemForm.faults(of: answer, [answer.status]) == [], "\(said)")
                    } else {
                        literal += 1
                        #expect(
                            literals.map { "\($0.method) \($0.path)" }.contains(route) || answer.status >= 400,
                            "\(said)")
                        #expect(answer.status < 500, "\(said)")
                    }
                }
            }
            #expect(refused > 1500)
            #expect(literal > 50)
            // The control: the plain path comes to its route.
            let plain = Attempt(method: "GET", target: "/v1/keys", token: vault.appToken)
            #expect(answered.route(of: try await plain.send(to: vault)) == "GET /v1/keys")
        }
    }

    @Test func `A10 a method that is not in the table is 405 with those that are, whatever it is and whoever asks`()
        async throws
    {
        try await run { vault, cast, answered in
            let paths = Dictionary(grouping: Routes.all, by: \.path).mapValues { Set($0.map(\.method)) }
            for (template, methods) in paths {
                let path = template.split(separator: "/").map { $0.hasPrefix("{") ? "x" : $0 }.joined(separator: "/")
                for method in [
                    "TRACE", "CONNECT", "OPTIONS", "get", "Get", "post", "PROPFIND", "LIST", "GETS", "PATCH", "DELETE",
                    "PUT", "POST", "GET",
                ] where !methods.contains(method) {
                    for token in [vault.adminToken, nil] {
                        let attempt = Attempt(method: method, target: "/" + path, token: token)
                        let answer = try await attempt.send(to: vault)
                        #expect(ProblemForm.faults(of: answer, [405]) == [], "\(method) \(template): \(answer.text)")
                        let allowed = answer.header("allow")?.split(separator: ", ").map(String.init) ?? []
                        #expect(allowed == methods.sorted(), "\(method) \(template)")
                        #expect(answered.route(of: answer) == "")
                    }
                }
                let head = try await Attempt(method: "HEAD", target: "/" + path, token: vault.adminToken).send(
                    to: vault)
                #expect(head.status == 405 && head.body.isEmpty, "HEAD \(template)")
            }
        }
    }

    @Test func `A18 no site is let in by a preflight, or told anything`() async throws {
        try await run { vault, cast, answered in
            for row in AuthorizationMatrixTests.rows {
                let parts = row.call.split(separator: " ")
                let path = String(parts[1].replacing("{", with: "").replacing("}", with: ""))
                for origin in ["https://evil.example", "null", "http://127.0.0.1:\(vault.port)"] {
                    let preflight = Attempt(method: "OPTIONS", target: path)
                        .with(header: "Origin", origin).with(header: "Access-Control-Request-Method", String(parts[0]))
                        .with(header: "Access-Control-Request-Headers", "authorization,content-type")
                    let simple = Attempt(
                        method: String(parts[0]), target: path, json: row.body, token: vault.adminToken
                    )
                    .with(header: "Origin", origin)
                    let answers = try await [preflight, simple].send(to: vault)
                    #expect(answers[0].status == 405, "\(row.call)")
                    for answer in answers {
                        let isOpen = answer.headers.contains { $0.name.hasPrefix("access-control-") }
                        #expect(!isOpen, "\(row.call) from \(origin)")
                    }
                }
            }
        }
    }

    @Test func `B15 no header and no parameter turns a method into another`() async throws {
        try await run { vault, cast, answered in
            let overrides = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-Method"]
            for (number, row) in AuthorizationMatrixTests.repeatable.enumerated() {
                let role = cast.guest(of: row)
                let right = try await cast.attempt(row, role, about: row.subject == .none ? .own : .absent, number)
                    .with { $0.json = $0.json.map { _ in "{}" } }
                for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] where method != right.method {
                    var attempt = right
                    for name in overrides { attempt = attempt.with(header: name, method) }
                    attempt = attempt.with(header: "X-Original-URL", "/v1/tokens").with(
                        header: "X-Rewrite-URL", "/v1/tokens")
                    let (plain, odd) = (try await right.send(to: vault), try await attempt.send(to: vault))
                    #expect(odd.status == plain.status, "\(row.call) as \(method)")
                    #expect(answered.route(of: odd) == answered.route(of: plain), "\(row.call) as \(method)")
                }
                if !(try #require(Routes.all.first { "\($0.method) \($0.path)" == row.call })).isFile {
                    let answer = try await right.with(query: "_method=DELETE").send(to: vault)
                    #expect(answer.status == 400, "\(row.call): \(answer.text)")
                }
                guard case .instance = row.need else { continue }
                for method in ["GET", "HEAD", "OPTIONS", right.method] {
                    let tenant = right.with {
                        ($0.method, $0.token) = (method, cast.tokens[.tenant])
                        if method != right.method { $0.json = nil }
                    }
                    .with(header: "X-HTTP-Method-Override", right.method)
                    let answer = try await tenant.send(to: vault)
                    #expect([403, 404, 405].contains(answer.status) || method == "GET", "\(row.call) as \(method)")
                    #expect(answered.route(of: answer) != row.call, "\(row.call) as \(method)")
                }
            }
        }
    }

    @Test func `B14 no parameter of a query decides who may do what`() async throws {
        try await run { vault, cast, answered in
            let names = [
                "role", "scope", "scopes", "kind", "project", "project_id", "tenant", "user", "user_id", "token",
                "token_id",
                "admin", "is_admin", "key_id", "access_token",
            ]
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let route = try #require(Routes.all.first { "\($0.method) \($0.path)" == row.call })
                if case .nothing = row.need { continue }
                let right = try await cast.attempt(row, cast.guest(of: row), about: .absent, number)
                for name in names {
                    let value = name.hasSuffix("project_id") ? vault.projectID : name == "role" ? "adm" : "keys:reveal"
                    let nobody = try await right.with(token: nil).with(query: "\(name)=\(value)").send(to: vault)
                    #expect(nobody.status == 401, "\(row.call)?\(name)")
                    switch row.need {
                    case .scope, .instance:
                        let lesser = right.with(token: cast.scopeless).with(query: "\(name)=\(value)")
                        let answer = try await lesser.send(to: vault)
                        #expect(answer.status == 403, "\(row.call)?\(name): \(answer.text)")
                    case .nothing, .anyToken, .link: break
                    }
                    guard !route.query.contains(name) else { continue }
                    let guest = try await right.with(query: "\(name)=\(value)").send(to: vault)
                    #expect(guest.status == 400, "\(row.call)?\(name): \(guest.text)")
                }
            }
            // Where a project may be named, an app gets no other than its own: one it cannot see is one that is not there.
            for target in ["/v1/keys", "/v1/tokens", "/v1/stats"] {
                let ask = { (project: String) in
                    try await vault.get("\(target)?project_id=\(project)", token: cast.tokens[.tenant])
                }
                let (foreign, absent) = (try await ask(cast.other.id), try await ask("prj_00000000000000000000000000"))
                #expect(withoutInstance(foreign) == withoutInstance(absent), "\(target)")
                #expect(foreign.status >= 400 || foreign.json["data"].items.isEmpty, "\(target): \(foreign.text)")
            }
        }
    }

    @Test func `B17 a slash at the end, or a list in the place of a thing, opens nothing`() async throws {
        try await run { vault, cast, answered in
            for (number, row) in AuthorizationMatrixTests.repeatable.enumerated() {
                for role in [AuthorizationMatrixTests.Role.anonymous, .app, .admin, .link] {
                    let right = try await cast.attempt(row, role, about: .absent, number).with {
                        $0.json = $0.json.map { _ in "{}" }
                    }
                    var attempts = ["/", "//", "/%2f", "/."].map { right.with(path: right.path + $0) }
                    for tail in ["?list=true", "?list", "/?list=true"] {
                        attempts.append(right.with(path: right.path + tail))
                    }
                    attempts.append(right.with { $0.method = "LIST" })
                    let plain = try await right.send(to: vault)
                    for (attempt, answer) in zip(attempts, try await attempts.send(to: vault)) {
                        let said = "\(attempt.method) \(attempt.target) by \(role): \(answer.status)"
                        let isFile = Routes.all.contains { "\($0.method) \($0.path)" == row.call && $0.isFile }
                        if isFile, attempt.path == right.path, attempt.method == right.method { continue }
                        #expect(answer.status >= 400 && answer.status < 500, "\(said)")
                        // Whoever is told nothing by the plain call is told nothing by the odd one.
                        if plain.status == 401 || plain.status == 403, attempt.path == right.path,
                            attempt.method == right.method
                        {
                            #expect(answer.status == plain.status, "\(said)")
                        }
                    }
                }
            }
        }
    }
}
