import CMicroHTTPD

#if canImport(Glibc)
import Glibc
#endif

/// An IP address in its numeric form.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, most significant first.
    package let bytes: [UInt8]

    /// `nil` for a name, a scope (`fe80::1%eth0`) and the old short forms (`127.1`).
    package init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes[..<4])
        } else if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }

    /// The address of a peer as the system has it; one of IPv4 that came through an IPv6 socket is one of IPv4.
    init?(_ address: UnsafePointer<sockaddr>?) {
        guard let address = unsafe address else { return nil }
        switch unsafe Int32(address.pointee.sa_family) {
        case AF_INET:
            bytes = unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { four in
                unsafe withUnsafeBytes(of: four.pointee.sin_addr) { unsafe Array($0) }
            }
        case AF_INET6:
            let all = unsafe address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { six in
                unsafe withUnsafeBytes(of: six.pointee.sin6_addr) { unsafe Array($0) }
            }
            bytes = all.starts(with: Self.mappedPrefix) ? Array(all[12...]) : all
        default: return nil
        }
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private static let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    package var isVersion6: Bool { bytes.count == 16 }

    /// An IPv4 address as seen through IPv6 (`::ffff:192.0.2.1`) without that; any other as it is.
    package var unmapped: IPAddress {
        isVersion6 && bytes.starts(with: Self.mappedPrefix) ? IPAddress(bytes: Array(bytes[12...])) : self
    }

    /// 127.0.0.0/8, ::1, and the former as seen through IPv6.
    package var isLoopback: Bool {
        let address = unmapped
        return address.isVersion6
            ? address.bytes == [UInt8](repeating: 0, count: 15) + [1] : address.bytes.first == 127
    }

    /// What one caller has for sure: an address of IPv4, the first half of one of IPv6 (a customer is given a /64 at
    /// least, RFC 6177), with zeros behind it.
    package var subscriber: IPAddress {
        isVersion6 ? IPAddress(bytes: Array(bytes[..<8]) + [UInt8](repeating: 0, count: 8)) : self
    }

    /// As RFC 5952 spells it, without brackets.
    package var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let size = socklen_t(text.count)
        _ = unsafe inet_ntop(isVersion6 ? AF_INET6 : AF_INET, bytes, &text, size)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// A range of addresses, as `10.0.0.0/8`; a single address is a range of one.
package struct AddressRange: Sendable, Equatable {
    let base: IPAddress
    /// How many leading bits decide.
    let bits: Int

    package init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let base = IPAddress(String(parts[0])) else { return nil }
        let width = base.bytes.count * 8
        guard parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard let bits = parts.count == 1 ? width : Int(parts[1]), (0...width).contains(bits) else { return nil }
        // A peer of IPv4 is one however it came.
        let isMapped = base.unmapped != base
        guard !isMapped || bits >= 96 else { return nil }
        self.base = isMapped ? base.unmapped : base
        self.bits = isMapped ? bits - 96 : bits
    }

    /// Whether it is wider than any network that one operator has: more than a /8 of IPv4 or a /16 of IPv6.
    package var isHalfTheWorld: Bool { bits < (base.isVersion6 ? 16 : 8) }

    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return address.bytes[bit / 8] & mask == base.bytes[bit / 8] & mask
        }
    }
}
