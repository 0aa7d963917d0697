import VaultModel

/// Takes out of a provider's own words whatever could be a piece of a key.
///
/// Its work is bounded, however long an answer is: of a text 2,000 characters are looked at, of an identifier 128, each
/// against a key of at most 512 bytes.
struct Redaction: Sendable {
    private let prefixes: [[UInt8]]

    /// The most characters of a provider's sentence that are kept.
    static let longestMessage = 200
    /// Of longer texts only so much is looked at, and nothing beyond is kept.
    private static let longestText = 2000
    /// So many characters in common with the key are no coincidence.
    private static let tellingPiece = 6
    private static let mark = "[redacted]"

    init(_ catalogue: Catalogue) {
        var prefixes: [[UInt8]] = []
        for provider in catalogue.providers {
            let marks: [[UInt8]] = provider.refused.compactMap { refused in
                refused.category == .identifier ? nil : refused.anywhere?.letters ?? refused.pattern?.prefix
            }
            for prefix in provider.keys.map(\.prefix) + marks {
                let fixed = prefix.prefix { $0 != UInt8(ascii: "#") }
                if fixed.count >= 3 { prefixes.append(fixed.map(\.lowered)) }
            }
        }
        self.prefixes = prefixes
    }

    /// Printable, without `key` or anything like a key, and at most 200 characters.
    func redact(_ message: String, key: RawSpan) -> String {
        let text = message.unicodeScalars.prefix(Self.longestText)
        var words: [String] = []
        for word in text.split(whereSeparator: { $0.properties.isWhitespace }) {
            let printable = word.filter { Self.isPrintable($0) }
            if printable.isEmpty { continue }
            let word = String(String.UnicodeScalarView(printable))
            words.append(isTelling(word, key) ? Self.mark : word)
        }
        return String(String.UnicodeScalarView(words.joined(separator: " ").unicodeScalars.prefix(Self.longestMessage)))
    }

    /// An identifier as providers give them, or `nil` when it is none or could be a piece of the key.
    func identifier(_ text: String?, key: RawSpan) -> String? {
        guard let text, (1...128).contains(text.utf8.count),
            text.utf8.allSatisfy({
                Alphabet.base64url.contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
            }),
            !sharesPiece(text, key), !hasPrefix(text)
        else { return nil }
        return text
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }

    private func isTelling(_ word: String, _ key: RawSpan) -> Bool {
        hasMask(word) || hasPrefix(word) || hasLongRun(word) || sharesPiece(word, key)
    }

    /// Providers show a key as `sk-qVL45***…D1Vi`.
    private func hasMask(_ word: String) -> Bool {
        word.contains("**") || word.contains("••") || (word.contains("…") && word.count > 4)
            || (word.contains("...") && !word.hasSuffix("..."))
    }

    /// A key's prefix where a word begins, so that `risk-free` is left alone.
    private func hasPrefix(_ word: String) -> Bool {
        let letters = word.utf8.map(\.lowered)
        return unsafe letters.span.bytes.hasWord(beginningWith: prefixes)
    }

    /// 32 characters of base64, or 20 that mix capitals, small letters and digits.
    private func hasLongRun(_ word: String) -> Bool {
        var (length, capitals, smalls, digits) = (0, false, false, false)
        for byte in word.utf8 {
            guard Alphabet.base64url.contains(byte) || Alphabet.base64.contains(byte) || byte == UInt8(ascii: "=")
            else {
                (length, capitals, smalls, digits) = (0, false, false, false)
                continue
            }
            // Slashes divide an address into words; a key of base64 with many of them still has a long one.
            length = byte == UInt8(ascii: "/") ? 0 : length + 1
            if byte.isDigit {
                digits = true
            } else if byte.isLetter {
                if byte.lowered == byte { smalls = true } else { capitals = true }
            }
            if length >= 32 || (length >= 20 && capitals && smalls && digits) { return true }
        }
        return false
    }

    private func sharesPiece(_ word: String, _ key: RawSpan) -> Bool {
        let word = Array(word.utf8)
        guard word.count >= Self.tellingPiece, key.byteCount >= Self.tellingPiece else { return false }
        for start in 0...(word.count - Self.tellingPiece) {
            let piece = Array(word[start..<start + Self.tellingPiece])
            for place in 0...(key.byteCount - Self.tellingPiece) where key.has(piece, at: place) { return true }
        }
        return false
    }
}

extension RawSpan {
    /// Whether one of `prefixes` stands where no letter or digit goes before.
    fileprivate func hasWord(beginningWith prefixes: [[UInt8]]) -> Bool {
        (0..<byteCount).contains { index in
            !byte(index - 1).isLetterOrDigit && prefixes.contains { has($0, at: index) }
        }
    }
}
