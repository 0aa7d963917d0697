import Testing
import VaultModel

@testable import VaultCrypto

/// One box as another implementation of the format made it: key, salt and nonce from SHA-256 of
/// `frozen key n`, `frozen salt n` and (first 12 bytes) `frozen nonce n`.
struct FrozenRecord: Sendable, CustomTestStringConvertible {
    let number: Int
    let type: BoxType
    let term: Int
    let instance: String
    let project: String
    let owner: String
    let objectID: String
    let version: Int
    let provider: String
    let endpoint: String
    let plaintext: String
    let blob: String

    var testDescription: String { "\(number), \(type)" }

    func place() throws -> AssociatedData {
        AssociatedData(
            instance: try #require(InstanceID(instance)), project: project, owner: Array(owner.utf8),
            objectID: objectID, version: version, provider: provider, endpoint: endpoint)
    }

    func key() throws -> SecretBytes { try frozen("key \(number)") }
}

/// SHA-256 of `frozen` and a name, as a secret.
func frozen(_ name: String) throws -> SecretBytes {
    let digest = try Digest.sha256(Array("frozen \(name)".utf8))
    return try secret(digest)
}

struct FrozenRecordTests {
    @Test(arguments: FrozenRecord.all)
    func `C17: a frozen record opens, and sealing the same again gives the same bytes`(
        record: FrozenRecord
    ) throws {
        let blob = try hex(record.blob)
        let place = try record.place()
        let key = try record.key()
        let opened = try SealedBox.open(blob, type: record.type, term: record.term, boundTo: place, under: key)
        let plaintext = try hex(record.plaintext)
        #expect(copy(opened) == plaintext)

        let salt = try Digest.sha256(Array("frozen salt \(record.number)".utf8))
        let nonce = try Digest.sha256(Array("frozen nonce \(record.number)".utf8))[..<12]
        let sealed = try SealedBox.seal(
            plaintext.span.bytes, type: record.type, term: record.term, boundTo: place, under: key,
            on: BoxContexts(), drawing: { _ in salt + nonce })
        #expect(sealed == blob)
    }

    @Test func `there are frozen records of every type`() {
        #expect(FrozenRecord.all.count == 13)
        #expect(Set(FrozenRecord.all.map(\.type)) == Set(BoxType.allCases))
    }
}

