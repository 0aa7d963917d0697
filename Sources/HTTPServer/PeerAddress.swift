import CMicroHTTPD

#if canImport(Glibc)
import Glibc
#endif

/// Between addresses as the system has them and as text.
enum PeerAddress {
    static func ipv4(_ text: String, port: UInt16) -> sockaddr_in? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 ? address : nil
    }

    static func ipv6(_ text: String, port: UInt16) -> sockaddr_in6? {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = port.bigEndian
        return unsafe inet_pton(AF_INET6, text, &address.sin6_addr) == 1 ? address : nil
    }

    /// The port of a `sockaddr_in` or `sockaddr_in6`: both have it in bytes 2 and 3.
    static func port<Address>(of address: Address) -> UInt16 {
        unsafe withUnsafeBytes(of: address) { bytes in
            unsafe UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
    }

    /// The address alone, without port; an IPv4 one that came through an IPv6 socket is written as IPv4.
    static func text(of address: UnsafePointer<sockaddr>?) -> String {
        guard let address = unsafe address else { return "" }
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let size = socklen_t(text.count)
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                _ = unsafe inet_ntop(AF_INET, [four.pointee.sin_addr], &text, size)
            }
        case AF_INET6:
            unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                _ = unsafe inet_ntop(AF_INET6, [six.pointee.sin6_addr], &text, size)
            }
        default: return ""
        }
        let written = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let mapped = "::ffff:"
        return written.hasPrefix(mapped) && written.contains(".") ? String(written.dropFirst(mapped.count)) : written
    }
}
