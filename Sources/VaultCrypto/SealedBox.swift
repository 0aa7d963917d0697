import COpenSSL
package import VaultModel

/// The sealed box, version 1: AES-256-GCM under a key used once, committing to that key, bound to one place.
///
/// ```
/// blob = "KST1" | suite u8 = 1 | type u8 | term u32be | salt[32] | nonce[12] | commit[32] | ciphertext[n] | tag[16]
/// okm  = HKDF-SHA512(ikm = key32, salt, info = lp("keystow/v1") ‖ lp(purpose) ‖ u8(suite), L = 64)
/// key  = okm[0..32)      commit = okm[32..64)      purpose = "seal" for secrets, else "wrap"
/// AAD  = blob[0..10) as expected ‖ ``AssociatedData``
/// ```
///
/// GCM alone does not commit to its key: one ciphertext can open under two. `commit` is compared first. Safe from
/// any thread.
package enum SealedBox {
    /// What a blob has beyond its plaintext, bytes.
    package static let overhead = 102

    static let suite: UInt8 = 1
    static let keyLength = 32

    private static let magic = Array("KST1".utf8)

    /// Where the parts of a blob lie. Constants of the suite; no length is ever read from a blob.
    private enum Layout {
        static let header = 0..<10
        static let salt = 10..<42
        static let nonce = 42..<54
        static let commit = 54..<86
        static let ciphertext = 86
        static let tag = 16
        /// Salt and nonce lie together, to be drawn at once.
        static let random = 10..<54
    }

    /// Seals `plaintext` under `key` (32 bytes) with a fresh salt and nonce.
    package static func seal(
        _ plaintext: RawSpan, type: BoxType, term: Int, boundTo place: AssociatedData,
        under key: borrowing SecretBytes
    ) throws(CryptoError) -> [UInt8] {
        try BoxContexts.pool.lend { contexts throws(CryptoError) in
            try seal(plaintext, type: type, term: term, boundTo: place, under: key, on: contexts)
        }
    }

    /// Opens a blob that must be of `type` and `term` and sealed for `place` under `key` (32 bytes).
    ///
    /// - Throws: ``CryptoError/cannotOpen`` whatever is wrong with it; ``CryptoError/heapExhausted``;
    ///   ``CryptoError/library(code:detail:)`` when OpenSSL failed before it could tell.
    package static func open(
        _ blob: [UInt8], type: BoxType, term: Int, boundTo place: AssociatedData,
        under key: borrowing SecretBytes
    ) throws(CryptoError) -> SecretBytes {
        try BoxContexts.pool.lend { contexts throws(CryptoError) in
            try open(blob, type: type, term: term, boundTo: place, under: key, on: contexts)
        }
    }

    /// - Parameter draw: gives salt and nonce; another than the generator only to test the format.
    static func seal(
        _ plaintext: RawSpan, type: BoxType, term: Int, boundTo place: AssociatedData,
        under key: borrowing SecretBytes, on contexts: BoxContexts,
        drawing draw: (_ count: Int) throws(CryptoError) -> [UInt8] = Random.bytes
    ) throws(CryptoError) -> [UInt8] {
        guard key.count == keyLength, type.plaintextLengths.contains(plaintext.byteCount),
            let header = header(type: type, term: term)
        else { throw .misuse("sealed box: no such key, plaintext or term") }
        var blob = header
        blob.reserveCapacity(overhead + plaintext.byteCount)
        blob += try draw(Layout.random.count)
        guard blob.count == Layout.random.upperBound else { throw .misuse("sealed box: no such salt and nonce") }
        blob += repeatElement(0, count: overhead + plaintext.byteCount - blob.count)
        var span = blob.mutableSpan
        try unsafe span.withUnsafeMutableBytes { blob throws(CryptoError) in
            let salt = unsafe UnsafeRawBufferPointer(blob.part(Layout.salt))
            try unsafe withDerived(from: key, salt: salt.bytes, type: type, on: contexts.mac) {
                boxKey, commit throws(CryptoError) in
                unsafe blob.part(Layout.commit).copyMemory(from: commit)
                try unsafe contexts.sealing.seal(
                    plaintext, into: blob.part(Layout.ciphertext..<blob.count - Layout.tag),
                    tag: blob.part(blob.count - Layout.tag..<blob.count),
                    header: header.span.bytes, data: place.bytes.span.bytes,
                    nonce: UnsafeRawBufferPointer(blob.part(Layout.nonce)).bytes, under: boxKey.bytes)
            }
        }
        return blob
    }

    static func open(
        _ blob: [UInt8], type: BoxType, term: Int, boundTo place: AssociatedData,
        under key: borrowing SecretBytes, on contexts: BoxContexts
    ) throws(CryptoError) -> SecretBytes {
        try SecureHeap.install()
        let length = blob.count - overhead
        guard key.count == keyLength, type.plaintextLengths.contains(length),
            let header = header(type: type, term: term), blob[Layout.header].elementsEqual(header)
        else { throw .cannotOpen }
        let blob = unsafe blob.span.bytes
        return try unsafe withDerived(from: key, salt: blob.extracting(Layout.salt), type: type, on: contexts.mac) {
            boxKey, commit throws(CryptoError) in
            guard unsafe ConstantTime.areEqual(commit.bytes, blob.extracting(Layout.commit)) else { throw .cannotOpen }
            return try SecretBytes(count: length, exhausted: CryptoError.heapExhausted) { span throws(CryptoError) in
                try unsafe span.withUnsafeMutableBytes { plaintext throws(CryptoError) in
                    try unsafe contexts.opening.open(
                        blob.extracting(Layout.ciphertext..<Layout.ciphertext + length), into: plaintext,
                        tag: blob.extracting(Layout.ciphertext + length..<overhead + length),
                        header: header.span.bytes, data: place.bytes.span.bytes,
                        nonce: blob.extracting(Layout.nonce), under: boxKey.bytes)
                }
            }
        }
    }

    /// The ten bytes that a box of this type and term begins with; `nil` for a term that no box can have.
    private static func header(type: BoxType, term: Int) -> [UInt8]? {
        guard let term = UInt32(exactly: term) else { return nil }
        var header: [UInt8] = []
        header.reserveCapacity(Layout.header.count)
        header += magic
        header.append(suite)
        header.append(type.rawValue)
        header.append(bigEndian: term)
        return header
    }

    /// Derives a box's key and its commitment, lends both to `body`, and wipes them.
    private static func withDerived<R: ~Copyable>(
        from key: borrowing SecretBytes, salt: RawSpan, type: BoxType, on mac: HMACContext,
        _ body: (_ key: UnsafeRawBufferPointer, _ commit: UnsafeRawBufferPointer) throws(CryptoError) -> R
    ) throws(CryptoError) -> R {
        try unsafe withUnsafeTemporaryAllocation(byteCount: 64, alignment: 16) { okm throws(CryptoError) in
            defer { unsafe OPENSSL_cleanse(okm.baseAddress, okm.count) }
            try key.withBytes { key throws(CryptoError) in
                try unsafe HKDF.derive(into: okm, from: key, salt: salt, info: type.info, on: mac)
            }
            return try unsafe body(
                UnsafeRawBufferPointer(okm.part(0..<32)), UnsafeRawBufferPointer(okm.part(32..<64)))
        }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// A part of this buffer, which must lie within it.
    fileprivate func part(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: self[range])
    }
}
