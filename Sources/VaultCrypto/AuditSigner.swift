package import VaultModel

/// Who signs the heads of a vault's audit log. Never changes; safe from any thread.
///
/// There may be several in a vault's life, numbered 1, 2, …: the highest signs, and what the others signed stays good.
package final class AuditSigner: Sendable {
    package let number: Int
    package let key: NoteKey
    private let seed: HeldKey

    init(number: Int, seed: consuming SecretBytes, instance: InstanceID) throws(CryptoError) {
        self.number = number
        key = NoteKey(name: AuditSigner.name(in: instance), publicKey: try Ed25519.publicKey(of: seed))
        self.seed = HeldKey(seed)
    }

    func sign(_ message: [UInt8]) throws(CryptoError) -> [UInt8] { try Ed25519.sign(message, under: seed.bytes) }

    /// What the signers of a vault are called in signed notes.
    package static func name(in instance: InstanceID) -> String { "keystow/\(instance)" }
}

extension Keyring {
    /// A fresh signer, and its seed in a box that only this vault opens.
    package func makeSigner(number: Int) throws(CryptoError) -> (signer: AuditSigner, box: [UInt8]) {
        let seed = try Random.secret(SealedBox.keyLength)
        let place = placeOfSigner(number)
        let box = try seed.withBytes { seed throws(CryptoError) in
            try SealedBox.seal(seed, type: .signer, term: 0, boundTo: place, under: derived.root.bytes)
        }
        return (try AuditSigner(number: number, seed: seed, instance: instance), box)
    }

    /// - Throws: ``CryptoError/cannotOpen`` when the box was not made by this vault for that number.
    package func openSigner(_ box: [UInt8], number: Int) throws(CryptoError) -> AuditSigner {
        let seed = try SealedBox.open(
            box, type: .signer, term: 0, boundTo: placeOfSigner(number), under: derived.root.bytes)
        return try AuditSigner(number: number, seed: seed, instance: instance)
    }

    private func placeOfSigner(_ number: Int) -> AssociatedData {
        AssociatedData(instance: instance, objectID: "signer", version: number)
    }
}
