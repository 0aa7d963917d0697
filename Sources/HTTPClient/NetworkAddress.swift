#if canImport(Glibc)
import Glibc
#endif

/// An IPv4 or IPv6 address, and what kind of network it leads to.
package struct NetworkAddress: Sendable, Equatable {
    /// Four bytes or sixteen, most significant first.
    package let bytes: [UInt8]

    /// From its text form as `inet_pton` reads it: four decimal numbers, or RFC 4291 §2.2 without brackets.
    package init?(_ text: String) {
        var buffer = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &buffer) == 1 {
            bytes = Array(buffer[..<4])
        } else if unsafe inet_pton(AF_INET6, text, &buffer) == 1 {
            bytes = buffer
        } else {
            return nil
        }
    }

    /// From what a socket would be connected to; `nil` for any other family than IPv4 and IPv6.
    ///
    /// `address` must reach as far as the structure of its family does.
    @unsafe init?(_ address: UnsafeRawPointer, family: Int32) {
        switch family {
        case AF_INET:
            let address = unsafe address.loadUnaligned(as: sockaddr_in.self)
            bytes = unsafe withUnsafeBytes(of: address.sin_addr) { unsafe Array($0) }
        case AF_INET6:
            let address = unsafe address.loadUnaligned(as: sockaddr_in6.self)
            bytes = unsafe withUnsafeBytes(of: address.sin6_addr) { unsafe Array($0) }
        default:
            return nil
        }
    }

    /// In 127.0.0.0/8, or ::1.
    package var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == Self.loopback
    }

    /// Whether it is a host's address on the public internet, by the IANA special-purpose registries
    /// (RFC 6890 and its successors).
    ///
    /// IPv4 is all but the blocks below. IPv6 is 2000::/3 alone, less the blocks below, so that mapped
    /// (::ffff:0:0/96) and translated (64:ff9b::/96) IPv4, unique local and link-local ones are all outside.
    package var isGlobal: Bool {
        if bytes.count == 4 { return !Self.specialIPv4.contains { $0.contains(bytes) } }
        return Self.globalUnicast.contains(bytes) && !Self.specialIPv6.contains { $0.contains(bytes) }
    }

    private static let loopback: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]

    /// All addresses whose first `length` bits are those of `start`, which is written without its trailing zeros.
    private struct Block {
        let start: [UInt8]
        let length: Int

        init(_ start: [UInt8], _ length: Int) {
            self.start = start
            self.length = length
        }

        func contains(_ address: [UInt8]) -> Bool {
            (0..<length).allSatisfy { bit in
                let own = bit / 8 < start.count ? start[bit / 8] : 0
                return (own ^ address[bit / 8]) & (0x80 >> (bit % 8)) == 0
            }
        }
    }

    private static let specialIPv4 = [
        Block([0], 8),  // this network
        Block([10], 8),  // private
        Block([100, 64], 10),  // behind a carrier's NAT
        Block([127], 8),  // loopback
        Block([168, 63, 129, 16], 32),  // metadata and DNS inside Azure, though the address is a public one
        Block([169, 254], 16),  // link-local, cloud metadata
        Block([172, 16], 12),  // private
        Block([192, 0, 0], 24),  // protocol assignments
        Block([192, 0, 2], 24),  // documentation
        Block([192, 88, 99], 24),  // 6to4 relays
        Block([192, 168], 16),  // private
        Block([198, 18], 15),  // benchmarks
        Block([198, 51, 100], 24),  // documentation
        Block([203, 0, 113], 24),  // documentation
        Block([224], 4),  // multicast
        Block([240], 4),  // reserved, broadcast
    ]

    private static let globalUnicast = Block([0x20], 3)

    private static let specialIPv6 = [
        Block([0x20, 0x01], 23),  // protocol assignments, Teredo among them
        Block([0x20, 0x01, 0x0D, 0xB8], 32),  // documentation
        Block([0x20, 0x02], 16),  // 6to4: an IPv4 address inside
        Block([0x3F, 0xFF], 20),  // documentation
    ]
}
