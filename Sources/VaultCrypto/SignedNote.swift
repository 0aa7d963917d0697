import VaultModel

/// A text with signatures that anyone can check who has the public key (C2SP signed-note): the text, an empty line,
/// then a line `— <key name> <base64 of key hash and signature>` for each signature.
package struct SignedNote: Sendable, Equatable {
    /// Ends with a newline; none of its lines is empty.
    package let text: String
    private let signatures: [Signature]

    /// How many characters of base64 an Ed25519 signature has in a note.
    package static let signatureLength = (4 + Ed25519.signatureLength + 2) / 3 * 4

    private struct Signature: Equatable {
        let name: String
        /// Four bytes of the key's hash, then the signature.
        let bytes: [UInt8]
    }

    /// Signs `text` as the holder of `signer`.
    package init(_ text: String, by signer: AuditSigner) throws(CryptoError) {
        self.text = text
        let signature = try signer.sign(Array(text.utf8))
        signatures = [Signature(name: signer.key.name, bytes: try signer.key.hash() + signature)]
    }

    /// Reads a note; `nil` where it is none.
    package init?(parsing note: some StringProtocol) {
        let lines = note.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", let blank = lines.firstIndex(of: ""), blank > 0 else { return nil }
        text = lines[..<blank].joined(separator: "\n") + "\n"
        var signatures: [Signature] = []
        for line in lines[(blank + 1)...].dropLast() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 3, words[0] == "—", let bytes = Base64.bytes(of: words[2]), bytes.count > 4 else {
                return nil
            }
            signatures.append(Signature(name: String(words[1]), bytes: bytes))
        }
        guard !signatures.isEmpty else { return nil }
        self.signatures = signatures
    }

    /// Whether one of the signatures is by the holder of `key`; those by unknown keys are passed over.
    package func isSigned(by key: NoteKey) -> Bool {
        guard let hash = try? key.hash() else { return false }
        return signatures.contains { signature in
            signature.name == key.name && signature.bytes.prefix(4).elementsEqual(hash)
                && Ed25519.isSignature(Array(signature.bytes.dropFirst(4)), of: Array(text.utf8), by: key.publicKey)
        }
    }

    /// The note as it is written, with a newline at its end.
    package var description: String {
        text + "\n" + signatures.map { "— \($0.name) \(Base64.text(of: $0.bytes))\n" }.joined()
    }
}

/// The name and public key that a note is checked with: `<name>+<hash in hex>+<base64 of 0x01 and the key>`.
package struct NoteKey: Sendable, Equatable, CustomStringConvertible {
    package let name: String
    package let publicKey: [UInt8]

    /// The signature type of Ed25519 in signed-note.
    private static let algorithm: UInt8 = 1

    package init(name: String, publicKey: [UInt8]) {
        self.name = name
        self.publicKey = publicKey
    }

    /// Reads what ``description`` writes; `nil` for anything else, a hash that does not fit too.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[0].isEmpty, let bytes = Base64.bytes(of: parts[2]),
            bytes.first == Self.algorithm, bytes.count == 1 + Ed25519.publicKeyLength
        else { return nil }
        self.init(name: String(parts[0]), publicKey: Array(bytes.dropFirst()))
        guard let hash = try? hash(), hash.hexadecimal == parts[1] else { return nil }
    }

    package var description: String {
        let hash = (try? hash()) ?? []
        return "\(name)+\(hash.hexadecimal)+\(Base64.text(of: [Self.algorithm] + publicKey))"
    }

    /// The first four bytes of SHA-256 over name, newline, type and key.
    func hash() throws(CryptoError) -> [UInt8] {
        Array(try Digest.sha256(Array(name.utf8), [UInt8(ascii: "\n"), Self.algorithm], publicKey).prefix(4))
    }
}
