import Testing
import VaultModel

@testable import VaultProviders

/// One paste and exactly what the doctor must make of it.
struct Paste: CustomTestStringConvertible, Sendable {
    let name: String
    let text: String
    let chosen: String?
    /// The refusal's code; `nil` when it may be stored.
    let code: Diagnosis.Refusal?
    let kind: String
    let provider: String?
    let cleaned: [String]
    /// The key that comes back.
    let key: String?
    let candidates: [String]

    var testDescription: String { name }

    static func keeps(
        _ name: String, _ text: String, _ key: String, _ kind: String = "api_key", of provider: String = "anthropic",
        chosen: String? = nil, _ cleaned: [String] = []
    ) -> Paste {
        Paste(
            name: name, text: text, chosen: chosen, code: nil, kind: kind, provider: provider, cleaned: cleaned,
            key: key,
            candidates: [])
    }

    /// A Claude key within noise.
    static func keeps(_ name: String, _ text: String, _ key: String, _ cleaned: [String]) -> Paste {
        keeps(name, text, key, "api_key", of: "anthropic", cleaned)
    }

    static func refuses(
        _ name: String, _ text: String, _ code: Diagnosis.Refusal, _ kind: String, of provider: String? = nil,
        chosen: String? = nil, _ cleaned: [String] = [], candidates: [String] = []
    ) -> Paste {
        Paste(
            name: name, text: text, chosen: chosen, code: code, kind: kind, provider: provider, cleaned: cleaned,
            key: nil,
            candidates: candidates)
    }
}

extension KeyDoctor {
    static let ofTests = Result { try KeyDoctor(Catalogue.embedded()) }

    func examine(_ text: String, chosen: String? = nil) throws -> (Diagnosis, key: String?) {
        var examination = try examine(Array(text.utf8).span.bytes, chosen: chosen.flatMap(ProviderID.init))
        guard let secret = examination.takeSecret() else { return (examination.diagnosis, nil) }
        let key = secret.withBytes { bytes in
            String(decoding: (0..<bytes.byteCount).map { bytes.byte($0) }, as: UTF8.self)
        }
        return (examination.diagnosis, key)
    }
}
