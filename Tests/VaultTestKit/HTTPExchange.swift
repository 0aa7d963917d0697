import FoundationEssentials
import Glibc

/// An answer as it came off the socket.
package struct HTTPAnswer: Sendable {
    package let status: Int
    /// Names in lower case.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The body as JSON; `.null` when it is none.
    package var json: JSONTree { JSONTree(bytes: body) }
}

/// One request on a connection of its own to 127.0.0.1, over a real socket.
package enum HTTPExchange {
    /// Sends and reads to the end; blocks its thread.
    package static func send(
        port: UInt16, _ method: String, _ target: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPAnswer {
        var request = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        for (name, value) in headers { request += "\(name): \(value)\r\n" }
        if let body { request += "Content-Length: \(body.count)\r\n" }
        return try answer(in: try raw(port: port, Array((request + "\r\n").utf8) + (body ?? [])))
    }

    /// A connection to 127.0.0.1 that nothing is sent on; whoever has it closes it.
    package static func open(port: UInt16) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw TestKitFailure("socket: errno \(errno)") }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            let code = errno
            close(socket)
            throw TestKitFailure("connect: errno \(code)")
        }
        return socket
    }

    /// Writes bytes as they are and returns everything that comes back until the end.
    package static func raw(port: UInt16, _ bytes: [UInt8]) throws -> [UInt8] {
        let socket = try open(port: port)
        defer { close(socket) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { break }
            rest = rest.dropFirst(sent)
        }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(socket, &chunk, chunk.count, 0), count > 0 { answer += chunk[..<count] }
        return answer
    }

    /// What `raw` returned, as an answer.
    package static func answer(in bytes: [UInt8]) throws -> HTTPAnswer {
        guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else {
            throw TestKitFailure("no answer: \(bytes.count) bytes")
        }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = head.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        guard let status else { throw TestKitFailure("no status line") }
        let headers = head.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].drop { $0 == " " } : ""
            return (name: parts[0].lowercased(), value: String(value))
        }
        return HTTPAnswer(status: status, headers: headers, body: Array(bytes[end.upperBound...]))
    }
}

/// JSON to look around in.
package enum JSONTree: Sendable, Equatable, Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONTree])
    case object([String: JSONTree])

    /// `.null` for what is no JSON.
    package init(bytes: [UInt8]) {
        self = (try? JSONDecoder().decode(JSONTree.self, from: Data(bytes))) ?? .null
    }

    package init(text: String) { self.init(bytes: Array(text.utf8)) }

    package init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if value.decodeNil() {
            self = .null
        } else if let bool = try? value.decode(Bool.self) {
            self = .bool(bool)
        } else if let number = try? value.decode(Double.self) {
            self = .number(number)
        } else if let string = try? value.decode(String.self) {
            self = .string(string)
        } else if let array = try? value.decode([JSONTree].self) {
            self = .array(array)
        } else {
            self = .object(try value.decode([String: JSONTree].self))
        }
    }

    package subscript(_ name: String) -> JSONTree {
        if case .object(let members) = self { members[name] ?? .null } else { .null }
    }

    package subscript(_ index: Int) -> JSONTree {
        if case .array(let items) = self, items.indices.contains(index) { items[index] } else { .null }
    }

    package var string: String? { if case .string(let value) = self { value } else { nil } }
    package var int: Int? { if case .number(let value) = self { Int(exactly: value) } else { nil } }
    package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    package var items: [JSONTree] { if case .array(let value) = self { value } else { [] } }
    package var names: Set<String> { if case .object(let value) = self { Set(value.keys) } else { [] } }
}
