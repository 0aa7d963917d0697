import Testing
import VaultModel

@testable import VaultCrypto

/// Signatures and notes as others make and check them.
@Suite struct SignedNoteTests {
    private static func seed(_ bytes: [UInt8]) throws -> SecretBytes {
        try SecureHeap.install()
        return try SecretBytes(copying: bytes.span.bytes)
    }

    private static func bytes(_ text: String) -> [UInt8] {
        let digits = text.compactMap(\.hexDigitValue)
        return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// RFC 8032 §7.1, tests 1 to 3: seed, public key, message, signature.
    static let vectors: [[String]] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                + "d25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
                + "387b2eaeb4302aeeb00d291612bb0c00",
        ],
        [
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
                + "4a7c15e9716ed28dc027beceea1ec40a",
        ],
    ]

    @Test(arguments: vectors) func `RFC 8032: seeds give these public keys and signatures`(_ vector: [String]) throws {
        let (message, signature) = (Self.bytes(vector[2]), Self.bytes(vector[3]))
        let seed = try Self.seed(Self.bytes(vector[0]))
        #expect(try Ed25519.publicKey(of: seed) == Self.bytes(vector[1]))
        #expect(try Ed25519.sign(message, under: seed) == signature)
        #expect(Ed25519.isSignature(signature, of: message, by: Self.bytes(vector[1])))
        #expect(!Ed25519.isSignature(signature, of: message + [0], by: Self.bytes(vector[1])))
        for index in signature.indices {
            var changed = signature
            changed[index] ^= 1
            #expect(!Ed25519.isSignature(changed, of: message, by: Self.bytes(vector[1])))
        }
    }

    /// The example of Go's package golang.org/x/mod/sumdb/note, whose format C2SP signed-note is.
    static let key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    static let note = """
        If you think cryptography is the answer to your problem,
        then you don't know what your problem is.

        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=

        """

    @Test func `U11 a note that another program signed is good, and not when a character differs`() throws {
        let key = try #require(NoteKey(Self.key))
        #expect(key.description == Self.key)
        let note = try #require(SignedNote(parsing: Self.note))
        #expect(note.isSigned(by: key))
        #expect(note.description == Self.note)
        let changed = try #require(SignedNote(parsing: Self.note.replacing("answer", with: "anwser")))
        #expect(!changed.isSigned(by: key))
        #expect(NoteKey(Self.key.replacing("c74f20a3", with: "c74f20a4")) == nil)
        #expect(!note.isSigned(by: NoteKey(name: "PeterNeuman", publicKey: key.publicKey)))
    }

    @Test func `a signer's box opens for its number in its vault alone, and signs what its key proves`() throws {
        let instance = InstanceID(at: Timestamp(milliseconds: 1))
        let master = try Random.secret(32)
        let (keyring, _) = try Keyring.create(master: master, instance: instance)
        let (signer, box) = try keyring.makeSigner(number: 1)
        let again = try keyring.openSigner(box, number: 1)
        #expect(again.key == signer.key)
        let note = try SignedNote("keystow/x\n", by: again)
        #expect(note.isSigned(by: signer.key))
        #expect(throws: CryptoError.cannotOpen) { try keyring.openSigner(box, number: 2) }
        let (other, _) = try Keyring.create(master: master, instance: instance)
        #expect(throws: CryptoError.cannotOpen) { try other.openSigner(box, number: 1) }
    }

    @Test func `base64 is read in one spelling only`() {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37) }
            #expect(Base64.bytes(of: Base64.text(of: bytes)) == bytes)
        }
        #expect(Base64.text(of: Array("foob".utf8)) == "Zm9vYg==")
        for text in ["Zm9vYh==", "Zm9vYg=", "Zm9vYg", "Zm9v Yg==", "Zm=vYg==", "====", "="] {
            #expect(Base64.bytes(of: text) == nil, "\(text)")
        }
    }
}
