import Glibc
import Synchronization
import VaultTestKit

/// Stands before a server and passes on every request, but not every answer. Safe to use from any thread.
final class LossyProxy: Sendable {
    private let listener: LoopbackListener
    private let state: Mutex<(left: Int, losing: Int, lost: Int)>

    /// - Parameter count: how many answers are lost, after so many that are not.
    init(to server: UInt16, losing count: Int, after answered: Int = 0) throws {
        state = Mutex((left: answered, losing: count, lost: 0))
        listener = try LoopbackListener()
        try listener.serve { [weak self] connection in
            let request = Self.request(from: connection)
            let answer = (try? HTTPExchange.raw(port: server, request)) ?? []
            if self?.passes() == true { _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL)) }
        }
    }

    var port: UInt16 { listener.port }

    /// How many answers were lost.
    var lost: Int { state.withLock(\.lost) }

    private func passes() -> Bool {
        state.withLock { state in
            if state.left > 0 {
                state.left -= 1
                return true
            }
            guard state.losing > 0 else { return true }
            state.losing -= 1
            state.lost += 1
            return false
        }
    }

    /// One request with its body, with `Connection: close` so that its answer has an end.
    private static func request(from connection: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = recv(connection, &chunk, chunk.count, 0), count > 0 {
            bytes += chunk[..<count]
            guard let head = bytes.firstRange(of: [13, 10, 13, 10]) else { continue }
            let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
            let length = lines.first { $0.hasPrefix("content-length: ") }.flatMap { Int($0.dropFirst(16)) } ?? 0
            if bytes.count >= head.upperBound + length {
                return bytes[..<head.lowerBound] + Array("\r\nConnection: close".utf8) + bytes[head.lowerBound...]
            }
        }
        return bytes
    }
}
