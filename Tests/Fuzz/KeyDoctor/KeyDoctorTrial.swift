import VaultModel

@testable import VaultProviders

/// One paste, and all that must hold of what the doctor makes of it.
struct KeyDoctorTrial: Trial {
    private let catalogue: Catalogue
    private let doctor: KeyDoctor
    private let credentials: [Credential]
    private let marks: [[UInt8]]
    private let keyKinds: Set<String>

    init() throws {
        catalogue = try Catalogue.embedded()
        doctor = KeyDoctor(catalogue)
        credentials = Credential.all(of: catalogue)
        marks = catalogue.providers.flatMap(\.refused).filter { $0.category == .signIn }.compactMap(\.anywhere?.letters)
        keyKinds = Set(catalogue.providers.flatMap(\.keys).map(\.kind))
    }

    func run(_ bytes: [UInt8]) throws {
        let input = PasteInput(bytes, catalogue, credentials)
        var steps = 0
        let (diagnosis, key) = try examine(input.paste, input.chosen, &steps)
        require(steps <= 64 * input.paste.count + 4096, "the work grows with the paste alone")
        require(key.map { diagnosis.isStorable && isStorable($0) } ?? !diagnosis.isStorable, "a storable key is there")
        require(kinds(of: diagnosis.refusal).contains(diagnosis.kind), "a kind is one of its code's")
        require(!diagnosis.message.isEmpty && isSilent(diagnosis), "nothing of a paste is said")
        if let wanted = input.key { require(key == wanted, "a key comes out of noise byte for byte") }
        if let key {
            require(Sighted.holds(key, in: Sighted.dense(input.paste)), "what is stored was pasted")
            let (again, twice) = try examine(key, input.chosen, &steps)
            require(twice == key && again.cleaned.isEmpty, "what is clean stays as it is")
        }
        if input.paste.count <= KeyDoctor.longestPaste, Sighted.holds(marks, input.paste) {
            require(diagnosis.refusal == .oauthToken, "a sign-in prefix is refused wherever it stands")
        }
    }

    private func examine(
        _ paste: [UInt8], _ chosen: ProviderID?, _ steps: inout Int
    ) throws -> (Diagnosis, key: [UInt8]?) {
        var examination = try doctor.examine(paste.span.bytes, chosen: chosen, steps: &steps)
        let secret = examination.takeSecret()
        return (examination.diagnosis, secret?.withBytes { bytes in (0..<bytes.byteCount).map { bytes.byte($0) } })
    }

    private func isStorable(_ key: [UInt8]) -> Bool {
        (16...512).contains(key.count) && key.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// The credentials' bodies are of letters in an order that no text of the catalogue has.
    private func isSilent(_ diagnosis: Diagnosis) -> Bool {
        let said = Array((diagnosis.message + diagnosis.hint + (diagnosis.docsURL ?? "")).utf8)
        return !(0..<Credential.unit.count - 3).contains {
            Sighted.holds(Array(Credential.unit[$0..<$0 + 3]), in: said)
        }
    }

    /// The table of the API's contract.
    private func kinds(of refusal: Diagnosis.Refusal?) -> Set<String> {
        switch refusal {
        case nil, .truncated, .wrongProvider: keyKinds
        case .oauthToken:
            ["oauth_access_token", "oauth_refresh_token", "session_token", "credentials_file", "sign_in_token"]
        case .wrongKeyType:
            [
                "admin_key", "compliance_key", "short_lived_key", "client_secret", "service_account",
                "organization_token",
            ]
        case .masked: ["masked"]
        case .placeholder: ["placeholder"]
        case .severalKeys: ["several"]
        case .ambiguous: ["ambiguous"]
        case .malformed: ["url", "identifier", "foreign_character", "too_long", "empty", "unknown"]
        }
    }
}
