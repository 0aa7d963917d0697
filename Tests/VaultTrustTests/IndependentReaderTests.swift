import FoundationEssentials
import Testing
import VaultCrypto
import VaultModel
import VaultTestKit

/// What `vault.md` says is what is stored: another implementation, written from it alone, reads what we seal, and we what it
/// seals.
@Suite struct IndependentReaderTests {
    /// A sealed box and all that is needed to open it, as both implementations pass it on.
    private struct Record: Codable {
        var kind: UInt8
        var term: Int
        var version: Int
        var instance: String
        var project: String
        var owner: String
        var object_id: String
        var provider: String
        var endpoint: String
        var key: String
        var sha256: String
        var blob: String

        func place() throws -> AssociatedData {
            AssociatedData(
                instance: try #require(InstanceID(instance)), project: project, owner: try Self.bytes(owner),
                objectID: object_id, version: version, provider: provider, endpoint: endpoint)
        }

        func open() throws -> [UInt8] {
            let bytes = try Self.bytes(key)
            let opened = try SealedBox.open(
                Self.bytes(blob), type: #require(BoxType(rawValue: kind)), term: term, boundTo: place(),
                under: SecretBytes(copying: bytes.span.bytes))
            return opened.withBytes { $0.copied }
        }

        private static func bytes(_ digits: String) throws -> [UInt8] {
            let digits = Array(digits.utf8)
            return try stride(from: 0, to: digits.count, by: 2).map { place in
                try #require(UInt8(String(decoding: digits[place..<place + 2], as: UTF8.self), radix: 16))
            }
        }

        /// Sealed here, for a place that is drawn.
        static func sealed(_ number: Int) throws -> Record {
            let type = BoxType.allCases[number % BoxType.allCases.count]
            let length = type == .secret ? [1, 20, 108, 4096][number / 6 % 4] : type == .canary ? 16 : 32
            let (key, plaintext) = (try Random.bytes(32), try Random.bytes(length))
            var record = Record(
                kind: type.rawValue, term: [0, 1, 9, Int(UInt32.max)].randomElement() ?? 0,
                version: [0, 1, number, 1 << 62].randomElement() ?? 0,
                instance: "\(InstanceID(at: Timestamp(milliseconds: Int64(number))))",
                project: ["", "prj_1", "ü\u{0}"].randomElement() ?? "",
                owner: hexadecimal(try Random.bytes(.random(in: 0...40))),
                object_id: "\(KeyID(at: Timestamp(milliseconds: Int64(number))))",
                provider: ["", "openai"].randomElement() ?? "",
                endpoint: ["", "https://api.example.com"].randomElement() ?? "", key: hexadecimal(key),
                sha256: hexadecimal(try Digest.sha256(plaintext)), blob: "")
            let blob = try SealedBox.seal(
                plaintext.span.bytes, type: type, term: record.term, boundTo: record.place(),
                under: SecretBytes(copying: key.span.bytes))
            record.blob = hexadecimal(blob)
            return record
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    @Test func `C23 another implementation opens 10,000 boxes of ours`() async throws {
        let directory = try TemporaryDirectory()
        let records = try (0..<10_000).map { try Record.sealed($0) }
        let encoder = JSONEncoder()
        let lines = try records.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        let file = "\(directory.path)/records"
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: file))
        #expect(try await IndependentReader.run(["open"], input: file) == records.map { Substring($0.sha256) })

        // The control: of one that was changed it says so.
        var changed = records[0]
        changed.version ^= 1
        try encoder.encode(changed).write(to: URL(filePath: file))
        await #expect(throws: TestKitFailure.self) { _ = try await IndependentReader.run(["open"], input: file) }
    }

    @Test func `C23 we open 10,000 boxes of another implementation's`() async throws {
        let decoder = JSONDecoder()
        let lines = try await IndependentReader.run(["seal", "10000"])
        #expect(lines.count == 10_000)
        var kinds: Set<UInt8> = []
        for line in lines {
            let record = try decoder.decode(Record.self, from: Data(line.utf8))
            kinds.insert(record.kind)
            guard try Self.hexadecimal(Digest.sha256(record.open())) == record.sha256 else {
                Issue.record("a box of type \(record.kind) holds something else")
                return
            }
        }
        #expect(kinds == Set(BoxType.allCases.map(\.rawValue)))
    }

    @Test func `C23 another implementation reads a whole database, and a vault serves the rows that it wrote`()
        async throws
    {
        let (vault, secrets) = try await RunningVault.run { vault in
            var secrets: [String: String] = [:]
            for number in 0..<60 {
                let key = FakeKeys.marker("reader", kind: "api03")
                secrets[try await vault.store(key, user: ["ada", "Zoë 🔑", "b\u{301}"][number % 3])] = key
            }
            for (id, _) in secrets.prefix(20) {
                let key = FakeKeys.marker("rotated", kind: "api03")
                #expect(try await vault.rotate(id, to: key, grace: 3600).status == 200)
                secrets[id] = key
            }
            for (id, _) in secrets.suffix(3) {
                #expect(try await vault.call("POST", "/v1/keys/\(id)/revoke").status == 200)
                secrets[id] = nil
            }
            return (vault, secrets)
        }
        let files = ["\(vault.directory.path)/data/vault.db", "\(vault.directory.path)/master.key"]
        let read = try await IndependentReader.run(["vault"] + files)
        // Previous versions too, of those that were rotated.
        #expect(read.count > secrets.count)
        for (id, secret) in secrets {
            let digest = try Self.hexadecimal(Digest.sha256(Array(secret.utf8)))
            #expect(read.contains { $0.hasPrefix("\(digest) \(id) ") })
        }
        let before = try Intruder(vault).rows("SELECT box FROM versions WHERE box IS NOT NULL")
        _ = try await IndependentReader.run(["reseal"] + files)
        let after = try Intruder(vault).rows("SELECT box FROM versions WHERE box IS NOT NULL")
        #expect(before.count == after.count && zip(before, after).allSatisfy { $0 != $1 })
        try await vault.restarted { vault in
            for (id, secret) in secrets { try await vault.expectUnharmed(id, secret) }
        }
    }
}
