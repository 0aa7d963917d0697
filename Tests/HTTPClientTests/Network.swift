package import Glibc
import HTTPClient
import Synchronization

/// The network beyond port 443, as the test program sees it: the public part of it has no route, and every other
/// address leads to one listener on this machine, so that nothing leaves it and no wrong turn goes unseen.
///
/// It stands where libc's `connect` does, for the whole test program, libcurl included. All other ports are libc's.
final class Network: Sendable {
    static let shared = Network()

    private let attempts = Mutex<[NetworkAddress]>([])
    private let listener = Mutex<UInt16>(0)

    /// Where addresses that are not public lead from now on.
    func lead(to port: UInt16) { listener.withLock { $0 = port } }

    /// Every address that a connection was begun to.
    var addresses: [NetworkAddress] { attempts.withLock { $0 } }

    func forgetAddresses() { attempts.withLock { $0 = [] } }

    /// What takes the place of `address`; `nil` where there is no route.
    fileprivate func route(to address: NetworkAddress) -> UInt16? {
        attempts.withLock { $0.append(address) }
        let port = listener.withLock { $0 }
        return address.isGlobal || port == 0 ? nil : port
    }
}

private typealias Connect = @convention(c) (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32

/// libc's own, behind ours.
private let connectToPeer: Connect? = dlsym(UnsafeMutableRawPointer(bitPattern: -1), "connect")
    .map { unsafeBitCast($0, to: Connect.self) }

@_cdecl("connect")
package func routedConnect(_ socket: Int32, _ address: UnsafePointer<sockaddr>?, _ length: socklen_t) -> Int32 {
    guard let connectToPeer else { return -1 }
    guard let address, let (target, port) = tcpAddress(address), port == 443 else {
        return connectToPeer(socket, address, length)
    }
    guard let listener = Network.shared.route(to: target) else {
        errno = ENETUNREACH
        return -1
    }
    var (four, six) = (sockaddr_in(), sockaddr_in6())
    if target.bytes.count == 4 {
        (four.sin_family, four.sin_port) = (sa_family_t(AF_INET), listener.bigEndian)
        inet_pton(AF_INET, "127.0.0.1", &four.sin_addr)
    } else {
        (six.sin6_family, six.sin6_port) = (sa_family_t(AF_INET6), listener.bigEndian)
        inet_pton(AF_INET6, "::ffff:127.0.0.1", &six.sin6_addr)
    }
    return target.bytes.count == 4
        ? withUnsafeBytes(of: four) {
            connectToPeer(socket, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), 16)
        }
        : withUnsafeBytes(of: six) { connectToPeer(socket, $0.baseAddress?.assumingMemoryBound(to: sockaddr.self), 28) }
}

/// `nil` for any other family than IPv4 and IPv6.
private func tcpAddress(_ address: UnsafePointer<sockaddr>) -> (NetworkAddress, port: UInt16)? {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let raw = UnsafeRawPointer(address)
    let port: UInt16
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
        var four = raw.loadUnaligned(as: sockaddr_in.self)
        port = UInt16(bigEndian: four.sin_port)
        inet_ntop(AF_INET, &four.sin_addr, &text, socklen_t(text.count))
    case AF_INET6:
        var six = raw.loadUnaligned(as: sockaddr_in6.self)
        port = UInt16(bigEndian: six.sin6_port)
        inet_ntop(AF_INET6, &six.sin6_addr, &text, socklen_t(text.count))
    default: return nil
    }
    let name = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return NetworkAddress(name).map { ($0, port) }
}
