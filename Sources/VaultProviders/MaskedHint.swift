package import VaultModel

extension KeyDoctor {
    /// How a key is shown to its owner, as near as can be to how the provider's own console shows it:
    /// the prefix, as many characters as that console shows, `…`, and the last four.
    package func maskedHint(of secret: borrowing SecretBytes, provider id: ProviderID) -> String {
        secret.withBytes { text in
            guard text.byteCount >= KeyPattern.shortestKey else { return "…" }
            let provider = catalogue[id]
            let pattern = provider?.keys.first { !$0.prefix.isEmpty && $0.begins(at: 0, of: text) }
            let shown = pattern.map { $0.prefix.count + (provider?.hintShows ?? 0) } ?? 0
            let head = (0..<min(shown, text.byteCount - 12)).map { text.byte($0) }
            let tail = (text.byteCount - 4..<text.byteCount).map { text.byte($0) }
            return String(decoding: head, as: UTF8.self) + "…" + String(decoding: tail, as: UTF8.self)
        }
    }
}
