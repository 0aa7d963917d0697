#if canImport(Glibc)
import Glibc
#endif

/// Addresses and ports as the system wants them.
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
}
