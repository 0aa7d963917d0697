import Glibc

/// Tells the service manager how far the server is: `sd_notify(3)`, which is one datagram to a socket that it names.
struct ServiceNotification: Sendable, Equatable {
    enum State: String, Sendable {
        /// It listens: what depends on it may start.
        case ready = "READY=1"
        /// It ends on purpose.
        case stopping = "STOPPING=1"
    }

    private let socket: String?

    /// - Parameter socket: the value of `NOTIFY_SOCKET`; `nil` where nobody waits to be told.
    init(socket: String?) { self.socket = socket }

    /// Tells it. Nobody is there to hear of a failure: a service manager that waits for the word says so itself.
    func tell(_ state: State) {
        guard var path = socket.map({ Array($0.utf8) }), let first = path.first else { return }
        // An abstract socket: its name begins with a zero byte.
        if first == UInt8(ascii: "@") { path[0] = 0 }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard first == UInt8(ascii: "/") || first == UInt8(ascii: "@"), path.count < room else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path) }
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size - room + path.count)
        let words = Array(state.rawValue.utf8)
        unsafe withUnsafePointer(to: &address) { start in
            unsafe start.withMemoryRebound(to: sockaddr.self, capacity: 1) { start in
                _ = unsafe sendto(descriptor, words, words.count, Int32(MSG_NOSIGNAL), start, length)
            }
        }
    }
}
