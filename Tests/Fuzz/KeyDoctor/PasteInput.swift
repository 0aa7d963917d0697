import VaultModel

@testable import VaultProviders

/// What an input of the fuzzer stands for: a paste, and the provider that was chosen.
///
/// The first byte names the provider. 0xFF in its place makes a key within two noises, all named by the next bytes;
/// 0xFE repeats the rest over and over, since that is where work grows faster than a paste.
/// In the rest, bytes that no UTF-8 holds stand for credentials: 0xF8 and a number for a whole one, 0xF9, a number and
/// a length for the beginning of one, 0xFA likewise for its end. Any other byte stands for itself.
struct PasteInput {
    private(set) var paste: [UInt8] = []
    private(set) var chosen: ProviderID?
    /// The key that must come back.
    private(set) var key: [UInt8]?

    init(_ bytes: [UInt8], _ catalogue: Catalogue, _ credentials: [Credential]) {
        let first = bytes.first ?? 0
        if first == 0xFF {
            wrap(bytes.dropFirst(), credentials.filter(\.isKey))
            return
        }
        if first == 0xFE {
            expand(bytes.dropFirst(), credentials)
            let unit = paste
            while !unit.isEmpty, paste.count + unit.count <= 4096 { paste += unit }
            return
        }
        let choice = Int(first) % (catalogue.providers.count + 2)
        if choice > 0 {
            chosen =
                choice <= catalogue.providers.count ? catalogue.providers[choice - 1].id : ProviderID("nobody")
        }
        expand(bytes.dropFirst(), credentials)
    }

    private mutating func wrap(_ bytes: ArraySlice<UInt8>, _ keys: [Credential]) {
        let places = bytes.map(Int.init)
        let credential = keys[(places.first ?? 0) % keys.count]
        (key, chosen, paste) = (credential.bytes, credential.provider.id, credential.bytes)
        for place in places.dropFirst().prefix(2) {
            let noise = Noise.all[place % Noise.all.count]
            paste = noise.before + paste + noise.after
        }
    }

    private mutating func expand(_ bytes: ArraySlice<UInt8>, _ credentials: [Credential]) {
        var rest = bytes
        while let byte = rest.popFirst() {
            guard (0xF8...0xFA).contains(byte), let place = rest.popFirst() else {
                paste.append(byte)
                continue
            }
            let credential = credentials[Int(place) % credentials.count].bytes
            switch byte {
            case 0xF9: paste += credential.prefix(Int(rest.popFirst() ?? 0))
            case 0xFA: paste += credential.suffix(Int(rest.popFirst() ?? 0))
            default: paste += credential
            }
        }
    }
}
