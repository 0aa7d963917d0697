import VaultTestKit

/// A request as it is to go out, byte by byte, so that each part of it can be made wrong.
struct Attempt: Sendable {
    var method: String
    /// The path, and the query where there is one.
    var target: String
    var json: String?
    var token: String?
    var contentType: String? = "application/json"
    var host: String?
    var headers: [(String, String)] = []
    /// What `Content-Length` says, where that is not how long the body is.
    var declaredLength: String?

    var path: String { String(target.prefix { $0 != "?" }) }

    /// The same with one part of it changed.
    func with(_ change: (inout Attempt) -> Void) -> Attempt {
        var attempt = self
        change(&attempt)
        return attempt
    }

    func with(query: String) -> Attempt { with { $0.target += ($0.target.contains("?") ? "&" : "?") + query } }
    func with(path: String) -> Attempt { with { $0.target = path } }
    func with(header name: String, _ value: String) -> Attempt { with { $0.headers.append((name, value)) } }
    func with(token: String?) -> Attempt { with { $0.token = token } }

    func bytes(port: UInt16) -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(host ?? "127.0.0.1:\(port)")\r\nConnection: close\r\n"
        if let token { head += "Authorization: Bearer \(token)\r\n" }
        if json != nil, let contentType { head += "Content-Type: \(contentType)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        // What clients send for a call without a body: a length of nothing, but for those that never have one.
        let length =
            json.map { "\($0.utf8.count)" } ?? (["POST", "PUT", "PATCH", "DELETE"].contains(method) ? "0" : nil)
        if let length = declaredLength ?? length { head += "Content-Length: \(length)\r\n" }
        return Array((head + "\r\n" + (json ?? "")).utf8)
    }

    /// What comes back, on a connection of its own; blocks its thread.
    func send(to port: UInt16) throws -> HTTPAnswer {
        try HTTPExchange.answer(in: try HTTPExchange.raw(port: port, bytes(port: port)))
    }

    func send(to vault: RunningVault) async throws -> HTTPAnswer {
        let port = vault.port
        return try await Threads.run { try send(to: port) }
    }
}

extension [Attempt] {
    /// What comes back to each, one after the other.
    func send(to vault: RunningVault) async throws -> [HTTPAnswer] {
        let port = vault.port
        return try await Threads.run { try map { try $0.send(to: port) } }
    }
}
