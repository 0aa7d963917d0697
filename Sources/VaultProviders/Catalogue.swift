import FoundationEssentials
package import VaultModel

/// A file of the catalogue is not as the schema says.
package struct CatalogueError: Error, Sendable, Equatable {
    /// The file's name.
    package let file: String
    /// What is wrong with it, for people.
    package let reason: String

    package init(file: String, reason: String) {
        self.file = file
        self.reason = reason
    }
}

/// The providers that Keystow knows, one file each under `Catalogue/`, and those that an operator adds.
package struct Catalogue: Sendable {
    /// In the order in which they are offered.
    package let providers: [Provider]
    private let places: [ProviderID: Int]
    /// The rows of outcomes that end every provider's table.
    private let outcomesOfAny: [OutcomeRow]

    /// Reads the files that were built in, and then those of an operator.
    ///
    /// - Parameter added: names and contents of further provider files.
    package static func embedded(
        adding added: [(name: String, bytes: [UInt8])] = []
    ) throws(CatalogueError) -> Catalogue {
        let catalogue = try Catalogue(files: files + added, outcomesOfAny: PackageResources.any_provider_json)
        for (file, provider) in zip(added, catalogue.providers.dropFirst(files.count)) {
            for other in catalogue.providers where other.id != provider.id {
                if let conflict = provider.conflict(with: other) {
                    throw CatalogueError(file: file.name, reason: conflict)
                }
            }
        }
        return catalogue
    }

    /// Reads provider files, and the file of outcomes that are the same for every provider.
    package init(files: [(name: String, bytes: [UInt8])], outcomesOfAny: [UInt8]) throws(CatalogueError) {
        struct Rows: Decodable { let outcomes: [OutcomeRow] }
        var providers: [Provider] = []
        var places: [ProviderID: Int] = [:]
        for (name, bytes) in files {
            let provider: Provider = try Self.decode(bytes, name)
            if let fault = provider.fault(in: bytes) { throw CatalogueError(file: name, reason: fault) }
            guard places.updateValue(providers.count, forKey: provider.id) == nil else {
                throw CatalogueError(file: name, reason: "there is a provider \(provider.id) already")
            }
            providers.append(provider)
        }
        let rows: Rows = try Self.decode(outcomesOfAny, "any_provider")
        self.providers = providers
        self.places = places
        self.outcomesOfAny = rows.outcomes
    }

    package subscript(_ id: ProviderID) -> Provider? { places[id].map { providers[$0] } }

    /// A provider's table of outcomes, whole and in order.
    package func outcomes(of provider: Provider) -> [OutcomeRow] { provider.outcomes + outcomesOfAny }

    private static func decode<T: Decodable>(_ bytes: [UInt8], _ name: String) throws(CatalogueError) -> T {
        do {
            return try JSONDecoder().decode(T.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw CatalogueError(file: name, reason: error.explanation)
        } catch {
            throw CatalogueError(file: name, reason: "it cannot be read")
        }
    }

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

extension DecodingError {
    /// Where in the file, and what.
    fileprivate var explanation: String {
        let (context, what): (Context, String) =
            switch self {
            case .typeMismatch(_, let context): (context, "a value of another type is expected")
            case .valueNotFound(_, let context): (context, "a value is missing")
            case .keyNotFound(let key, let context): (context, "the member \(key.stringValue) is missing")
            case .dataCorrupted(let context): (context, context.debugDescription)
            @unknown default: (Context(codingPath: [], debugDescription: ""), "it cannot be read")
            }
        let place = context.codingPath.map { key in key.intValue.map { "[\($0)]" } ?? ".\(key.stringValue)" }.joined()
        return place.isEmpty ? what : "\(place.drop { $0 == "." }): \(what)"
    }
}
