import VaultModel

@testable import VaultCrypto

/// C09: the nonces and salts of very many seals.
enum Draws {
    /// The first 12 bytes of what was drawn, to be sorted; that the rest is equal too is not needed to be worth a look.
    private struct Drawn: Comparable {
        let high: UInt64
        let low: UInt32

        init(_ bytes: ArraySlice<UInt8>) {
            var (high, low): (UInt64, UInt32) = (0, 0)
            for byte in bytes.prefix(8) { high = high << 8 | UInt64(byte) }
            for byte in bytes.dropFirst(8).prefix(4) { low = low << 8 | UInt32(byte) }
            (self.high, self.low) = (high, low)
        }

        static func < (one: Drawn, other: Drawn) -> Bool { (one.high, one.low) < (other.high, other.low) }
    }

    static func measure(_ count: Int) throws -> (Bool, String) {
        try SecureHeap.install()
        let key = try Random.secret(32)
        let contexts = try BoxContexts()
        let place = AssociatedData(instance: InstanceID(UUIDv7(high: 1, low: 2)), objectID: "key_1", version: 1)
        let plaintext = [UInt8](repeating: 7, count: 108)
        var drawn: [[Drawn]] = [[], []]
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 256), count: 2)
        for kind in 0..<2 { drawn[kind].reserveCapacity(count) }
        let parts = [10..<42, 42..<54]
        for _ in 0..<count {
            let blob = try SealedBox.seal(
                plaintext.span.bytes, type: .secret, term: 0, boundTo: place, under: key, on: contexts)
            for kind in 0..<2 {
                drawn[kind].append(Drawn(blob[parts[kind]]))
                for byte in blob[parts[kind]] { counts[kind][Int(byte)] += 1 }
            }
        }
        var (isGood, words): (Bool, [String]) = (true, [])
        for (kind, name) in ["salts", "nonces"].enumerated() {
            drawn[kind].sort()
            let repeated = zip(drawn[kind], drawn[kind].dropFirst()).count { $0 == $1 }
            let expected = Double(count * parts[kind].count) / 256
            let chiSquare = counts[kind].reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
            // Of 255 degrees of freedom, above that once in a million.
            isGood = isGood && repeated == 0 && chiSquare < 377.1
            words.append("\(name): \(repeated) twice, chi-square \(Int(chiSquare))")
        }
        return (isGood, words.joined(separator: ", "))
    }
}
