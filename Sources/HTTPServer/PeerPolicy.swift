/// Whose connections are taken, and who among them is believed when it says for whom it speaks.
///
/// What a proxy says stands in `X-Forwarded-For` and `X-Forwarded-Proto`. From anybody else these fields are as absent,
/// and `Forwarded` (RFC 7239) is never read: two places for one truth could differ, and a proxy that writes one of them
/// passes its caller's word in the other on.
package struct PeerPolicy: Sendable, Equatable {
    /// Who is believed.
    package var proxies: [AddressRange]
    /// Whether nobody connects but those and this machine itself.
    package var isClosed: Bool

    package init(proxies: [AddressRange] = [], isClosed: Bool = false) {
        self.proxies = proxies
        self.isClosed = isClosed
    }

    func believes(_ peer: IPAddress) -> Bool { proxies.contains { $0.contains(peer) } }

    /// Whether a connection from this peer is taken at all.
    func takes(_ peer: IPAddress) -> Bool { !isClosed || peer.isLoopback || believes(peer) }

    /// The address that a request came from: the peer's, or behind proxies the rightmost hop that is none of them.
    ///
    /// Each hop was written by the one to the right of it, so what stands to the left of a stranger, or of something
    /// that is no address, is a claim and nothing more.
    func source(of peer: IPAddress, _ fields: [(name: String, value: String)]) -> IPAddress {
        guard believes(peer) else { return peer }
        var source = peer
        for hop in Self.elements("x-forwarded-for", fields).reversed() {
            guard let address = Self.address(hop) else { break }
            source = address
            guard believes(address) else { break }
        }
        return source
    }

    /// Whether a proxy that is believed says that it was reached over TLS.
    func isSecure(_ peer: IPAddress, _ fields: [(name: String, value: String)]) -> Bool {
        guard believes(peer) else { return false }
        return Self.elements("x-forwarded-proto", fields).last?.lowercased() == "https"
    }

    /// The elements of a list-based field over all its lines, as one list (RFC 9110 §5.3).
    private static func elements(_ name: String, _ fields: [(name: String, value: String)]) -> [Substring] {
        fields.filter { $0.name == name }.flatMap { field in
            field.value.split(separator: ",", omittingEmptySubsequences: false).map(trimmed)
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    /// An address alone, or one with the port that some proxies add: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
    private static func address(_ hop: Substring) -> IPAddress? {
        if let plain = IPAddress(String(hop)) { return plain.unmapped }
        var host = hop
        if let colon = hop.lastIndex(of: ":") {
            let port = hop[hop.index(after: colon)...].utf8
            if port.allSatisfy({ (0x30...0x39).contains($0) }) { host = hop[..<colon] }
        }
        if host.first == "[", host.last == "]" {
            let inner = IPAddress(String(host.dropFirst().dropLast()))
            return inner?.isVersion6 == true ? inner?.unmapped : nil
        }
        let four = IPAddress(String(host))
        return four?.isVersion6 == false ? four : nil
    }
}
