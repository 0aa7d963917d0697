import Glibc
import Testing

/// A TCP client that sends exactly the bytes it is told to.
final class RawClient: Sendable {
    enum Failure: Error { case cannotConnect(Int32), tooLate(String) }

    private let descriptor: CInt

    init(port: UInt16, family: CInt = AF_INET) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = port.bigEndian
        four.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var six = sockaddr_in6()
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        six.sin6_addr = in6addr_loopback
        let outcome =
            family == AF_INET6
            ? withUnsafeBytes(of: &six) {
                connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
            }
            : withUnsafeBytes(of: &four) {
                connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, socklen_t($0.count))
            }
        guard outcome == 0 else { throw Failure.cannotConnect(errno) }
        var yes: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<CInt>.size))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Sends everything, or as much as the server takes before it closes.
    @discardableResult
    func send(_ bytes: some Sequence<UInt8>) async throws -> Bool {
        var rest = Array(bytes)[...]
        try await eventually("sent") {
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                if count < 0 { return errno != EAGAIN }
                rest = rest.dropFirst(count)
            }
            return true
        }
        return rest.isEmpty
    }

    @discardableResult
    func send(_ text: String) async throws -> Bool { try await send(text.utf8) }

    /// Reads one answer; `nil` when the connection ends before there is a whole one.
    func receive() async throws -> Answer? {
        var isOver = false
        var answer: Answer?
        try await eventually("answered") {
            isOver = isOver || read()
            answer = nextAnswer()
            return answer != nil || isOver
        }
        return answer
    }

    /// Waits until the server has closed; what it still sent is returned.
    func readToEnd() async throws -> [UInt8] {
        try await eventually("closed") { read() }
        return pending.bytes
    }

    /// Whether the server has closed by now.
    var isClosed: Bool { read() }

    private final class Pending: @unchecked Sendable { var bytes: [UInt8] = [] }  // One test task at a time.
    private let pending = Pending()

    /// Reads what is there; true at the end.
    private func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN }
            pending.bytes += buffer[..<count]
        }
    }

    private func nextAnswer() -> Answer? {
        let bytes = pending.bytes
        guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<$0 + 4].elementsEqual([13, 10, 13, 10]) })
        else { return nil }
        let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
        let fields = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), String(parts.last ?? "").drop { $0 == " " })
        }
        let length = fields.first { $0.0 == "content-length" }.flatMap { Int($0.1) } ?? 0
        guard bytes.count >= end + 4 + length else { return nil }
        pending.bytes = Array(bytes[(end + 4 + length)...])
        return Answer(
            status: Int(lines[0].split(separator: " ")[1]) ?? 0,
            headers: fields.map { ($0.0, String($0.1)) },
            body: Array(bytes[(end + 4)..<(end + 4 + length)])
        )
    }
}

struct Answer: Sendable {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    func value(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Asks `condition` again and again until it holds; throws after a time that no healthy run comes near.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    var attempts = 0
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw RawClient.Failure.tooLate(what) }
        attempts += 1
        if attempts < 50 { await Task.yield() } else { try await Task.sleep(for: .milliseconds(1)) }
    }
}
