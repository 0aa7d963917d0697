import Glibc
import VaultTestKit

/// A TCP socket that listens on a free port of 127.0.0.1, for servers that answer as no real one would. Closed when it goes.
final class LoopbackListener: Sendable {
    let port: UInt16
    private let socket: Int32

    init() throws {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isReady = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isReady else { throw TestKitFailure("no socket to listen on: errno \(errno)") }
        self.socket = socket
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Hands each connection to `answer`, one after the other on a thread of their own, and closes it.
    func serve(_ answer: @escaping @Sendable (Int32) -> Void) throws {
        try Threads.start { [socket] in
            while case let connection = accept(socket, nil, nil), connection >= 0 {
                answer(connection)
                close(connection)
            }
        }
    }

    deinit {
        shutdown(socket, Int32(SHUT_RDWR))
        close(socket)
    }
}
