import VaultModel

@testable import VaultProviders

/// One answer, and all that must hold of the verdict that it becomes.
struct OutcomeReaderTrial: Trial {
    private let catalogue: Catalogue
    private let reader: OutcomeReader

    init() throws {
        catalogue = try Catalogue.embedded()
        reader = OutcomeReader(catalogue)
    }

    func run(_ bytes: [UInt8]) {
        let input = AnswerInput(bytes, catalogue)
        guard let calls = input.provider.calls else { return }
        let now = Timestamp(milliseconds: 1_795_000_000_000)
        for call in [calls.identity, calls.funding].compactMap(\.self) {
            let verdict = reader.read(
                input.answer, to: call, of: input.provider, key: AnswerInput.key.span.bytes, at: now)
            judge(verdict)
            if case .failure = input.answer { require(verdict.code == .unverified, "no answer is no verdict") }
            if verdict.httpStatus == 404 { require(verdict.code == .unverified, "a 404 is no verdict") }
        }
    }

    private func judge(_ verdict: Verdict) {
        let said = verdict.providerError?.message ?? ""
        require(said.unicodeScalars.count <= 200, "a provider's words are at most 200 characters")
        require(said.unicodeScalars.allSatisfy(isPrintable), "a provider's words are printable")
        require((0...86_400).contains(verdict.retryAfter ?? 0), "no wait is longer than a day")
        let ids = [verdict.providerRequestID, verdict.providerError?.type].compactMap(\.self) + verdict.account.values
        require(ids.allSatisfy { (1...128).contains($0.utf8.count) }, "an identifier is short")
        for text in ids + verdict.account.keys + [said, verdict.message, verdict.reason, "\(verdict.retryAfter ?? 0)"] {
            require(!repeatsKey(Array(text.utf8)), "no six characters of the key are in a verdict")
        }
    }

    private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    private func repeatsKey(_ text: [UInt8]) -> Bool {
        guard text.count >= 6 else { return false }
        return (0...AnswerInput.key.count - 6).contains { place in
            let piece = AnswerInput.key[place..<place + 6]
            return (0...text.count - 6).contains { text[$0] == piece[place] && text[$0..<$0 + 6] == piece }
        }
    }
}
