import Glibc
import Synchronization
import Testing
import VaultModel
import VaultTestKit

/// A change and its entry are one transaction: kill -9 in the midst of writes leaves both or neither. `make soak` does the
/// same with more acts, hundreds of times.
@Suite struct AuditKillTests {
    /// What was answered: the request, and the action that the log must then hold of it.
    private final class Acknowledged: Sendable {
        private let noted = Mutex<[(request: String, action: String)]>([])
        private let faults = Mutex<[String]>([])

        var all: [(request: String, action: String)] { noted.withLock(\.self) }
        var unexpected: [String] { faults.withLock(\.self) }

        func note(_ answer: HTTPAnswer, _ action: String) {
            guard (200..<300).contains(answer.status) else {
                faults.withLock { $0.append("\(action): \(answer.status) \(answer.text)") }
                return
            }
            noted.withLock { $0.append((answer.header("request-id") ?? "", action)) }
        }
    }

    /// One client, which changes things until nobody answers any more; blocks its thread until then.
    private static func work(on server: Scenery, project: String, client: Int, _ acknowledged: Acknowledged) {
        var number = client * 1_000_000
        @discardableResult
        func ask(
            _ method: String, _ target: String, _ action: String, _ json: String? = nil, as token: String? = nil
        ) throws -> JSONTree {
            let act = Act(method: method, target: target, json: json, token: token ?? server.app, action: action)
            let answer = try HTTPExchange.answer(in: try act.send(to: server.port))
            acknowledged.note(answer, action)
            return answer.json
        }
        func round() throws {
            number += 10
            let user = "user-\(number)"
            func key(_ place: Int) -> String { #""key":"\#(Act.secret(number + place))","validation":"skip""# }
            let id = try ask("POST", "/v1/keys", "key.created", #"{"user_id":"\#(user)",\#(key(1))}"#)["id"].string
            let path = "/v1/keys/\(id ?? "none")"
            try ask("POST", path + "/rotate", "key.rotated", "{\(key(2))}")
            try ask("POST", path + "/reveal", "key.revealed")
            try ask("POST", path + "/quarantine", "key.quarantined")
            try ask("POST", path + "/release", "key.released")
            let policy = "/v1/projects/\(project)/policy/\(["anthropic", "openai", "groq", "mistral"][client % 4])"
            try ask("PUT", policy, "policy.changed", #"{"max_age_seconds":\#(number)}"#, as: server.admin)
            let token = try ask(
                "POST", "/v1/tokens", "token.created", #"{"kind":"app","project_id":"\#(project)","name":"t"}"#,
                as: server.admin)["id"].string
            let session = try ask("POST", "/v1/connect/sessions", "connect.created", #"{"user_id":"u"}"#)["id"].string
            switch number / 10 % 3 {
            case 0: try ask("POST", path + "/revoke", "key.revoked")
            case 1: try ask("DELETE", path, "key.deleted")
            default:
                try ask(
                    "POST", "/v1/revoke", "key.revoked", #"{"user_id":"\#(user)","reason":"r"}"#, as: server.admin)
            }
            try ask("DELETE", "/v1/tokens/\(token ?? "none")", "token.revoked", as: server.admin)
            try ask("DELETE", "/v1/connect/sessions/\(session ?? "none")", "connect.cancelled")
            try ask("DELETE", policy, "policy.changed", as: server.admin)
        }
        // What is not answered is not known: it may have happened, whole, or not at all.
        while (try? round()) != nil {}
    }

    /// What was acknowledged and is not in the log.
    private static func missing(_ acknowledged: [(request: String, action: String)], in database: Intruder) throws
        -> [String]
    {
        try acknowledged.filter { request, action in
            try database.rows(
                "SELECT 1 FROM audit WHERE request_id = ?1 AND action = ?2", [.id(request), .string(action)]
            ).count != 1
        }.map { "\($0.action) of \($0.request)" }
    }

    /// The database as the dead left it, in a folder of its own.
    private static func copy(_ database: String, to directory: TemporaryDirectory) throws -> Intruder {
        let folder = "\(directory.path)/copy-\(UInt32.random(in: 0 ... .max))"
        guard mkdir(folder, 0o700) == 0 else { throw TestKitFailure("no folder: errno \(errno)") }
        for ending in ["", "-wal"] {
            guard let file = fopen("\(folder)/vault.db\(ending)", "w") else { throw TestKitFailure("no copy") }
            let bytes = TemporaryDirectory.bytes(of: database + ending)
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
        }
        return try Intruder(path: "\(folder)/vault.db")
    }

    @Test func `U03 after kill -9 in the midst of writes every change has its entry and every entry its change`()
        async throws
    {
        let directory = try TemporaryDirectory()
        var tokens: (app: String, admin: String)?
        let acknowledged = Acknowledged()
        var last: Intruder?
        for life in 1...5 {
            let served = try await ServedProgram.start(in: directory, tokens: tokens)
            tokens = (served.app, served.admin)
            let scenery = Scenery(served)
            let projects = try await Threads.run { try scenery.call("GET", "/v1/projects", nil, as: scenery.admin) }
            let project = try #require(projects["data"][0]["id"].string)
            let enough = acknowledged.all.count + Int.random(in: 60...120)
            async let clients: Void = withThrowingTaskGroup(of: Void.self) { group in
                for client in 0..<4 {
                    group.addTask {
                        try await Threads.run {
                            Self.work(on: scenery, project: project, client: life * 4 + client, acknowledged)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await eventually("\(enough) acts are acknowledged") {
                if let code = served.program.ended() { throw TestKitFailure("ended with \(code)") }
                return acknowledged.all.count >= enough
            }
            served.program.signal(SIGKILL)
            #expect(try await served.program.wait() == 128 + SIGKILL)
            try await clients
            let database = try Self.copy(served.database, to: directory)
            #expect(try Self.missing(acknowledged.all, in: database) == [])
            #expect(try AuditBalance.faults(in: database) == [])
            last = database
        }
        #expect(acknowledged.unexpected == [])
        // The one that comes after them serves, and what it takes up again balances, too.
        let served = try await ServedProgram.start(in: directory, tokens: tokens)
        served.program.signal(SIGTERM)
        #expect(try await served.program.wait() == 0)
        let database = try Intruder(path: served.database)
        #expect(try Self.missing(acknowledged.all, in: database) == [])
        #expect(try AuditBalance.faults(in: database) == [])
        try Self.expectNoticed(try #require(last), acknowledged.all)
    }

    /// The controls: a change without its entry, an entry without its change and an act without either are each found.
    private static func expectNoticed(
        _ database: Intruder, _ acknowledged: [(request: String, action: String)]
    ) throws {
        #expect(
            try missing(acknowledged + [("\(RequestID(at: Timestamp(milliseconds: 1)))", "key.revealed")], in: database)
                .count == 1)
        let damages = [
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'key.created')",
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'key.rotated' AND key_id IN (SELECT id FROM keys))",
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'token.created')",
            "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit WHERE action = 'policy.changed')",
            "UPDATE keys SET status = 'active' WHERE id = (SELECT id FROM keys WHERE status = 'revoked' LIMIT 1)",
            "UPDATE keys SET revision = revision + 1 WHERE id = (SELECT max(id) FROM keys)",
            "UPDATE tokens SET revoked_at = NULL WHERE id = (SELECT max(id) FROM tokens WHERE revoked_at IS NOT NULL)",
            "DELETE FROM connect_sessions WHERE id = (SELECT max(id) FROM connect_sessions)",
            "DELETE FROM projects",
        ]
        for damage in damages {
            try database.run("BEGIN")
            try database.change(damage)
            #expect(try faults(in: database) != [], "\(damage)")
            try database.run("ROLLBACK")
        }
        #expect(try faults(in: database) == [])
    }

    private static func faults(in database: Intruder) throws -> [String] { try AuditBalance.faults(in: database) }
}
