import VaultModel
import VaultProviders

// Where calls of a provider go: the catalogue's base URL, or the operator's in its place.
extension Vault {
    /// The endpoint of keys of `provider` with `params`.
    ///
    /// - Throws: `invalidField` when a parameter is missing or not of its form.
    func endpoint(of id: ProviderID, params: [String: String]) throws(VaultError) -> Endpoint {
        guard let provider = catalogue[id] else {
            throw .invalidField("provider", detail: "The catalogue has no such provider any more.")
        }
        do {
            return try provider.endpoint(params: params, override: configuration.endpoints[id])
        } catch {
            switch error {
            case .missing(let name):
                throw .invalidField("params", detail: "Keys of \(provider.name) also need params.\(name).")
            case .malformed(let name):
                throw .invalidField("params", detail: "params.\(name) does not look like one of \(provider.name).")
            case .notABaseURL:
                throw .invalidField("provider", detail: "The base URL that is configured for it cannot be called.")
            }
        }
    }

    /// Refuses parameters that keys of the provider do not take: they would be kept and shown for nothing.
    func require(params: [String: String], takenBy id: ProviderID) throws(VaultError) {
        let names = catalogue[id]?.params.map(\.name) ?? []
        guard params.keys.allSatisfy(names.contains) else {
            let taken = names.isEmpty ? "no parameters" : "these parameters alone: \(names.joined(separator: ", "))"
            throw .invalidField("params", detail: "Keys of \(summary(of: id).name) take \(taken).")
        }
    }

    /// The MAC of a key's row.
    func mac(of key: KeyRecord) throws -> [UInt8] {
        try keyring.mac(of: key, params: catalogue[key.provider]?.params.map(\.name) ?? [])
    }

    /// Where a stored key may be tested: where it was proven, as long as that is still where its provider is called.
    ///
    /// - Returns: `nil` when the operator, or an edit of the row, points elsewhere; then no call may be made with it.
    func endpoint(of key: KeyRecord) -> Endpoint? {
        guard let endpoint = try? endpoint(of: key.provider, params: key.params), endpoint.origin == key.endpoint else {
            return nil
        }
        return endpoint
    }

    /// The parameters of an edited row, from where its own box says that the key was proven.
    ///
    /// What stands in the row might lead a new secret to a host of somebody else's.
    func params(of id: ProviderID, leadingTo origin: String?) throws -> [String: String] {
        guard let provider = catalogue[id], !provider.params.isEmpty else { return [:] }
        guard let origin, let params = provider.params(leadingTo: origin) else {
            throw VaultError.wrongState(
                detail: "It cannot be told any more to which place at \(provider.name) the key belongs.",
                hint: "Delete the key and store it anew.")
        }
        return params
    }
}
