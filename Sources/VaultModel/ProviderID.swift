/// A provider's name in the catalogue: `anthropic`; 1 to 40 of `a-z 0-9 _ -`, beginning with a letter.
package struct ProviderID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let description: String

    package init?(_ text: String) {
        let utf8 = text.utf8
        guard (1...40).contains(utf8.count), let first = utf8.first, (0x61...0x7A).contains(first),
            utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5F || $0 == 0x2D })
        else { return nil }
        description = text
    }

    /// All of them, or `nil` when one is no name of a provider.
    package static func all(_ names: some Sequence<String>) -> [ProviderID]? {
        var providers: [ProviderID] = []
        for name in names {
            guard let provider = ProviderID(name) else { return nil }
            providers.append(provider)
        }
        return providers
    }

    private init(known: String) { description = known }

    package static let anthropic = ProviderID(known: "anthropic")
    /// Stands in where a stored provider cannot be read; such a row is believed in nothing.
    package static let unreadable = ProviderID(known: "unreadable")

    package static func < (left: ProviderID, right: ProviderID) -> Bool { left.description < right.description }
}
