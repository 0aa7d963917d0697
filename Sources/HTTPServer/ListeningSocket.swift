#if canImport(Glibc)
import Glibc
#endif

/// A bound and listening TCP socket, closed when it goes unless it was released.
///
/// Made here and not by libmicrohttpd, so that a failure has its `errno`.
@safe
struct ListeningSocket: ~Copyable, Sendable {
    let descriptor: CInt
    /// The port that was given, or picked where 0 was asked for.
    let port: UInt16

    /// - Parameter address: a numeric IPv4 or IPv6 address; `::` takes IPv4 too.
    init(address: String, port: UInt16) throws(ServerError) {
        let bound: (CInt, UInt16)
        if let four = PeerAddress.ipv4(address, port: port) {
            bound = try Self.listening(on: four, family: AF_INET)
        } else if let six = PeerAddress.ipv6(address, port: port) {
            bound = try Self.listening(on: six, family: AF_INET6)
        } else {
            throw .invalidAddress
        }
        (descriptor, self.port) = bound
    }

    private static func listening<Address>(
        on address: Address, family: CInt
    ) throws(ServerError) -> (descriptor: CInt, port: UInt16) {
        let type = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { throw .cannotListen(code: errno) }
        var (yes, no): (CInt, CInt) = (1, 0)
        let size = socklen_t(MemoryLayout<CInt>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        // What the system keeps of answers for who reads slowly, on each connection: it would let it grow to megabytes.
        var kept: CInt = 131_072
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &kept, size)
        if family == AF_INET6 { unsafe setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &no, size) }

        var address = address
        var length = socklen_t(MemoryLayout<Address>.size)
        let outcome = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(descriptor, raw, length) == 0 && listen(descriptor, SOMAXCONN) == 0
                    && getsockname(descriptor, raw, &length) == 0 ? 0 : errno
            }
        }
        guard outcome == 0 else {
            close(descriptor)
            throw .cannotListen(code: outcome)
        }
        return (descriptor, PeerAddress.port(of: address))
    }

    /// Gives the descriptor up to a new owner, who closes it.
    consuming func release() -> CInt {
        let descriptor = descriptor
        discard self
        return descriptor
    }

    deinit { close(descriptor) }
}
