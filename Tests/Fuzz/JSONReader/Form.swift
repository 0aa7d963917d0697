import VaultModel

@testable import VaultAPI

/// A shape with a member of every kind, and what fits it, judged without the reader.
enum Form {
    private static let text = Member.text("text", 1...5).required
    private static let label = Member.text("label", 0...5).nullable
    private static let choice = Member.choice("choice", ["one", "two"])
    private static let time = Member.time("time").nullable
    private static let integer = Member.integer("integer", -5...500)
    private static let boolean = Member.boolean("boolean")
    private static let secret = Member.secret("secret")
    private static let map = Member.textMap("map", entries: 2, names: 1...4, values: 0...4)
    private static let texts = Member.texts("texts", count: 0...2, each: 1...4)
    private static let integers = Member.integers("integers", count: 1...3, each: 1...9)
    private static let below = Member.object("below", Shape(Member.text("deep", 0...4).required))

    static let shape = Shape(text, label, choice, time, integer, boolean, secret, map, texts, integers, below)

    static func isFilled(_ body: Reading) -> Bool {
        guard case .object(let members) = body, members.contains(where: { $0.name == Array("text".utf8) }) else {
            return false
        }
        return members.allSatisfy { fits($0.value, String(decoding: $0.name, as: UTF8.self)) }
    }

    private static func fits(_ value: Reading, _ name: String) -> Bool {
        switch (name, value) {
        case ("text", .string(let bytes)): isText(bytes, 1...5)
        case ("label", .string(let bytes)): isText(bytes, 0...5)
        case ("label", .null), ("time", .null), ("boolean", .boolean), ("secret", .string): true
        case ("choice", .string(let bytes)): ["one", "two"].contains(String(decoding: bytes, as: UTF8.self))
        case ("time", .string(let bytes)):
            bytes.count <= 64 && Timestamp(rfc3339: String(decoding: bytes, as: UTF8.self)) != nil
        case ("integer", .integer(let number)): (-5...500).contains(number)
        case ("map", .object(let entries)):
            entries.count <= 2 && Set(entries.map { String(decoding: $0.name, as: UTF8.self) }).count == entries.count
                && entries.allSatisfy { isText($0.name, 1...4) && isText($0.value, 0...4) }
        case ("texts", .array(let items)): items.count <= 2 && items.allSatisfy { isText($0, 1...4) }
        case ("integers", .array(let items)):
            (1...3).contains(items.count) && items.allSatisfy { (1...9).map { .integer($0) }.contains($0) }
        case ("below", .object(let members)):
            members.count == 1 && members[0].name == Array("deep".utf8) && isText(members[0].value, 0...4)
        default: false
        }
    }

    private static func isText(_ value: Reading, _ length: ClosedRange<Int>) -> Bool {
        if case .string(let bytes) = value { isText(bytes, length) } else { false }
    }

    private static func isText(_ bytes: [UInt8], _ length: ClosedRange<Int>) -> Bool {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        return length.contains(scalars.count) && !scalars.contains { $0.properties.generalCategory == .control }
    }

    /// Whether what is asked of the members is what stands in `body`.
    static func isSame(_ members: borrowing Members, _ body: Reading) -> Bool {
        guard case .object(let sent) = body else { return false }
        let value = { (name: String) in sent.first { $0.name == Array(name.utf8) }?.value }
        let texts: [(String?, Reading?)] = [
            (members[text], value("text")), (members[label], value("label")), (members[choice], value("choice")),
        ]
        var pasted: [UInt8]?
        if let secret = members.secret(secret) {
            pasted = secret.withBytes { bytes in (0..<bytes.byteCount).map { bytes[byte: $0] } }
        }
        let isSame = texts.allSatisfy { read, sent in
            read.map { .string(Array($0.utf8)) } == (sent == .null ? nil : sent)
        }
        return isSame && pasted.map { .string($0) } == value("secret")
            && members[integer].map { .integer($0) } == value("integer")
            && members[boolean].map { .boolean($0) } == value("boolean")
            && members[self.texts].map { .array($0.map { .string(Array($0.utf8)) }) } == value("texts")
            && members[integers].map { .array($0.map { .integer($0) }) } == value("integers")
            && (members[time] == nil) == (value("time") == nil || value("time") == .null)
            && members[map].map { Set($0.keys.map { Array($0.utf8) }) } == value("map").map(names)
    }

    private static func names(_ value: Reading) -> Set<[UInt8]> {
        if case .object(let members) = value { Set(members.map(\.name)) } else { [] }
    }
}
