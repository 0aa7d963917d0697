package import VaultModel

/// What the vault computes under keys derived from the index root. Each purpose has a key of its own, which neither
/// a new master nor a new KEK term changes. Unless it says otherwise, an answer is 32 bytes of HMAC-SHA-256.
extension Keyring {
    /// Over the canonical bytes of a row's columns that decide something.
    package func rowMAC(_ canonical: [UInt8]) throws(CryptoError) -> [UInt8] {
        try unsafe derived.rows.tag(of: canonical.span.bytes)
    }

    /// What a token is looked up by, so that nobody can make a row for a token of their choice.
    package func tokenLookup(_ token: RawSpan) throws(CryptoError) -> [UInt8] {
        try derived.tokens.tag(of: token)
    }

    /// Over a page cursor's content.
    package func cursorMAC(_ bytes: [UInt8]) throws(CryptoError) -> [UInt8] {
        try unsafe derived.cursors.tag(of: bytes.span.bytes)
    }

    /// Over a request body that came with an idempotency key; the body may hold a secret.
    package func idempotencyMAC(_ bytes: RawSpan) throws(CryptoError) -> [UInt8] {
        try derived.idempotency.tag(of: bytes)
    }

    /// Over a backup's manifest.
    package func backupMAC(_ manifest: [UInt8]) throws(CryptoError) -> [UInt8] {
        try unsafe derived.backups.tag(of: manifest.span.bytes)
    }

    /// Equal exactly for equal keys of one provider in one project; over `lp(provider) ‖ key`.
    package func blindIndex(
        of secret: borrowing SecretBytes, project: ProjectID, provider: ProviderID
    ) throws(CryptoError) -> [UInt8] {
        try tag(of: secret, provider: provider, purpose: "blind-index/\(project)")
    }

    /// What the API shows so that people can tell keys apart: `kfp_` and 26 characters of lower-case base32
    /// (RFC 4648 §6, no padding), the first 16 bytes of an HMAC over `lp(provider) ‖ key`.
    package func fingerprint(
        of secret: borrowing SecretBytes, project: ProjectID, provider: ProviderID
    ) throws(CryptoError) -> String {
        let tag = try tag(of: secret, provider: provider, purpose: "fingerprint/\(project)")
        return "kfp_" + base32(tag[..<16])
    }

    /// 24 bits by which a leaked key's candidates are found in the whole instance, whoever the provider is.
    package func leakBucket(of secret: borrowing SecretBytes) throws(CryptoError) -> Int {
        let tag = try secret.withBytes { secret throws(CryptoError) in try derived.leakBuckets.tag(of: secret) }
        return tag[..<3].reduce(0) { $0 << 8 | Int($1) }
    }

    /// 16 hexadecimal digits that tell the audit log's entries about one secret from those about another.
    ///
    /// - Parameter blindIndex: what stands for the secret, so that an entry can be written without opening it.
    package func auditReference(of blindIndex: [UInt8]) throws(CryptoError) -> String {
        let tag = try unsafe derived.auditReferences.tag(of: blindIndex.span.bytes)
        return Array(tag[..<8]).hexadecimal
    }

    /// HMAC-SHA-256 over `lp(provider) ‖ key` under a key derived for this call.
    private func tag(
        of secret: borrowing SecretBytes, provider: ProviderID, purpose: String
    ) throws(CryptoError) -> [UInt8] {
        let key = try Purpose.key(purpose, from: derived.root.bytes)
        var prefix: [UInt8] = []
        prefix.append(prefixed: provider.description.utf8)
        return try HMAC.contexts(of: .sha256).lend { context throws(CryptoError) in
            try key.withBytes { key throws(CryptoError) in try context.start(key: key) }
            try unsafe context.update(prefix.span.bytes)
            try secret.withBytes { secret throws(CryptoError) in try context.update(secret) }
            return try context.finish()
        }
    }
}

/// Lower-case base32 without padding, most significant bit first; zero bits fill the last character.
private func base32(_ bytes: some Sequence<UInt8>) -> String {
    let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    var text: [UInt8] = []
    var (pending, count): (UInt32, UInt32) = (0, 0)
    for byte in bytes {
        pending = pending << 8 | UInt32(byte)
        count += 8
        while count >= 5 {
            count -= 5
            text.append(alphabet[Int(pending >> count & 31)])
        }
    }
    if count > 0 { text.append(alphabet[Int(pending << (5 - count) & 31)]) }
    return String(decoding: text, as: UTF8.self)
}
