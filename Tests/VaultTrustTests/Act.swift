import VaultTestKit

/// A call that changes or releases something, and what the audit log says once it was done.
struct Act: Sendable {
    let method: String
    let target: String
    var json: String?
    let token: String
    let action: String
    /// Whether what comes back is a secret: a key, a token, a link.
    var releases = false

    /// What stands in every stored key after its prefix.
    static let traces = Traces(of: String(secret(0).dropFirst(13)))

    static func secret(_ number: Int) -> String { FakeKeys.anthropic("act", number) }

    /// Everything that comes back on a connection of its own, byte by byte; blocks its thread.
    func send(to port: UInt16) throws -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        head += "Authorization: Bearer \(token)\r\n"
        if json != nil { head += "Content-Type: application/json\r\n" }
        head += "Content-Length: \(json?.utf8.count ?? 0)\r\n\r\n"
        return try HTTPExchange.raw(port: port, Array((head + (json ?? "")).utf8))
    }

    /// What of a key, a token or a link is in an answer.
    static func secret(in answer: [UInt8]) -> String? {
        if let piece = traces.first(in: answer) { return piece }
        return answer.firstRange(of: Array("kst_".utf8)).map { _ in "kst_" }
    }
}

/// A server to act on, and what there is to act with.
struct Scenery: Sendable {
    let port: UInt16
    let app: String
    let admin: String

    init(_ vault: RunningVault) {
        (port, app, admin) = (vault.port, vault.appToken, vault.adminToken)
    }

    init(_ served: ServedProgram) {
        (port, app, admin) = (served.port, served.app, served.admin)
    }

    /// The answer's body, of a call that must succeed; blocks its thread.
    func call(_ method: String, _ target: String, _ json: String?, as token: String) throws -> JSONTree {
        let act = Act(method: method, target: target, json: json, token: token, action: "")
        let answer = try HTTPExchange.answer(in: try act.send(to: port))
        guard (200..<300).contains(answer.status) else {
            throw TestKitFailure("\(method) \(target): \(answer.status) \(answer.text)")
        }
        return answer.json
    }

    private func text(_ value: JSONTree) throws -> String {
        guard let text = value.string else { throw TestKitFailure("no text") }
        return text
    }

    func store(_ number: Int, user: String = "user-1") throws -> String {
        let body = #"{"user_id":"\#(user)","key":"\#(Act.secret(number))","validation":"skip"}"#
        return try text(try call("POST", "/v1/keys", body, as: app)["id"])
    }

    /// Makes what acts need, and returns one of each, each on a thing of its own; blocks its thread.
    func acts() throws -> [Act] {
        let project = try text(try call("GET", "/v1/projects", nil, as: admin)["data"][0]["id"])
        let keys = try (0..<5).map { try store($0) }
        _ = try store(5, user: "many")
        let minting = #"{"kind":"app","project_id":"\#(project)","name":"ci"}"#
        let token = try text(try call("POST", "/v1/tokens", minting, as: admin)["id"])
        let session = try text(try call("POST", "/v1/connect/sessions", #"{"user_id":"u"}"#, as: app)["id"])
        func key(_ number: Int, _ act: String) -> String { "/v1/keys/\(keys[number])\(act)" }
        return [
            Act(
                method: "POST", target: "/v1/keys",
                json: #"{"user_id":"new","key":"\#(Act.secret(6))","validation":"skip"}"#, token: app,
                action: "key.created"),
            Act(
                method: "POST", target: key(0, "/rotate"), json: #"{"key":"\#(Act.secret(7))","validation":"skip"}"#,
                token: app, action: "key.rotated"),
            Act(method: "POST", target: key(1, "/revoke"), token: app, action: "key.revoked"),
            Act(method: "POST", target: key(2, "/reveal"), token: app, action: "key.revealed", releases: true),
            Act(method: "POST", target: key(3, "/quarantine"), token: app, action: "key.quarantined"),
            Act(method: "DELETE", target: key(4, ""), token: app, action: "key.deleted"),
            Act(
                method: "POST", target: "/v1/revoke", json: #"{"user_id":"many","reason":"r"}"#, token: admin,
                action: "key.revoked"),
            Act(
                method: "POST", target: "/v1/tokens", json: minting, token: admin, action: "token.created",
                releases: true),
            Act(method: "DELETE", target: "/v1/tokens/\(token)", token: admin, action: "token.revoked"),
            Act(
                method: "POST", target: "/v1/connect/sessions", json: #"{"user_id":"u"}"#, token: app,
                action: "connect.created", releases: true),
            Act(
                method: "DELETE", target: "/v1/connect/sessions/\(session)", token: app, action: "connect.cancelled"),
            Act(
                method: "PUT", target: "/v1/projects/\(project)/policy", json: #"{"max_age_seconds":60}"#,
                token: admin, action: "policy.changed"),
            Act(
                method: "POST", target: "/v1/projects", json: #"{"name":"another"}"#, token: admin,
                action: "project.changed"),
        ]
    }
}
