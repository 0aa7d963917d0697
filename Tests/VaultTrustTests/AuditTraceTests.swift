import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import VaultService
@testable import VaultStore

/// A secret is not in the audit log, in whatever call, field and form it was sent, and in no form that it could be found in.
@Suite struct AuditTraceTests {
    /// Every column of every entry behind `sequence`, as it lies in the database and as the API tells it.
    private static func log(
        of vault: RunningVault, after sequence: Int = 0, keys: [String] = []
    ) async throws -> [(String, [UInt8])] {
        var places: [(String, [UInt8])] = []
        for row in try Intruder(vault).rows("SELECT * FROM audit WHERE seq > ?1", [.integer(Int64(sequence))]) {
            places.append(("entry \(row[0])", row.map(\.bytes).reduce([]) { $0 + $1 + [10] }))
        }
        var after = sequence
        while true {
            let page = try await vault.call(
                "GET", "/v1/audit/entries?limit=200&after=\(after)", token: vault.adminToken)
            places.append(("entries after \(after)", page.body))
            guard let next = page.json["next_after"].int else { break }
            after = next
        }
        for path in keys.map({ "/v1/keys/\($0)/events?limit=200" }) {
            places.append((path, try await vault.call("GET", path).body))
        }
        return places
    }

    /// Sends back in every way what it was sent.
    private static let echo: Probe.Send = { _ in
        let body = #"{"type":"error","error":{"type":"\#(LeakTests.marker)","message":"bad \#(LeakTests.marker)"}}"#
        return .response(
            status: 401, headers: [("request-id", LeakTests.marker), ("retry-after", LeakTests.marker)],
            body: Array(body.utf8))
    }

    /// What stands for a value: the marker as text, whole, cut short and amid words, in lists and objects within each other,
    /// and a secret of digits as a number.
    private static let values: [String] = {
        let marker = LeakTests.marker
        return [
            "\"\(marker)\"", "\"\(marker.dropLast(9))\"", "\"incident 7: \(marker), see above\"", "[\"\(marker)\"]",
            "[[[\"\(marker)\"]]]", "{\"a\":\"\(marker)\"}", "{\"a\":{\"\(marker)\":[[\"\(marker)\"]]}}",
            "{\"\(marker)\":\"\(marker)\"}", digits, "-\(digits).5", "[\(digits)]", "{\"a\":\(digits)}", "true", "null",
        ]
    }()
    private static let digits = "73910582640917358264"

    /// The request bodies that are documented, each member of each in turn with something else in its place.
    private static func bodies() -> [(call: String, member: String, bodies: [String])] {
        let document = Contract.published
        return document.document["paths"].names.sorted().flatMap { path in
            ["post", "put", "patch"].flatMap { method -> [(String, String, [String])] in
                let content = document.document["paths"][path][method]["requestBody"]["content"]["application/json"]
                let schema = content["schema"]["$ref"].string.map(document.resolve) ?? content["schema"]
                guard case .object(var example) = content["example"] else { return [] }
                if example["key"] != nil { example["key"] = .string(LeakTests.other) }
                return schema["properties"].names.sorted().map { member in
                    let rest = example.filter { $0.key != member }.map { ",\"\($0.key)\":\($0.value.json)" }.joined()
                    return ("\(method.uppercased()) \(path)", member, values.map { "{\"\(member)\":\($0)\(rest)}" })
                }
            }
        }
    }

    /// Sends all of them, each about a key and by a link of its own; returns the keys.
    private static func sendAll(_ server: Scenery, project: String) throws -> (keys: [String], statuses: [Int]) {
        var (keys, statuses) = ([String](), [Int]())
        for (number, body) in bodies().enumerated() {
            let key = try server.store(100 + number, user: "u\(number)")
            keys.append(key)
            let making = #"{"user_id":"u\#(number)","purpose":"manage"}"#
            let link = try server.call("POST", "/v1/connect/sessions", making, as: server.app)["url"].string ?? ""
            let parts = body.call.split(separator: " ").map(String.init)
            let path = parts[1].replacing("{id}", with: parts[1].contains("projects") ? project : key)
                .replacing("{provider}", with: "anthropic")
            let token =
                path.hasPrefix("/connect/")
                ? String(link.split(separator: "#").last ?? "")
                : path.contains(/projects|tokens|keyring|revoke$/) && !path.contains("/keys/")
                    ? server.admin : server.app
            for json in body.bodies {
                let act = Act(method: parts[0], target: path, json: json, token: token, action: "")
                statuses.append(try HTTPExchange.answer(in: try act.send(to: server.port)).status)
            }
        }
        return (keys, statuses)
    }

