import COpenSSL
import Testing
import VaultModel

@testable import VaultCrypto

/// One ciphertext that AES-GCM opens under two keys, and what the box makes of it.
struct KeyCommitmentTests {
    @Test func `C07: bare GCM opens the published collision under both keys, and not with a bit of its tag flipped`()
        throws
    {
        let keys = [
            "cd404c592aeb7b3118790f391f07fd5d4122340cfc67be807fcbb0642e421bba",
            "2543bd49ab6658de2cb34f68f9de23ddcd0e788d9e4552235e45a7b59b343d21",
        ]
        let beginnings = ["626984fc7322110512e6f4a6e93b3ead", "9861344f7f217b4a61148a7e8e5f9c26"]
        for (key, beginning) in zip(keys, beginnings) {
            var message = try Message(
                key: hex(key), nonce: hex("000000000000000000000001"), data: hex("74656e616e743d41"),
                ciphertext: hex(
                    """
                    9f0817516aedfd04d37a6fe103c6dd8e887152c7800bcbf02a286b8c56ecc19c
                    f11319d99df3196d50e381fb391f434ad5e105c4ce346f2a708c20d17257c8ed
                    """), tag: hex("bdfd96ecf4e5fa088b5cf7ca93868f04"))
            #expect(try message.opened()?.prefix(16) == hex(beginning)[...])
            message.tag[0] ^= 1
            #expect(try message.opened() == nil)
        }
    }

    @Test func `C07: a box whose ciphertext opens under two keys opens only under the key it commits to`() throws {
        let place = Place().data
        let secrets = [try Random.bytes(32), try Random.bytes(32)]
        let (salt, nonce) = (try Random.bytes(32), try Random.bytes(12))
        let header = Array("KST1".utf8) + [1, 1, 0, 0, 0, 0]
        let derived = try secrets.map { key in
            copy(
                try HKDF.derive(
                    64, from: key.span.bytes, salt: salt.span.bytes, info: BoxType.secret.info, using: .sha512))
        }
        let forged = try Collision(
            keys: derived.map { Array($0[..<32]) }, nonce: nonce, data: header + place.bytes,
            ciphertext: Random.bytes(64))

        // The control: without the commitment both keys would be right.
        let plaintexts = try derived.map { okm in
            try Message(
                key: Array(okm[..<32]), nonce: nonce, data: header + place.bytes, ciphertext: forged.ciphertext,
                tag: forged.tag
            ).opened()
        }
        #expect(plaintexts[0] != nil && plaintexts[1] != nil && plaintexts[0] != plaintexts[1])

        for committed in 0..<2 {
            let blob = header + salt + nonce + derived[committed][32...] + forged.ciphertext + forged.tag
            for tried in 0..<2 {
                let key = try secret(secrets[tried])
                if tried == committed {
                    let opened = try SealedBox.open(blob, type: .secret, term: 0, boundTo: place, under: key)
                    #expect(copy(opened) == plaintexts[tried])
                } else {
                    #expect(
                        isRefused { () throws(CryptoError) in
                            try SealedBox.open(blob, type: .secret, term: 0, boundTo: place, under: key)
                        })
                }
            }
        }
    }
}

/// A ciphertext and a tag that are right under both of two keys.
///
/// GHASH is linear in each block: all blocks but the last of the ciphertext are as given, and that one is solved for
/// equal tags, which takes one inversion in GF(2^128).
private struct Collision {
    let ciphertext: [UInt8]
    let tag: [UInt8]

    init(keys: [[UInt8]], nonce: [UInt8], data: [UInt8], ciphertext: [UInt8]) throws {
        let hashKeys = try keys.map { try Self.encrypt([UInt8](repeating: 0, count: 16), under: $0) }
        let masks = try keys.map { try Self.encrypt(nonce + [0, 0, 0, 1], under: $0) }
        var blocks = Self.blocks(data) + Self.blocks(ciphertext)
        blocks.append(UInt128(data.count * 8) << 64 | UInt128(ciphertext.count * 8))
        let free = blocks.count - 2
        blocks[free] = 0
        let tags = (0..<2).map { masks[$0] ^ Self.hash(blocks, under: hashKeys[$0]) }
        let factors = hashKeys.map { Self.product($0, $0) }
        blocks[free] = Self.product(tags[0] ^ tags[1], Self.inverse(factors[0] ^ factors[1]))
        self.ciphertext = ciphertext.dropLast(16) + Self.bytes(blocks[free])
        tag = Self.bytes(masks[0] ^ Self.hash(blocks, under: hashKeys[0]))
    }

    private static func hash(_ blocks: [UInt128], under key: UInt128) -> UInt128 {
        blocks.reduce(0) { product($0 ^ $1, key) }
    }

    /// NIST SP 800-38D §6.3; the first bit of a block is its highest.
    private static func product(_ left: UInt128, _ right: UInt128) -> UInt128 {
        var (sum, shifted): (UInt128, UInt128) = (0, right)
        for bit in stride(from: 127, through: 0, by: -1) {
            if left >> bit & 1 == 1 { sum ^= shifted }
            shifted = shifted & 1 == 1 ? shifted >> 1 ^ 0xE1 << 120 : shifted >> 1
        }
        return sum
    }

    /// The power 2^128 − 2, which is the inverse.
    private static func inverse(_ value: UInt128) -> UInt128 {
        var (result, power) = (UInt128(1) << 127, value)
        for _ in 1..<128 {
            power = product(power, power)
            result = product(result, power)
        }
        return result
    }

    private static func blocks(_ bytes: [UInt8]) -> [UInt128] {
        stride(from: 0, to: bytes.count, by: 16).map { start in
            (start..<start + 16).reduce(0) { $0 << 8 | UInt128($1 < bytes.count ? bytes[$1] : 0) }
        }
    }

    private static func bytes(_ block: UInt128) -> [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: block >> (120 - 8 * $0)) }
    }

    private static func encrypt(_ block: [UInt8], under key: [UInt8]) throws -> UInt128 {
        let context = try #require(EVP_CIPHER_CTX_new())
        defer { EVP_CIPHER_CTX_free(context) }
        var (output, count) = ([UInt8](repeating: 0, count: 32), Int32(0))
        try #require(EVP_EncryptInit_ex(context, EVP_aes_256_ecb(), nil, key, nil) == 1)
        try #require(EVP_EncryptUpdate(context, &output, &count, block, 16) == 1)
        return blocks(Array(output[..<16]))[0]
    }
}
