package import VaultModel
import VaultProviders

/// What a user is told of a provider: its names, its pages, and how to get a key.
package struct ProviderSummary: Sendable, Equatable {
    package let id: ProviderID
    package let name: String
    package let consoleURL: String
    package let billingURL: String
    package let docsURL: String?
    package let environmentVariable: String?
    package let steps: [String]
    /// What a key needs besides to be used, such as a region: names of `params`.
    package let params: [String]
    /// How its keys begin; `nil` where they have no beginning of their own.
    package let keyBeginning: String?
    package let canBeTested: Bool
    package let hasFundingCheck: Bool
    /// What the doctor calls a sign-in token of it that can be sent like a key.
    package let signInKind: String

    /// What to do instead of what was pasted.
    package var newKeyHint: String { "Create an API key at \(consoleURL) and paste that instead." }
}

extension Vault {
    /// The catalogue, in the order of its ids.
    package var providers: [ProviderSummary] { catalogue.providers.map(summary).sorted { $0.id < $1.id } }

    func summary(of id: ProviderID) -> ProviderSummary {
        catalogue[id].map(summary)
            ?? ProviderSummary(
                id: id, name: id.description, consoleURL: "", billingURL: "", docsURL: nil, environmentVariable: nil,
                steps: [], params: [], keyBeginning: nil, canBeTested: false, hasFundingCheck: false,
                signInKind: "sign_in_token")
    }

    func summary(_ provider: Provider) -> ProviderSummary {
        ProviderSummary(
            id: provider.id, name: provider.name, consoleURL: provider.consoleURL, billingURL: provider.billingURL,
            docsURL: provider.docsURL, environmentVariable: provider.variables.first, steps: provider.steps,
            params: provider.params.map(\.name), keyBeginning: provider.keyBeginning,
            canBeTested: provider.canBeTested, hasFundingCheck: provider.hasFundingCheck,
            signInKind: provider.signInKind)
    }
}
