import VaultModel
import VaultProviders

/// The providers that keys may be imported for, and the names that people have for them and for their variables.
struct KnownProviders: Sendable {
    /// Every name, in lower case with `_` between words.
    private let names: [(name: String, id: ProviderID)]
    /// The variables that hold keys, each provider's usual one first.
    private let variables: [(name: String, id: ProviderID)]
    /// The usual variable of each provider.
    let usualVariables: [(name: String, id: ProviderID)]

    /// Providers whose keys are of no use without a region, a resource or the like.
    private let parametrised: Set<ProviderID>

    /// What others call a provider, where that is not its id or its name in the catalogue.
    private static let aliases = [
        "claude": "anthropic", "google": "gemini", "google_ai": "gemini", "grok": "xai", "x_ai": "xai",
        "azure": "azure_openai", "aws_bedrock": "bedrock", "amazon_bedrock": "bedrock", "mistralai": "mistral",
        "mistral_ai": "mistral", "togetherai": "together", "together_ai": "together", "fireworks_ai": "fireworks",
        "hf": "huggingface", "open_router": "openrouter",
    ]

    /// - Parameter served: the providers of the server, which may know more than this program.
    init(_ catalogue: Catalogue, served: [ProviderID] = []) {
        var names = catalogue.providers.flatMap { provider in
            [(name: provider.id.description, id: provider.id), (name: Self.folded(provider.name), id: provider.id)]
        }
        names += served.map { (name: $0.description, id: $0) }
        for (alias, id) in Self.aliases.sorted(by: { $0.key < $1.key }) {
            if let known = names.first(where: { $0.name == id }) { names.append((name: alias, id: known.id)) }
        }
        self.names = names
        parametrised = Set(catalogue.providers.filter { !$0.params.isEmpty }.map(\.id))
        variables = catalogue.providers.flatMap { provider in
            provider.variables.filter(Self.holdsKey).map { (name: $0, id: provider.id) }
        }
        usualVariables = catalogue.providers.compactMap { provider in
            provider.variables.first.flatMap { Self.holdsKey($0) ? (name: $0, id: provider.id) : nil }
        }
    }

    /// The provider that `text` names.
    func provider(named text: RawSpan) -> ProviderID? {
        names.first { text.isWord($0.name, joiningWith: UInt8(ascii: "_")) }?.id
    }

    /// Whether more than a key is needed, which no file that is imported says.
    func needsParameters(_ provider: ProviderID) -> Bool { parametrised.contains(provider) }

    /// The variable that `text` is the name of, and whose key it holds.
    func variable(named text: RawSpan) -> (name: String, id: ProviderID)? {
        variables.first { variable in
            text.byteCount == variable.name.utf8.count
                && zip(0..<text.byteCount, variable.name.utf8).allSatisfy { text[byte: $0] == $1 }
        }
    }

    /// Whether a variable holds a credential: others hold addresses, files and ids.
    private static func holdsKey(_ name: String) -> Bool {
        name.split(separator: "_").contains { $0 == "KEY" || $0 == "TOKEN" }
    }

    private static func folded(_ name: String) -> String {
        String(name.lowercased().map { $0 == " " || $0 == "-" ? "_" : $0 })
    }
}

extension RawSpan {
    /// Whether this is `word`, without regard to upper case (of ASCII) and to blanks around it.
    ///
    /// - Parameter joint: what blanks and hyphens inside count as; `nil` takes them as they are.
    func isWord(_ word: String, joiningWith joint: UInt8? = nil) -> Bool {
        var (start, end) = (0, byteCount)
        while start < end, self[byte: start] == UInt8(ascii: " ") { start += 1 }
        while start < end, self[byte: end - 1] == UInt8(ascii: " ") { end -= 1 }
        guard end - start == word.utf8.count else { return false }
        return zip(start..<end, word.utf8).allSatisfy { index, wanted in
            var byte = self[byte: index]
            if (0x41...0x5A).contains(byte) { byte |= 0x20 }
            if let joint, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "-") { byte = joint }
            return byte == wanted
        }
    }
}
