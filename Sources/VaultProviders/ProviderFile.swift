import HTTPClient
import VaultModel

// What a provider's file must keep to besides its form: where keys may go.
extension Provider {
    /// What is wrong with the file that it was read from; `nil` for nothing.
    ///
    /// The key may stand in one header of each call and nowhere else; the host is fixed, and spoken to over TLS.
    func fault(in file: [UInt8]) -> String? {
        let marks = unsafe file.span.bytes.count(of: Array(TestCall.keyMark.utf8))
        if marks != calls?.count ?? 0 { return "{key} may stand in one header of each call and nowhere else" }
        if let fault = faultOfBaseURL { return "base_url: \(fault)" }
        let links = [consoleURL, billingURL, docsURL]
        if !links.allSatisfy({ $0.hasPrefix("https://") && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } }) {
            return "console_url, billing_url and docs_url must be https:// addresses"
        }
        if name.isEmpty || name.utf8.count > 40 { return "name must be 1 to 40 bytes" }
        if keys.contains(where: { $0.prefix.isEmpty && !$0.needsChoice }) {
            return "keys without a prefix are told only by choice: needs_choice must be true"
        }
        let patterns = keys + refused.compactMap(\.pattern)
        if !patterns.allSatisfy(\.isWithinBounds) { return "a pattern has lengths that no credential has" }
        if !(0...16).contains(hintShows) { return "hint_shows must be 0 to 16" }
        return nil
    }

    /// Why the keys of this provider cannot be told from what `other` has: its keys, or what is refused there.
    ///
    /// Whoever pastes one of those must not have it taken for this provider's.
    func conflict(with other: Provider) -> String? {
        let refusals = other.refused.filter { $0.category != .identifier }
        let marks: [[UInt8]] = refusals.compactMap { $0.anywhere?.letters ?? $0.pattern?.prefix }
        let prefixes = other.keys.filter { !$0.needsChoice && $0.prefix.count >= 4 }.map(\.prefix)
        let theirs = (marks + prefixes).map { $0.map { $0.lowered } }
        for key in keys where !key.needsChoice {
            let own = key.prefix.map { $0.lowered }
            if theirs.contains(where: { own.starts(with: $0) || $0.starts(with: own) }) {
                return "its keys begin as credentials of \(other.id) do"
            }
        }
        return nil
    }

    private var faultOfBaseURL: String? {
        guard baseURL.hasPrefix("https://") else { return "it must begin with https://" }
        if baseURL.hasSuffix("/") { return "it must not end in a slash" }
        let authority = baseURL.dropFirst(8).prefix { $0 != "/" }
        let labels = authority.split(separator: ".", omittingEmptySubsequences: false)
        for (place, label) in labels.enumerated() where label.contains("{") || label.contains("}") {
            guard params.contains(where: { "{\($0.name)}" == label }), place + 2 < labels.count else {
                return "a parameter is a whole label of the host, and at least two fixed ones follow it"
            }
        }
        let unused = params.first { parameter in !labels.contains { $0 == "{\(parameter.name)}" } }
        if let unused { return "it does not use the parameter \(unused.name)" }
        let plain = baseURL.filling(Dictionary(params.map { ($0.name, "xx") }) { first, _ in first })
        guard let url = RequestURL(plain + "/"), url.origin.port == 443, url.origin.address == nil else {
            return "it must be a host's name on the usual port, and a path"
        }
        return nil
    }
}

extension RawSpan {
    /// How often `piece` stands in it.
    fileprivate func count(of piece: [UInt8]) -> Int { (0..<byteCount).count { has(piece, at: $0) } }
}
