import FoundationEssentials
package import VaultModel

/// A file of the catalogue cannot be read; the build is at fault, not its user.
package struct CatalogueError: Error, Sendable, Equatable {
    /// The file, or the id that two files claim.
    package let file: String
}

/// The providers that Keystow knows, one file each under `Catalogue/`.
package struct Catalogue: Sendable {
    /// In the order in which they are offered.
    package let providers: [Provider]
    private let places: [ProviderID: Int]
    /// The rows of outcomes that end every provider's table.
    private let outcomesOfAny: [OutcomeRow]

    /// Reads the files that were built in.
    package static func embedded() throws(CatalogueError) -> Catalogue {
        try Catalogue(files: files, outcomesOfAny: PackageResources.any_provider_json)
    }

    /// Reads provider files, and the file of outcomes that are the same for every provider.
    package init(files: [(name: String, bytes: [UInt8])], outcomesOfAny: [UInt8]) throws(CatalogueError) {
        struct Rows: Decodable { let outcomes: [OutcomeRow] }
        var providers: [Provider] = []
        var places: [ProviderID: Int] = [:]
        for (name, bytes) in files {
            guard let provider = try? JSONDecoder().decode(Provider.self, from: Data(bytes)) else {
                throw CatalogueError(file: name)
            }
            guard places.updateValue(providers.count, forKey: provider.id) == nil else {
                throw CatalogueError(file: provider.id.description)
            }
            providers.append(provider)
        }
        guard let rows = try? JSONDecoder().decode(Rows.self, from: Data(outcomesOfAny)) else {
            throw CatalogueError(file: "any_provider")
        }
        self.providers = providers
        self.places = places
        self.outcomesOfAny = rows.outcomes
    }

    package subscript(_ id: ProviderID) -> Provider? { places[id].map { providers[$0] } }

    /// A provider's table of outcomes, whole and in order.
    package func outcomes(of provider: Provider) -> [OutcomeRow] { provider.outcomes + outcomesOfAny }

    private static var files: [(name: String, bytes: [UInt8])] {
        [
            ("anthropic", PackageResources.anthropic_json), ("openai", PackageResources.openai_json),
            ("gemini", PackageResources.gemini_json), ("openrouter", PackageResources.openrouter_json),
            ("mistral", PackageResources.mistral_json), ("groq", PackageResources.groq_json),
            ("xai", PackageResources.xai_json), ("deepseek", PackageResources.deepseek_json),
            ("cohere", PackageResources.cohere_json), ("together", PackageResources.together_json),
            ("perplexity", PackageResources.perplexity_json), ("huggingface", PackageResources.huggingface_json),
            ("replicate", PackageResources.replicate_json), ("fireworks", PackageResources.fireworks_json),
            ("azure_openai", PackageResources.azure_openai_json), ("bedrock", PackageResources.bedrock_json),
            ("vertex", PackageResources.vertex_json),
        ]
    }
}
