import HTTPServer
import Testing
import VaultService
import VaultTestKit

@testable import VaultAPI

/// Every refusal that every route can give has one form.
@Suite struct ProblemFormTests {
    private typealias Row = AuthorizationMatrixTests.Row

    private static func route(of row: Row) throws -> Route {
        try #require(Routes.all.first { "\($0.method) \($0.path)" == row.call })
    }

    /// Wrong ways to make a call that a guest may make, with the status of each.
    private static func wrongs(_ right: Attempt, _ row: Row, _ route: Route, _ cast: Cast) -> [(Int, Attempt)] {
        var wrongs: [(Int, Attempt)] = [
            (400, right.with { $0.host = "evil.example" }),
            (404, right.with(path: right.path + "/nothing/of/the/kind")),
            (405, right.with { ($0.method, $0.json) = ("TRACE", nil) }),
            (406, right.with(header: "Accept", "text/x-nothing")),
            (414, right.with(query: "x=" + String(repeating: "a", count: 4096))),
            (431, right.with(header: "X-Long", String(repeating: "a", count: 16_384))),
        ]
        if !route.isFile { wrongs.append((400, right.with(query: "no_such_parameter=1"))) }
        if ["POST", "PUT", "PATCH", "DELETE"].contains(route.method) {
            wrongs.append((413, right.with { ($0.json, $0.declaredLength) = ("{", "65537") }))
        }
        if case .nothing = row.need {
        } else {
            wrongs += [(401, right.with(token: nil)), (401, right.with(token: "kst_app_x"))]
        }
        switch row.need {
        case .scope, .instance: wrongs.append((403, right.with(token: cast.scopeless)))
        case .link: wrongs.append((403, right.with(header: "Origin", "https://evil.example")))
        case .nothing, .anyToken: break
        }
        guard let shape = route.shape else {
            if right.method != "GET" { wrongs.append((400, right.with { $0.json = "{}" })) }
            return wrongs
        }
        wrongs.append((400, right.with { $0.json = "{" }))
        wrongs.append((400, right.with { $0.json = #"{"a":1,"a":2}"# }))
        wrongs.append((415, right.with { ($0.json, $0.contentType) = ($0.json ?? "{}", "text/plain") }))
        wrongs.append((422, right.with { $0.json = #"{"is_admin":true}"# }))
        if shape.members.contains(where: \.isRequired) { wrongs.append((422, right.with { $0.json = "{}" })) }
        return wrongs
    }

    @Test func `A01 every refusal of every route is a problem with the documented members`() async throws {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            var statuses: Set<Int> = []
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let route = try Self.route(of: row)
                let right = try await cast.attempt(row, cast.guest(of: row), number)
                var wrongs = Self.wrongs(right, row, route, cast)
                if row.subject != .none {
                    for place in [AuthorizationMatrixTests.Place.absent, .malformed] {
                        wrongs.append((404, try await cast.attempt(row, cast.guest(of: row), about: place, number)))
                    }
                }
                if row.status >= 400 { wrongs.append((row.status, right)) }
                for ((status, attempt), answer) in zip(wrongs, try await wrongs.map(\.1).send(to: vault)) {
                    let faults = ProblemForm.faults(of: answer, [status])
                    #expect(faults == [], "\(row.call): \(attempt.method) \(attempt.target.prefix(80)): \(answer.text)")
                    statuses.insert(answer.status)
                }
                if route.isIdempotent, row.status < 400 {
                    let first = right.with(header: "Idempotency-Key", "k-\(number)")
                    #expect(try await first.send(to: vault).status == row.status, "\(row.call)")
                    let other = try await first.with(header: "If-Match", "\"1\"").send(to: vault)
                    #expect(ProblemForm.faults(of: other, [409]) == [], "\(row.call): \(other.text)")
                }
                if row.subject == .key, route.access.isForTokens, row.status != 204, route.method != "GET" {
                    let dead = try await cast.attempt(row, cast.guest(of: row), 1000 + number)
                    let id = try #require(dead.path.split(separator: "/").dropFirst(2).first)
                    #expect(try await vault.post("/v1/keys/\(id)/revoke").status == 200)
                    guard !row.call.hasSuffix("/revoke") else { continue }
                    let answer = try await dead.send(to: vault)
                    #expect(ProblemForm.faults(of: answer, [410]) == [], "\(row.call): \(answer.text)")
                    statuses.insert(answer.status)
                }
            }
            #expect(statuses == [400, 401, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 431])
            // With the store gone no call can be answered that needs it.
            var attempts: [(Row, Attempt)] = []
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() where row.subject == .none {
                attempts.append((row, try await cast.attempt(row, cast.guest(of: row), 2000 + number)))
            }
            vault.vault.close()
            var unavailable = 0
            for ((row, _), answer) in zip(attempts, try await attempts.map(\.1).send(to: vault))
            where answer.status >= 400 {
                unavailable += 1
                let faults = ProblemForm.faults(of: answer, row.status >= 400 ? [row.status, 503] : [503])
                #expect(faults == [], "\(row.call): \(answer.text)")
            }
            #expect(unavailable >= 15)
        }
    }

    @Test func `A01 a caller that has to wait, and a body that there is no room for, get problems from every route`()
        async throws
    {
        var limits = RunningVault.patient
        limits.bodiesInFlightBytes = 0
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false, limits: limits
        ) { vault in
            for row in AuthorizationMatrixTests.rows {
                guard try Self.route(of: row).shape != nil, case .scope = row.need else { continue }
                let answer = try await Self.bare(row, vault).send(to: vault)
                #expect(ProblemForm.faults(of: answer, [503]) == [], "\(row.call): \(answer.text)")
            }
        }
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(),
            rate: RequestRate(calls: 0, milliseconds: 1000), limitsFailures: false
        ) { vault in
            for row in AuthorizationMatrixTests.rows {
                switch row.need {
                case .nothing, .link: continue
                case .anyToken, .scope, .instance: break
                }
                let answer = try await Self.bare(row, vault).send(to: vault)
                #expect(ProblemForm.faults(of: answer, [429]) == [], "\(row.call): \(answer.text)")
            }
        }
    }

    /// A call about nothing, by the app or an admin: what is refused before that is looked at.
    private static func bare(_ row: Row, _ vault: RunningVault) -> Attempt {
        let parts = row.call.split(separator: " ")
        let isRevealing = if case .scope("keys:reveal") = row.need { true } else { false }
        return Attempt(
            method: String(parts[0]), target: String(parts[1].replacing("{", with: "").replacing("}", with: "")),
            json: row.body, token: isRevealing ? vault.appToken : vault.adminToken)
    }

    @Test func `A16 every answer of every route is kept out of stores, of guesses and of other sites' hands`()
        async throws
    {
        try await RunningVault.run(
            provider: ProviderSwitch().provider, configuration: Stage.quiet(), limitsFailures: false
        ) { vault in
            let cast = try await Cast(vault)
            for (number, row) in AuthorizationMatrixTests.rows.enumerated() {
                let attempt = try await cast.attempt(row, cast.guest(of: row), number)
                let answer = try await attempt.send(to: vault)
                #expect(answer.status == row.status, "\(row.call): \(answer.text)")
                let route = try Self.route(of: row)
                let types = route.produces + ["application/problem+json"]
                #expect(Guarded.faults(of: answer, isFile: route.isFile, types) == [], "\(row.call)")
            }
        }
    }
}

extension Access {
    fileprivate var isForTokens: Bool {
        switch self {
        case .anyToken, .scope, .instance: true
        case .anyone, .connectLink: false
        }
    }
}
