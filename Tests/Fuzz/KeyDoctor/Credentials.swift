@testable import VaultProviders

/// One made-up credential of each shape in the catalogue.
///
/// No file holds one: an input names it by its place, so that the fuzzer need not guess a hundred characters.
struct Credential {
    let bytes: [UInt8]
    let provider: Provider
    /// Whether it is an API key, so that its owner may store it.
    let isKey: Bool

    static func all(of catalogue: Catalogue) -> [Credential] {
        catalogue.providers.flatMap { provider in
            let keys = provider.keys.flatMap { pattern in
                [pattern.body.lowerBound, min(pattern.body.upperBound, pattern.body.lowerBound + 41)].map { length in
                    Credential(bytes: made(pattern, length), provider: provider, isKey: true)
                }
            }
            let refused = provider.refused.map { refused in
                let bytes = refused.anywhere.map { $0.letters + filler(.base64url, 20) }
                return Credential(
                    bytes: bytes ?? refused.pattern.map { made($0, $0.body.lowerBound + 20) } ?? [],
                    provider: provider, isKey: false)
            }
            return keys + refused
        }
    }

    private static func made(_ pattern: KeyPattern, _ length: Int) -> [UInt8] {
        var body = filler(pattern.alphabet, length)
        if let marker = pattern.marker {
            body = filler(pattern.alphabet, marker.before) + Array(marker.text.utf8)
            body += filler(pattern.alphabet, max(marker.after, length - body.count))
        }
        for part in 1..<max(2, pattern.segments) where pattern.segments > 1 {
            body[body.count * part / pattern.segments] = UInt8(ascii: ".")
        }
        return pattern.prefix.map { $0 == UInt8(ascii: "#") ? UInt8(ascii: "4") : $0 } + body + pattern.suffix
    }

    /// What no text of the catalogue holds.
    static let unit = Array("aB3dE9gH2kL7".utf8)

    private static func filler(_ alphabet: Alphabet, _ length: Int) -> [UInt8] {
        let letters = unit.filter { alphabet.contains($0) }
        return (0..<length).map { letters[$0 % letters.count] }
    }
}
