package import VaultModel

/// Says of a paste what it is, before anything is stored or sent: a storable key, or why not.
///
/// Pure: no I/O, no clock, and never a `String` of the paste. The work is linear in the paste's length. What it
/// answers holds nothing of the paste. For concurrent use.
package struct KeyDoctor: Sendable {
    let catalogue: Catalogue
    let finder: CredentialFinder
    let variables: [String]

    /// The longest paste that is looked at, in bytes.
    package static let longestPaste = 16_384

    package init(_ catalogue: Catalogue) {
        self.catalogue = catalogue
        finder = CredentialFinder(catalogue)
        variables = catalogue.providers.flatMap(\.variables)
    }

    /// Judges a paste; `chosen` is the provider that its owner named.
    ///
    /// - Throws: when the secure heap has no room for the key.
    package func examine(
        _ paste: RawSpan, chosen: ProviderID?
    ) throws(SecretMemoryExhausted) -> Examination {
        var steps = 0
        return try examine(paste, chosen: chosen, steps: &steps)
    }

    /// The same; adds to `steps` how many bytes were looked at.
    func examine(
        _ paste: RawSpan, chosen: ProviderID?, steps: inout Int
    ) throws(SecretMemoryExhausted) -> Examination {
        guard paste.byteCount <= Self.longestPaste else {
            let text = DoctorTexts(provider: chosen.flatMap { catalogue[$0] }).tooLong
            return Examination(
                diagnosis: Diagnosis(kind: "too_long", refusal: .malformed, message: text.message, hint: text.hint),
                secret: nil)
        }
        let visible = VisibleText(paste, steps: &steps)
        return try visible.bytes.withBytes { text throws(SecretMemoryExhausted) in
            try visible.plain.withBytes { plain throws(SecretMemoryExhausted) in
                var consultation = Consultation(self, chosen: chosen, steps: steps)
                if visible.hadInvisible { consultation.cleaned = [.invisibleCharacters] }
                let examination = try consultation.examine(
                    text, plain: plain, isDisguised: visible.isDisguised, invalidAt: visible.invalidAt)
                steps = consultation.steps
                return examination
            }
        }
    }
}
