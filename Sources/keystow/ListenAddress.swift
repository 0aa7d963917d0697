import HTTPServer

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
