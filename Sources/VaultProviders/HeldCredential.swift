package import VaultModel

extension KeyDoctor {
    /// Whether `text` is or holds a credential, whole or cut short, or one of this vault's own tokens: what must not stand
    /// where names and reasons are read.
    ///
    /// Told by its form alone: a key that looks like nothing in particular, such as 32 letters and digits, is not known.
    ///
    /// - Throws: when the secure heap has no room to look.
    package func holdsCredential(_ text: String) throws(SecretMemoryExhausted) -> Bool {
        let buffer = WipedBuffer(text)
        return try buffer.withBytes { bytes throws(SecretMemoryExhausted) in
            if Self.holdsToken(bytes) { return true }
            let diagnosis = try examine(bytes, chosen: nil).diagnosis
            switch diagnosis.refusal {
            case nil, .oauthToken, .wrongKeyType, .truncated, .severalKeys, .wrongProvider: return true
            case .masked, .placeholder: return false
            // Something goes on, or is broken off, that began as a key does; an account's id is no secret.
            case .malformed: return diagnosis.provider != nil && diagnosis.kind != "identifier"
            case .ambiguous:
                var steps = 0
                return finder.shapes(in: bytes, of: nil, steps: &steps).contains { !$0.pattern.prefix.isEmpty }
            }
        }
    }

    private static func holdsToken(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= TokenText.count else { return false }
        return (0...bytes.byteCount - TokenText.count).contains { start in
            bytes.has(tokenPrefix, at: start)
                && TokenText.check(bytes.extracting(start..<start + TokenText.count)) != nil
        }
    }

    private static let tokenPrefix = Array("kst_".utf8)
}
