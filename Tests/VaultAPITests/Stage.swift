import CSQLite
import HTTPServer
import Testing
import VaultService
import VaultTestKit

@testable import keystow_sandbox

/// Vaults as the tests of calls want them: the scheduler passes once at the start and then only when it is told to.
enum Stage {
    static func quiet(_ limits: ValidationLimits? = nil) -> VaultConfiguration {
        VaultConfiguration(validationLimits: limits)
    }

    /// A vault whose provider answers what `provider` says.
    static func run<T>(
        _ provider: ProviderSwitch = ProviderSwitch(), limits: ValidationLimits? = nil,
        _ body: (RunningVault) async throws -> T
    ) async throws -> T {
        try await RunningVault.run(provider: provider.provider, configuration: quiet(limits), body)
    }

    /// A vault whose provider is the stand-in, called over real HTTP.
    static func withStandIn<T>(_ body: (RunningVault) async throws -> T) async throws -> T {
        var limits = ServerLimits()
        limits.stopSeconds = 0
        let standIn = try Listener(
            address: "127.0.0.1", port: 0, limits: limits,
            responder: StandIns(log: RequestLog { _ in }))
        let serving = Task { try await standIn.run() }
        defer { serving.cancel() }
        return try await RunningVault.run(
            provider: .origin("http://127.0.0.1:\(standIn.port)"), configuration: quiet(), body)
    }
}

extension RunningVault {
    func create(
        _ key: String, user: String = "user-1", _ more: String = "", token: String? = nil,
        headers: [(String, String)] = []
    ) async throws -> HTTPAnswer {
        try await call(
            "POST", "/v1/keys", #"{"user_id":"\#(user)","key":"\#(key)"\#(more.isEmpty ? "" : ",")\#(more)}"#,
            token: token, headers: headers)
    }

    /// Stores a key with a test call and returns its id.
    func proven(_ key: String, user: String = "user-1", _ more: String = "") async throws -> String {
        let answer = try await create(key, user: user, more)
        return try #require(answer.json["id"].string, "\(answer.status) \(answer.text)")
    }

    func post(_ target: String, _ json: String = "{}", token: String? = nil) async throws -> HTTPAnswer {
        try await call("POST", target, json, token: token)
    }

    func get(_ target: String, token: String? = nil) async throws -> HTTPAnswer {
        try await call("GET", target, token: token)
    }

    /// The key as it is now.
    func key(_ id: String) async throws -> JSONTree { try await get("/v1/keys/\(id)").json }

    /// The actions in a key's history, oldest first.
    func actions(of id: String) async throws -> [String] {
        try await get("/v1/keys/\(id)/events?limit=200").json["data"].items.compactMap { $0["action"].string }
    }

    /// Makes a token and returns its text.
    func token(_ json: String) async throws -> String {
        let answer = try await call("POST", "/v1/tokens", json, token: adminToken)
        return try #require(answer.json["token"].string, "\(answer.status) \(answer.text)")
    }

    /// A token of the default project with these scopes alone.
    func token(scopes: String...) async throws -> String {
        let list = scopes.map { "\"\($0)\"" }.joined(separator: ",")
        return try await token(#"{"kind":"app","project_id":"\#(projectID)","name":"t","scopes":[\#(list)]}"#)
    }

    /// Makes a project and returns its id and a token of it.
    func otherProject() async throws -> (id: String, token: String) {
        let answer = try await call("POST", "/v1/projects", #"{"name":"other"}"#, token: adminToken)
        let id = try #require(answer.json["id"].string, "\(answer.status) \(answer.text)")
        return (id, try await token(#"{"kind":"app","project_id":"\#(id)","name":"other"}"#))
    }

    /// Runs `body` while another connection holds the database, so that nothing can be written.
    func withoutWrites<T>(_ body: () async throws -> T) async throws -> T {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        guard sqlite3_open(directory.path + "/data/vault.db", &database) == SQLITE_OK,
            sqlite3_busy_timeout(database, 10_000) == SQLITE_OK,
            sqlite3_exec(database, "BEGIN IMMEDIATE", nil, nil, nil) == SQLITE_OK
        else { throw TestKitFailure("cannot hold the database") }
        defer { sqlite3_exec(database, "ROLLBACK", nil, nil, nil) }
        return try await body()
    }

    /// The first column of the first row of a query on the database itself, as text.
    func ask(_ sql: String) throws -> String {
        var (database, statement): (OpaquePointer?, OpaquePointer?)
        defer { sqlite3_close(database) }
        defer { sqlite3_finalize(statement) }
        guard sqlite3_open_v2(directory.path + "/data/vault.db", &database, SQLITE_OPEN_READONLY, nil) == SQLITE_OK,
            sqlite3_busy_timeout(database, 10_000) == SQLITE_OK,
            sqlite3_prepare_v2(database, sql, -1, &statement, nil) == SQLITE_OK, sqlite3_step(statement) == SQLITE_ROW,
            let text = sqlite3_column_text(statement, 0)
        else { throw TestKitFailure("cannot ask the database: \(sql)") }
        return String(cString: text)
    }

    /// Does to the database what only somebody with its file could do.
    func tamper(_ sql: String) throws {
        var database: OpaquePointer?
        defer { sqlite3_close(database) }
        guard sqlite3_open(directory.path + "/data/vault.db", &database) == SQLITE_OK else {
            throw TestKitFailure("cannot open the database")
        }
        sqlite3_busy_timeout(database, 10_000)
        guard sqlite3_exec(database, sql, nil, nil, nil) == SQLITE_OK else {
            throw TestKitFailure("cannot tamper: \(String(cString: sqlite3_errmsg(database)))")
        }
    }
}

/// Expects a problem with exactly the members that every problem has and those named besides.
func expectProblem(
    _ answer: HTTPAnswer, _ status: Int, _ code: String, _ more: Set<String> = [],
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
    let problem = answer.json
    #expect(problem["code"].string == code, "\(answer.text)", sourceLocation: sourceLocation)
    #expect(answer.header("content-type") == "application/problem+json", sourceLocation: sourceLocation)
    #expect(problem["type"].string == "urn:keystow:problem:\(code)", sourceLocation: sourceLocation)
    #expect(problem["status"].int == status, sourceLocation: sourceLocation)
    #expect(problem["instance"].string == answer.header("request-id"), sourceLocation: sourceLocation)
    let common: Set<String> = ["type", "title", "status", "detail", "instance", "code", "hint", "retryable"]
    #expect(problem.names == common.union(more), sourceLocation: sourceLocation)
    for name in ["title", "detail", "hint"] {
        #expect(problem[name].string?.isEmpty == false, "\(name) is empty", sourceLocation: sourceLocation)
    }
}

/// The problem's text without what differs from request to request.
func withoutInstance(_ answer: HTTPAnswer) -> String {
    let instance = answer.json["instance"].string ?? ""
    return "\(answer.status) " + answer.text.replacing(instance, with: "")
}

/// The names and values of the header without what differs from request to request.
func headersWithoutInstance(_ answer: HTTPAnswer) -> String {
    answer.headers.filter { !["request-id", "date"].contains($0.name) }.map { "\n\($0.name): \($0.value)" }.joined()
}
