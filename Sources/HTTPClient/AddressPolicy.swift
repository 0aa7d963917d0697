/// Which addresses a request may connect to, whatever its host's name resolves to.
package enum AddressPolicy: Sendable {
    /// Addresses of the public internet on port 443: the catalogue's endpoints.
    case publicOnly
    /// Any: the operator configured this endpoint and may mean a machine of their own.
    case operatorChosen
}

/// The rule that one request's connections obey, asked for every address just before a socket is made for it and
/// once more before the request is written.
struct ConnectionRule: Sendable {
    let policy: AddressPolicy
    let scheme: Origin.Scheme
    let port: UInt16

    /// Plain HTTP never leaves the machine, whoever chose the endpoint.
    func permits(_ address: NetworkAddress) -> Bool {
        if scheme == .http && !address.isLoopback { return false }
        return policy == .operatorChosen || address.isGlobal
    }
}
