import Glibc

/// An address and port to listen on: `127.0.0.1:8420`, `[::1]:0`, `localhost:8420`, or `:8420` for 127.0.0.1.
struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An IPv4 or IPv6 address, without brackets.
    let address: String
    /// 0 asks the system for a free one.
    let port: UInt16

    init(address: String, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `nil` unless `text` is an IP address (or `localhost`, or nothing) and a port.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        let host = text[..<colon]
        if host.isEmpty || host == "localhost" {
            self.init(address: "127.0.0.1", port: port)
        } else if host.first == "[", host.last == "]" {
            let inner = String(host.dropFirst().dropLast())
            guard IPAddress(inner)?.isVersion6 == true else { return nil }
            self.init(address: inner, port: port)
        } else {
            guard IPAddress(String(host))?.isVersion6 == false else { return nil }
            self.init(address: String(host), port: port)
        }
    }

    /// The same address on the port that is really listened on.
    func on(_ port: UInt16) -> ListenAddress { ListenAddress(address: address, port: port) }

    /// Whether only this machine can reach it.
    var isLoopback: Bool { IPAddress(address)?.isLoopback ?? false }

    /// As it stands in a URL.
    var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}

/// An IP address in its numeric form.
struct IPAddress: Sendable, Equatable {
    /// 4 or 16 bytes, most significant first.
    let bytes: [UInt8]

    /// `nil` for a name, a scope (`fe80::1%eth0`) and the old short forms (`127.1`).
    init?(_ text: String) {
        var bytes = [UInt8](repeating: 0, count: 16)
        if unsafe inet_pton(AF_INET, text, &bytes) == 1 {
            self.bytes = Array(bytes[..<4])
        } else if unsafe inet_pton(AF_INET6, text, &bytes) == 1 {
            self.bytes = bytes
        } else {
            return nil
        }
    }

    var isVersion6: Bool { bytes.count == 16 }

    /// 127.0.0.0/8, ::1, and the former as seen through IPv6.
    var isLoopback: Bool {
        if !isVersion6 { return bytes[0] == 127 }
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        if Array(bytes[..<12]) == mapped { return bytes[12] == 127 }
        return bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}

/// A range of addresses, as `10.0.0.0/8`; a single address is a range of one.
struct AddressRange: Sendable, Equatable {
    let base: IPAddress
    /// How many leading bits decide.
    let bits: Int

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let base = IPAddress(String(parts[0])) else { return nil }
        let width = base.bytes.count * 8
        guard parts.count == 1 || parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        guard let bits = parts.count == 1 ? width : Int(parts[1]), (0...width).contains(bits) else { return nil }
        self.base = base
        self.bits = bits
    }

    func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        return (0..<bits).allSatisfy { bit in
            let mask = UInt8(0x80) >> UInt8(bit % 8)
            return address.bytes[bit / 8] & mask == base.bytes[bit / 8] & mask
        }
    }
}
