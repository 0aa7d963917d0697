import Testing
import VaultModel

@testable import VaultCrypto

struct PurposeTests {
    private let project = ProjectID("prj_01jd3m9x2hfqc8v5n0r3t6w8ya")
    private let text = "sk-ant-api03-frozen-record-one"

    @Test func `what is derived from the index root is what another implementation derives`() throws {
        let keyring = try Keyring(
            instance: Sample.instance, terms: [1: HeldKey(frozen("key 1"))], derived: RootKeys(frozen("root")),
            master: nil, recovery: nil)
        let (bytes, project) = (Array(text.utf8), try #require(project))
        let key = try secret(text)
        #expect(
            try keyring.rowMAC(bytes)
                == hex("c163459f87fa2fc6bfe76595b1de76dcf7b9ed9463f074db21bce1585f355e00"))
        #expect(
            try keyring.tokenLookup(bytes.span.bytes)
                == hex("7ea67c8d39e311a1c796f2c43e9075e2de78a5ed731c499285520c9b0664b901"))
        #expect(
            try keyring.cursorMAC(bytes)
                == hex("068e192578b28e794054a2dfcb11dd4a30b9853cf21cd73ef82a5b60057367b4"))
        #expect(
            try keyring.idempotencyMAC(bytes.span.bytes)
                == hex("98868630eea7fff7416b1dbf87a3b321659361af53a96073f460b0687638857f"))
        #expect(
            try keyring.backupMAC(bytes)
                == hex("784a0d889977b2d71e250dd076e936982bdc4e3b68a9573fcf6dd248a5fe2e8a"))
        #expect(
            try keyring.blindIndex(of: key, project: project, provider: .anthropic)
                == hex("c419eeff4099b5b4a707dc31859b4527594d2f79aa1b21cffe1ce76847173e35"))
        #expect(
            try keyring.fingerprint(of: key, project: project, provider: .anthropic)
                == "kfp_mvibgmdy2jr5d6gm3ovdtn5y4y")
        #expect(try keyring.leakBucket(of: key) == 13_236_514)
        #expect(try keyring.auditReference(of: bytes) == "ba02c27ae07c6551")
    }

    @Test func `C15: no two purposes share a key, and what one authenticates no other does`() throws {
        let root = try Random.secret(32)
        let projects = [Sample.projects[0], Sample.projects[1]]
        let purposes =
            ["leak-bucket", "row-mac", "audit-ref", "cursor", "token", "idempotency", "backup"]
            + projects.flatMap { ["blind-index/\($0)", "fingerprint/\($0)"] }
        var keys = try purposes.map { copy(try Purpose.key($0, from: root)) }
        keys.append(copy(root))
        #expect(Set(keys).count == purposes.count + 1)
        let message = Array("message".utf8)
        let tags = try purposes.map { try KeyedMAC($0, from: root).tag(of: message.span.bytes) }
        #expect(Set(tags).count == purposes.count)
    }

    @Test func `blind index and fingerprint tell projects, providers and keys apart, and nothing else`() throws {
        let keyring = try Keyring.create(master: Random.secret(32), instance: Sample.instance).0
        let openai = try #require(ProviderID("openai"))
        var (indexes, fingerprints): (Set<[UInt8]>, Set<String>) = ([], [])
        for text in ["sk-one", "sk-two"] {
            for project in Sample.projects[..<2] {
                for provider in [ProviderID.anthropic, openai] {
                    let key = try secret(text)
                    let index = try keyring.blindIndex(of: key, project: project, provider: provider)
                    #expect(try index == keyring.blindIndex(of: secret(text), project: project, provider: provider))
                    #expect(index.count == 32)
                    indexes.insert(index)
                    let fingerprint = try keyring.fingerprint(of: key, project: project, provider: provider)
                    #expect(fingerprint.utf8.count == 30)
                    fingerprints.insert(fingerprint)
                }
            }
        }
        #expect(indexes.count == 8)
        #expect(fingerprints.count == 8)
    }

    @Test func `a provider's end and a key's beginning cannot be exchanged`() throws {
        let keyring = try Keyring.create(master: Random.secret(32), instance: Sample.instance).0
        let project = Sample.projects[0]
        let (short, long) = (try #require(ProviderID("open")), try #require(ProviderID("openai")))
        let one = try keyring.blindIndex(of: secret("aisk"), project: project, provider: short)
        let other = try keyring.blindIndex(of: secret("sk"), project: project, provider: long)
        #expect(one != other)
    }

    @Test func `fields of associated data that run into each other stay apart`() {
        let fields = ["", "a", "ab", "b", "\u{0}", "\u{0}\u{0}\u{0}\u{1}a"]
        var (encodings, count): (Set<[UInt8]>, Int) = ([], 0)
        for project in fields {
            for owner in fields {
                for objectID in fields {
                    for provider in fields {
                        for endpoint in fields {
                            let place = Place(
                                project: project, owner: Array(owner.utf8), objectID: objectID, provider: provider,
                                endpoint: endpoint)
                            encodings.insert(place.data.bytes)
                            count += 1
                        }
                    }
                }
            }
        }
        #expect(encodings.count == count)
    }
}
