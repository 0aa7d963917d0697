import VaultModel

@testable import VaultCrypto

/// C14: whether two places have one encoding.
enum Encodings {
    private struct Fields: Hashable {
        var texts: [[UInt8]]
        var version: Int
    }

    private static let pieces: [[UInt8]] = [
        [], [0x61], [0x62], [0x61, 0x62], [0], [0, 0, 0, 1], [0, 0, 0, 1, 0x61], [0, 0, 0, 0], [0x7C], [0x2F],
        [0xC3, 0xA9],
    ]

    static func measure(_ count: Int) -> (Bool, String) {
        var known: [[UInt8]: Fields] = [:]
        known.reserveCapacity(count)
        var (collisions, different) = (0, 0)
        let instance = InstanceID(UUIDv7(high: 1, low: 2))
        for _ in 0..<count {
            let texts = (0..<5).map { _ in (0..<Int.random(in: 0...4)).flatMap { _ in pieces.randomElement() ?? [] } }
            let fields = Fields(texts: texts, version: [0, 1, 97, 1 << 56].randomElement() ?? 0)
            let text = texts.map { String(decoding: $0, as: UTF8.self) }
            let encoding = AssociatedData(
                instance: instance, project: text[0], owner: texts[1], objectID: text[2], version: fields.version,
                provider: text[3], endpoint: text[4]
            ).bytes
            if let other = known.updateValue(fields, forKey: encoding) {
                if other != fields { collisions += 1 }
            } else {
                different += 1
            }
        }
        return (collisions == 0, "\(different) different, \(collisions) of them with another's bytes")
    }
}

/// C16: whether two keys have one blind index.
enum Indexes {
    static func measure(_ count: Int) throws -> (Bool, String) {
        try SecureHeap.install()
        let keyring = try Keyring.create(master: Random.secret(32), instance: InstanceID(UUIDv7(high: 1, low: 2))).0
        let project = ProjectID(UUIDv7(high: 3, low: 4))
        var indexes: Set<[UInt8]> = []
        indexes.reserveCapacity(count)
        for _ in 0..<count {
            let key = try Random.secret(24)
            indexes.insert(try keyring.blindIndex(of: key, project: project, provider: .anthropic))
        }
        return (indexes.count == count, "\(count - indexes.count) with another's index")
    }
}