    @Test func `U07 a secret that is sent in any member of any call, as any kind of value, is not in the audit log`()
        async throws
    {
        try await RunningVault.run(provider: .function(Self.echo), limitsFailures: false) { vault in
            let bodies = Self.bodies()
            #expect(bodies.count > 40)
            #expect(bodies.count { $0.member == "reason" } == 3)
            let (scenery, project) = (Scenery(vault), vault.projectID)
            let (keys, statuses) = try await Threads.run { try Self.sendAll(scenery, project: project) }
            // Some are taken, most are refused, and none for want of a token or a path.
            #expect(statuses.count == bodies.count * Self.values.count)
            #expect(Set(statuses).isSuperset(of: [200, 201, 422]))
            #expect(Set(statuses).isDisjoint(with: [401, 403, 405, 500]))
            let log = try await Self.log(of: vault, keys: keys)
            #expect(log.count > 200)
            #expect(LeakTests.leaks(log) == [])
            #expect(!log.contains { $0.1.firstRange(of: Array(Self.digits.utf8)) != nil })
        }
    }

    @Test
    func `U07 a secret in a path, a query, a header, a link's page and a provider's answer is not in the audit log`()
        async throws
    {
        try await RunningVault.run(provider: .function(Self.echo), limitsFailures: false) { vault in
            let (port, app, admin) = (vault.port, vault.appToken, vault.adminToken)
            _ = try await Threads.run {
                try LeakTests.push(port: port, app: app, admin: admin, calls: try LeakTests.calls(port: port))
            }
            let made = try await vault.call("POST", "/v1/connect/sessions", #"{"user_id":"page"}"#)
            let link = try #require(made.json["url"].string?.split(separator: "#").last.map(String.init))
            let paste = #""key":"export KEY=\#(LeakTests.marker)""#
            let label = #","label":"\#(LeakTests.marker.prefix(90))""#
            for (path, body) in [("/connect/inspect", paste), ("/connect/keys", paste + label)] {
                let answer = try await vault.call("POST", path, "{\(body)}", token: link)
                #expect([200, 201].contains(answer.status), "\(answer.text)")
            }
            let log = try await Self.log(of: vault)
            #expect(log.count > 10)
            #expect(LeakTests.leaks(log) == [])
        }
    }

    @Test func `U07 a credential is refused as a reason and as a token's name, and is no user's name in the log`()
        async throws
    {
        var limits = ValidationLimits.standard
        limits.userPerMinute = 1
        limits.userRefusals = 1
        let configuration = VaultConfiguration(validationLimits: limits)
        try await RunningVault.run(provider: .function(Self.echo), configuration: configuration) { vault in
            let id = try await vault.store(FakeKeys.anthropic("safe"))
            let mass = #","user_id":"nobody""#
            for credential in [LeakTests.marker, "sk-" + String(repeating: "0f4c", count: 8), vault.appToken] {
                for (path, member, rest) in [
                    ("/v1/keys/\(id)/reveal", "reason", ""), ("/v1/keys/\(id)/revoke", "reason", ""),
                    ("/v1/revoke", "reason", mass), ("/v1/tokens", "name", #","kind":"adm""#),
                ] {
                    for words in [credential, "was \(credential), see incident 7"] {
                        let answer = try await vault.call(
                            "POST", path, #"{"\#(member)":"\#(words)"\#(rest)}"#,
                            token: path.contains("keys") ? vault.appToken : vault.adminToken)
                        #expect(answer.status == 422 && answer.json["field"].string == member, "\(path) \(answer.text)")
                    }
                }
            }
            // What only looks a little like one is taken, and stands there.
            let harmless = "key \(id) of sk-ant-…AA, trace 4bf92f3577b34da6a3ce929d0e0e4736, commit 9f8e7d6c5b"
            #expect(try await vault.call("POST", "/v1/keys/\(id)/reveal", #"{"reason":"\#(harmless)"}"#).status == 200)
            #expect(try await vault.auditEntries("&action=key.revealed").map { $0["reason"].string } == [harmless])
            // Whom a limit is told of.
            for user in [LeakTests.marker, "ada"] {
                for number in 0..<2 {
                    let body = #"{"user_id":"\#(user)","key":"\#(FakeKeys.anthropic("limited", number))"}"#
                    #expect(try await vault.call("POST", "/v1/keys", body).status == [201, 429][number])
                }
            }
            let told = try await vault.auditEntries("&action=request.refused").map { $0["object"].string }
            #expect(Set(told).isSuperset(of: ["(a credential)", "ada"]))
            #expect(LeakTests.leaks(try await Self.log(of: vault, keys: [id])) == [])
        }
    }

    /// The control: the same search, on a log in which somebody has left a piece of the secret.
    @Test func `U07 a piece of a secret that is planted in the audit log is found in each form and column`()
        async throws
    {
        try await RunningVault.run { vault in
            let piece = String(LeakTests.tail.dropFirst(30).prefix(20))
            let bytes = Array(piece.utf8)
            func hex(_ bytes: [UInt8]) -> String {
                bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
            }
            var forms = [
                String(piece.prefix(8)), String(piece.prefix(8).reversed()), hex(bytes), hex(bytes).uppercased(),
                bytes.map { "%" + hex([$0]) }.joined(), bytes.map { "%" + hex([$0]).uppercased() }.joined(),
            ]
            forms += ["", "a", "ab"].map { Base64.text(of: Array("\($0)\(piece)".utf8)) }
            let columns: [WritableKeyPath<AuditEntry, String>] = [
                \.reason, \.object, \.outcome, \.actorName, \.actorKind, \.keyRef,
            ]
            #expect(LeakTests.leaks(try await Self.log(of: vault)) == [])
            for form in forms {
                for column in columns {
                    var entry = AuditEntry(at: vault.time.now(), actor: .vault, action: .keyUpdated)
                    entry[keyPath: column] = "see \(form)!"
                    let planted = entry
                    let sequence = try await vault.vault.store.write { try $0.append(planted) }
                    let found = LeakTests.leaks(try await Self.log(of: vault, after: sequence - 1))
                    #expect(found.count == 2, "\(form) as \(column): \(found)")
                }
            }
        }
    }
}

extension JSONTree {
    /// Written as JSON; of texts that need no escape.
    fileprivate var json: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): int.map { "\($0)" } ?? "\(value)"
        case .string(let text): "\"\(text)\""
        case .array(let items): "[" + items.map(\.json).joined(separator: ",") + "]"
        case .object(let members): "{" + members.map { "\"\($0.key)\":\($0.value.json)" }.joined(separator: ",") + "}"
        }
    }
}

extension Intruder.Cell {
    fileprivate var bytes: [UInt8] {
        switch self {
        case .null: []
        case .integer(let number): Array("\(number)".utf8)
        case .text(let bytes), .blob(let bytes): bytes
        }
    }
}

/// RFC 4648 §4, with padding.
private enum Base64 {
    static func text(of bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        let full = bytes + [UInt8](repeating: 0, count: (3 - bytes.count % 3) % 3)
        var digits = stride(from: 0, to: full.count, by: 3).flatMap { start in
            let bits = UInt32(full[start]) << 16 | UInt32(full[start + 1]) << 8 | UInt32(full[start + 2])
            return [18, 12, 6, 0].map { alphabet[Int(bits >> UInt32($0) & 63)] }
        }
        for place in 0..<(full.count - bytes.count) { digits[digits.count - 1 - place] = UInt8(ascii: "=") }
        return String(decoding: digits, as: UTF8.self)
    }
}
