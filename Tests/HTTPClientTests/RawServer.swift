import Glibc
import Synchronization

/// A TCP server on loopback that does to each connection what a script says, and remembers what it got.
final class RawServer: Sendable {
    /// One connection; the script owns it until it returns, which closes it.
    struct Connection: Sendable {
        let descriptor: Int32
        fileprivate let record: Record

        /// Reads one request whole, by its `Content-Length`, and remembers it.
        @discardableResult
        func readRequest() -> String {
            var bytes: [UInt8] = []
            var needed = Int.max
            while bytes.count < needed {
                let piece = read()
                if piece.isEmpty { break }
                bytes += piece
                let text = String(decoding: bytes, as: UTF8.self)
                guard needed == .max, let end = text.firstRange(of: "\r\n\r\n") else { continue }
                let head = text[..<end.lowerBound].lowercased()
                let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
                needed = head.utf8.count + 4 + (length.flatMap { Int($0.dropFirst(16)) } ?? 0)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            record.requests.withLock { $0.append(text) }
            return text
        }

        /// Reads until the head's end without remembering anything, and overwrites what it read.
        func discardRequest() {
            var buffer = [UInt8](repeating: 0, count: 4096)
            var isOver = false
            while !isOver {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                isOver = count <= 0 || buffer.firstRange(of: Array("\r\n\r\n".utf8)) != nil
                _ = buffer.withUnsafeMutableBytes { $0.initializeMemory(as: UInt8.self, repeating: 0) }
            }
        }

        private func read() -> [UInt8] {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return count > 0 ? Array(buffer[..<count]) : []
        }

        /// Whether all of `text` went out; the peer may have gone.
        @discardableResult
        func send(_ text: String) -> Bool { send(Array(text.utf8)) }

        @discardableResult
        func send(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count <= 0 { return false }
                sent += count
            }
            return true
        }

        /// Waits until the peer closes, for at most `milliseconds`; whether it did.
        func isClosed(within milliseconds: Int32 = 20_000) -> Bool {
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&watched, 1, milliseconds) > 0 && read().isEmpty
        }
    }

    fileprivate final class Record: Sendable {
        let connections = Atomic(0)
        let requests = Mutex<[String]>([])
    }

    let port: UInt16
    private let host: String
    private let listener: Int32
    private let record = Record()

    struct Unavailable: Error {}

    /// - Parameter host: an address of this machine, 127.0.0.2 for instance to be another than the rest.
    init(on host: String = "127.0.0.1", _ script: @escaping @Sendable (Connection) -> Void) throws {
        self.host = host
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, host, &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 128) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw Unavailable() }
        port = UInt16(bigEndian: address.sin_port)
        let record = record
        startThread {
            while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
                record.connections.add(1, ordering: .sequentiallyConsistent)
                startThread {
                    script(Connection(descriptor: descriptor, record: record))
                    close(descriptor)
                }
            }
            close(listener)
        }
    }

    /// Reads each request and answers with `text`.
    convenience init(on host: String = "127.0.0.1", answering text: String) throws {
        try self.init(on: host) { connection in
            connection.readRequest()
            connection.send(text)
        }
    }

    var url: String { "http://\(authority)/v1/models" }
    var authority: String { "\(host):\(port)" }
    var connections: Int { record.connections.load(ordering: .sequentiallyConsistent) }
    var requests: [String] { record.requests.withLock { $0 } }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Runs `body` on a thread of its own, so that blocking calls hold up nobody else.
private func startThread(_ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(ThreadBody(body))
    pthread_create(
        &thread, nil,
        { context in
            if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
            return nil
        }, context.toOpaque())
    pthread_detach(thread)
}