extension FrozenRecord {
    static let all = [
        FrozenRecord(
            number: 1, type: .secret, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "prj_01jd3m9x2hfqc8v5n0r3t6w8ya", owner: "user-1",
            objectID: "key_01jd3mb7k4e9g9m2p5s8v0x3z6", version: 1, provider: "anthropic",
            endpoint: "https://api.anthropic.com",
            plaintext: "736b2d616e742d61706930332d66726f7a656e2d7265636f72642d6f6e65",
            blob: """
                4b535431010100000000d9560227b811fa10bbad9365ef26541569e29973d3e66f77a31f03eb854887d7b375a0bc0a4177f6
                f40f9ea356b47dff8d95e23819622a47cfdc1cd880bd2ace18829ab77217851dedf8ec0b4bc4b577bb2e5054d5f7980058ec
                a622d74d84ab39dc7b9cb220cd03c9027df08a8966181f225728ca1f2c9bccab
                """),
        FrozenRecord(
            number: 2, type: .secret, term: 0, instance: "vlt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            project: "prj_01jd3m9x2hfqc8v5n0r3t6w8ya", owner: "Zoë 🔑",
            objectID: "key_00000000000000000000000000", version: 1099511627776, provider: "openai",
            endpoint: "http://127.0.0.1:8080",
            plaintext: "00",
            blob: """
                4b5354310101000000005b384f5940f1795cf4250e6168e91336e5be82d08526ce13b831b7aefb1135a1c8fddc10ae30f90f
                6fdd47168ed97b3e4026ac013cad546923ab27ce59fbe0c2a51a8fee0650c7cca3deb99df843c4c9e6808d7e818f8711175f
                20b0f5
                """),
        FrozenRecord(
            number: 3, type: .secret, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "key_01jd3mb7k4e9g9m2p5s8v0x3z6", version: 0, provider: "",
            endpoint: "",
            plaintext: """
                000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f3031
                32333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f
                """,
            blob: """
                4b535431010100000000bbc2a3b3f39e59936ca6d439ab4351910a0d6b872b3fbd8dc67adb32e4e301078c6f9ecea287c631
                e2ddde0248199620e18233b71eff27ad20e98e097e7ded5a03feb65583297802587b5a45908a06223bf448e791803a3e9832
                980b53dc9edecc505f380c9b74b86574daf6a7f8ad893cb80edc1e2fb0384095bef8d5ecf3d14bc9070eef49c9fecf71c5d5
                19920f29ec11dea493b4a02b55cfc4c69089176d71d2465f36d536717b577abb
                """),
        FrozenRecord(
            number: 4, type: .dek, term: 1, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "prj_01jd3m9x2hfqc8v5n0r3t6w8ya", owner: "user-1",
            objectID: "key_01jd3mb7k4e9g9m2p5s8v0x3z6", version: 1, provider: "anthropic",
            endpoint: "https://api.anthropic.com",
            plaintext: "c49cfe342645edc7fabbe161bff3201b7ff6bb80af1bf8661e0dc475df04cd79",
            blob: """
                4b53543101020000000137cf74e975b7457a07b5bd5b44b877329c54f82e9f2bdc52865489b301adaff975fda0db771ef08c
                954b232b14d40704af3ed23cd6a36624e5081413778d37e6f1a64cb2c36b02c62e22ba41d7272a7a02eb5aa61af7993a7565
                b1e8628c7d8a73575aa676927dbdde4a64d5765b2cee1b6647d47641b20992dddead
                """),
        FrozenRecord(
            number: 5, type: .dek, term: 4294967295, instance: "vlt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            project: "prj_01jd3m9x2hfqc8v5n0r3t6w8ya", owner: "Zoë 🔑",
            objectID: "key_00000000000000000000000000", version: 1099511627776, provider: "openai",
            endpoint: "http://127.0.0.1:8080",
            plaintext: "f722cd591964b39d30ea151eebee3d074da45ea2cf2193b0a50b91d62ee988c1",
            blob: """
                4b5354310102ffffffffc4cc0b167362546f6852b133d884b227272dbff19bfcfdd11af48aa679d99ee1b91e0aa33d35bb4b
                bcba00b7bd96d65316c6794eb0c5c01a9517207e581c1716506cf6439058d30fee9ca29cc5857277271ebf900f54161cf4d3
                d96630811473cbac2d679a0a70c91531aaa5275064c6a8dfe50e54337c5c11836b89
                """),
        FrozenRecord(
            number: 6, type: .kek, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "kek", version: 1, provider: "",
            endpoint: "",
            plaintext: "759b747addcbe0844b68a99240bead9c57bd1f8d5bdbef7869a4b2977787368b",
            blob: """
                4b53543101030000000095f8bb2a2cf3dfdc78780657c81ce977400291754e6c45559b05f368475e5f46775822d45740cd54
                5997020dab292574b40143d7675e3d97b550076bb839e35d40ad0ab30739d28895980229065a3ccab8ae266e38ea40bcd146
                971e15c37c45bbe1522ce22c5bfc4c7c5e3bf7c99e0980f71610dec1aeca150f728c
                """),
        FrozenRecord(
            number: 7, type: .kek, term: 0, instance: "vlt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            project: "", owner: "",
            objectID: "kek", version: 77, provider: "",
            endpoint: "",
            plaintext: "be07d0e550585fa5c2c7f3317e42e6238d731633b0ad13d03a6919bf940e1961",
            blob: """
                4b535431010300000000df13639f07216e4c480539cf5a501986cdb6176820829b019684593e0757aa8940c6b50542b28ecc
                056a130cd449080fc5893b155bb6e79b7ebdeec5db6ce78076f25a801ef69e265ee7597c221a45c08e7906cf391516d31dad
                7c923892ae34a1764267dd8c9bcacaaf7c5255bd6e1c67e2e6ac439e1788a8191eb3
                """),
        FrozenRecord(
            number: 8, type: .root, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "root", version: 1, provider: "",
            endpoint: "",
            plaintext: "e4d6da13846251ebd1cbb032baaa0d60abef6a18ec1b52d2e3b6002a7f80393b",
            blob: """
                4b5354310104000000001e21d6bcc56e59fa471af34525631b36934ad806603549260c0af4c6f02d287a3bbf82034ba75418
                90e22504dc121fcee307195be7efb6423fb6057bca8b75ac5184c95da6e5c5c0ec72ddbee543c70359eeda5ec8458e369455
                e3a3873e30b074ee61f5d2efc900451d202457d1adb7f09dc1315e0ccdfe09559c46
                """),
        FrozenRecord(
            number: 9, type: .root, term: 0, instance: "vlt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            project: "", owner: "",
            objectID: "root", version: 1, provider: "",
            endpoint: "",
            plaintext: "6e5a835f7a3ce6730c7c40d800aef1abe501a927ea1664c52b158da0ef4db5c1",
            blob: """
                4b53543101040000000003eaf8216545364b524dd569a01db0776c866b5cbf8196b93386f1bb2250ceaa5b95f66fd5ca951e
                5f1b4e6d06bb93e9369c34fd0f3fd9d7fe9820f625335864cdbec1994eca51ed7e417435f89e10747973b008eb5ec022dca6
                5d3ff340a3c7c550cfa65e2264aa8ff58128eb675bb9b4d0326de148f7d0de8a1815
                """),
        FrozenRecord(
            number: 10, type: .canary, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "canary", version: 0, provider: "",
            endpoint: "",
            plaintext: "6b657973746f772063616e6172792031",
            blob: """
                4b5354310105000000001358118fdceb0969d03aa66b0b39ad20b27b251f6eee6bb9e3352e1a454953bd7c5fe81b8975319c
                c2667f4873dfc2bf2526040ff4a024dea2f45c38ef48b910992a6916d10014be069f1ebee0c61b24eb86d17d4054040331f2
                2364fd60b54e60e76fe58c7b3d21903bdddb
                """),
        FrozenRecord(
            number: 11, type: .canary, term: 3, instance: "vlt_7zzzzzzzzzzzzzzzzzzzzzzzzz",
            project: "", owner: "",
            objectID: "canary", version: 0, provider: "",
            endpoint: "",
            plaintext: "6b657973746f772063616e6172792031",
            blob: """
                4b535431010500000003576eb7ea3d1bdfba2a009e71415439f9a84d5eb3a8d122f54d1dc49c8fc0bb22d4ad26ccec1f6bcb
                c54d919ffdaabbeff125b4c624059a22f60a8d6ef0fccb3f8fa64a41b5451c3dc904cb85a0b76204cfce3d36af51fc9762fd
                ba1028ff9a0af101666ddf90a89c8cff4515
                """),
        FrozenRecord(
            number: 12, type: .signer, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "signer", version: 2, provider: "",
            endpoint: "",
            plaintext: "2b9dd29d7af4d27d9d80dbb3d4a86d4754e945d50e9b440172fd8b536461c681",
            blob: """
                4b535431010600000000cf8e78e777f07ab689c39fa89b78ada9a2571b92a7e5b05afc6b499c27c302e60c9971c8f9949252
                6ed1fbea411ce0e4f77afb5577cba0717a4b6ab9164c92b673150f8ac351367c3dfa0957553b4f929c347df3a89817e9a956
                0b1775a40e561950077e101d0c3549c69c9f6aa438c50107fdcc64ec4de457f9b1fe
                """),
        FrozenRecord(
            number: 13, type: .recovery, term: 0, instance: "vlt_01jd3m8v5fe8h9tq2r7c4n6k0a",
            project: "", owner: "",
            objectID: "recovery", version: 1, provider: "",
            endpoint: "",
            plaintext: "3da2651ceac20c78c631c6aafdf40210630bf8a03a285f02993cfbc25c5cb4a5",
            blob: """
                4b5354310107000000004d575191e7f075715938a85fd8baa4ecfc60255b27c9f7edd26f08d48fa045de6f1cc96fba0aceff
                2aa70d65b90c1100ef21574d4e1adaf67c59f7b4c27e98146f2fa8d779ec8faa725e84916e2312e2bc4b1a40e649b9d8963e
                8841720b5a38235825c81dc69cdc113ad5a32603d4bfc98cc27586bb5b7c8a2cca6e
                """),
    ]
}
