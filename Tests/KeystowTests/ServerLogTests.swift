import FoundationEssentials
import Glibc
import Testing
import VaultTestKit

@testable import keystow

/// What a running server writes on standard error, and tells its service manager.
@Suite struct ServerLogTests {
    private static func serve(
        _ level: String, in directory: TemporaryDirectory, _ more: [String: String] = [:]
    ) throws -> Program {
        let environment = ["KEYSTOW_DATA_DIR": "\(directory.path)/data", "KEYSTOW_LOG": level]
        return try Program(
            ["serve", "--listen", "127.0.0.1:0"], environment: environment.merging(more) { $1 }, in: directory)
    }

    private static func stop(_ program: Program) async throws {
        program.signal(SIGTERM)
        #expect(try await program.wait() == 0, "\(program.standardError)")
    }

    /// The lines, each an object of scalars.
    private static func lines(_ text: String) throws -> [JSONTree] {
        try text.split(separator: "\n").map { line in
            let tree = try JSONDecoder().decode(JSONTree.self, from: Data(line.utf8))
            #expect(tree.names.isSuperset(of: ["at", "level", "event"]), "\(line)")
            return tree
        }
    }

    private static func tokens(in directory: TemporaryDirectory) throws -> (admin: String, app: String) {
        let text = String(
            decoding: TemporaryDirectory.bytes(of: "\(directory.path)/data/first-tokens.json"), as: UTF8.self)
        let admin = try #require(text.firstMatch(of: /kst_adm_\w+/).map { String($0.0) })
        let app = try #require(text.firstMatch(of: /kst_app_\w+/).map { String($0.0) })
        return (admin, app)
    }

    @Test func `a marker in every place of a request stands in no line of the log`() async throws {
        let mark = "zqMARKERqz"
        let directory = try TemporaryDirectory()
        let program = try Self.serve("debug", in: directory)
        let port = try await program.port()
        let (admin, app) = try Self.tokens(in: directory)
        func call(
            _ method: String, _ target: String, token: String, _ headers: [(String, String)] = [], json: String? = nil
        ) async throws -> HTTPAnswer {
            let all = headers + [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
            return try await Threads.run {
                try HTTPExchange.send(port: port, method, target, headers: all, body: Array((json ?? "").utf8))
            }
        }
        let key = FakeKeys.anthropic(mark)
        let body =
            #"{"user_id":"\#(mark)","key":"\#(key)","label":"\#(mark)","tags":{"\#(mark)":"\#(mark)"},"validation":"skip"}"#
        let made = try await call("POST", "/v1/keys", token: app, [("Idempotency-Key", mark)], json: body)
        let id = try #require(made.json["id"].string, "\(made.text)")
        #expect(
            try await call("POST", "/v1/keys/\(id)/reveal", token: app, json: #"{"reason":"\#(mark)"}"#).status == 200)
        #expect(
            try await call("POST", "/v1/keys/\(id)/revoke", token: app, json: #"{"reason":"\#(mark)"}"#).status == 200)
        for target in [
            "/\(mark)", "/v1/keys/\(mark)", "/v1/keys?user_id=\(mark)", "/v1/keys?\(mark)=\(mark)", "/%0a\(mark)",
        ] {
            _ = try await call("GET", target, token: app)
            _ = try await call(mark, target, token: app)
        }
        for name in ["Host", "User-Agent", "Accept", "X-Forwarded-For", "If-Match", "Origin", "X-\(mark)"] {
            _ = try await call("GET", "/v1/token", token: app, [(name, "\(mark)\"\\ \u{1B}[31m")])
        }
        _ = try await call("GET", "/v1/token", token: "kst_app_\(mark)")
        for json in [
            mark, #"{"\#(mark)":1}"#, #"{"user_id":"\#(mark)","key":"\#(mark)"}"#, "{\"key\":\"\(mark)\u{2028}\n",
        ] {
            _ = try await call("POST", "/v1/keys", token: app, json: json)
        }
        _ = try await call("POST", "/v1/projects", token: admin, json: #"{"name":"\#(mark)"}"#)
        _ = try await call("POST", "/v1/tokens", token: admin, json: #"{"kind":"adm","name":"\#(mark)"}"#)
        for line in ["\(mark) / HTTP/1.1", "GET /\(mark) HTTP/9.9", "GET / HTTP/1.1\r\nHost: \(mark)"] {
            let bytes = Array("\(line)\r\nConnection: close\r\n\r\n".utf8)
            _ = try await Threads.run { try HTTPExchange.raw(port: port, bytes) }
        }
        try await Self.stop(program)

        func findings(_ text: String) -> [String] {
            [mark, String(mark.reversed()), "sk-ant", "kst_", "\u{1B}"].filter {
                text.lowercased().contains($0.lowercased())
            }
        }
        #expect(findings(program.standardError) == [])
        #expect(findings(program.standardError + made.text + app).count == 3, "the search finds what is there")
        let answered = try Self.lines(program.standardError).filter { $0["event"].string == "request.answered" }
        #expect(answered.count >= 20)
        #expect(answered.contains { $0["route"].string == "POST /v1/keys/{id}/reveal" && $0["status"].int == 200 })
        for line in answered {
            #expect(
                line.names == ["at", "level", "event", "request_id", "route", "status", "microseconds", "token_id"])
            #expect(line["status"].int != nil && line["microseconds"].int != nil, "numbers are numbers")
        }
    }

    @Test func `start and stop are told, and a threshold leaves out what is worth less`() async throws {
        for (level, events) in [
            ("info", ["vault.made", "server.listening", "server.stopping", "server.stopped"]), ("warning", []),
        ] {
            let directory = try TemporaryDirectory()
            let program = try Self.serve(level, in: directory)
            let port = try await program.port()
            let answer = try await Threads.run { try HTTPExchange.send(port: port, "GET", "/healthz") }
            #expect(answer.status == 200)
            try await Self.stop(program)
            let lines = try Self.lines(program.standardError)
            #expect(lines.compactMap { $0["event"].string } == events)
            #expect(lines.allSatisfy { $0["level"].string == "info" })
        }
    }

    @Test(arguments: [true, false]) func `the service manager is told when it listens and when it stops`(
        _ isAbstract: Bool
    ) async throws {
        let directory = try TemporaryDirectory()
        let name = isAbstract ? "@\(directory.path)/notify" : "\(directory.path)/notify"
        let socket = try NotifySocket(name)
        let program = try Self.serve("error", in: directory, ["NOTIFY_SOCKET": name])
        try await eventually("READY=1") { socket.received().contains("READY=1") || program.ended() != nil }
        let port = try await program.port()
        let answer = try await Threads.run { try HTTPExchange.send(port: port, "GET", "/readyz") }
        #expect(answer.status == 200)
        try await Self.stop(program)
        #expect(socket.received() == ["READY=1", "STOPPING=1"])
    }
}

/// The service manager's end of `sd_notify(3)`.
private final class NotifySocket {
    private let descriptor: Int32
    private var messages: [String] = []

    init(_ name: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
        }
        guard bound == 0 else { throw TestKitFailure("bind: errno \(errno)") }
    }

    deinit { close(descriptor) }

    func received() -> [String] {
        var bytes = [UInt8](repeating: 0, count: 256)
        while case let count = recv(descriptor, &bytes, bytes.count, 0), count > 0 {
            messages.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
        return messages
    }
}
