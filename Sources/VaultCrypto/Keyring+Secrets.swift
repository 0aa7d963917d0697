package import VaultModel

extension Keyring {
    /// Seals `secret` under a fresh DEK, and the DEK under the current term; both bound to `binding`.
    package func seal(
        _ secret: borrowing SecretBytes, for binding: SecretBinding
    ) throws(CryptoError) -> SealedSecret {
        guard let kek = terms[currentTerm] else { throw .misuse("keyring: no such term") }
        let place = AssociatedData(binding, in: instance)
        let dek = try Random.secret(SealedBox.keyLength)
        return try BoxContexts.pool.lend { contexts throws(CryptoError) in
            let box = try secret.withBytes { secret throws(CryptoError) in
                try SealedBox.seal(secret, type: .secret, term: 0, boundTo: place, under: dek, on: contexts)
            }
            let wrapped = try dek.withBytes { key throws(CryptoError) in
                try SealedBox.seal(
                    key, type: .dek, term: currentTerm, boundTo: place, under: kek.bytes, on: contexts)
            }
            return SealedSecret(term: currentTerm, wrappedDEK: wrapped, box: box)
        }
    }

    /// Opens what ``seal(_:for:)`` sealed for the same `binding`.
    ///
    /// - Throws: ``CryptoError/cannotOpen`` when anything at all does not fit, an unknown term too.
    package func open(_ sealed: SealedSecret, for binding: SecretBinding) throws(CryptoError) -> SecretBytes {
        guard let kek = terms[sealed.term] else { throw .cannotOpen }
        let place = AssociatedData(binding, in: instance)
        return try BoxContexts.pool.lend { contexts throws(CryptoError) in
            let dek = try SealedBox.open(
                sealed.wrappedDEK, type: .dek, term: sealed.term, boundTo: place, under: kek.bytes, on: contexts)
            return try SealedBox.open(
                sealed.box, type: .secret, term: 0, boundTo: place, under: dek, on: contexts)
        }
    }

    /// The same secret with its DEK wrapped under the current term; its own box stays as it is.
    ///
    /// - Parameter old: the keyring that has the term it is wrapped under, where that is not this one.
    /// - Throws: ``CryptoError/cannotOpen`` when the wrapped DEK does not open for `binding`.
    package func rewrap(
        _ sealed: SealedSecret, for binding: SecretBinding, from old: Keyring? = nil
    ) throws(CryptoError) -> SealedSecret {
        guard let was = (old ?? self).terms[sealed.term], let kek = terms[currentTerm] else { throw .cannotOpen }
        let place = AssociatedData(binding, in: instance)
        return try BoxContexts.pool.lend { contexts throws(CryptoError) in
            let dek = try SealedBox.open(
                sealed.wrappedDEK, type: .dek, term: sealed.term, boundTo: place, under: was.bytes, on: contexts)
            let wrapped = try dek.withBytes { dek throws(CryptoError) in
                try SealedBox.seal(dek, type: .dek, term: currentTerm, boundTo: place, under: kek.bytes, on: contexts)
            }
            return SealedSecret(term: currentTerm, wrappedDEK: wrapped, box: sealed.box)
        }
    }
}
