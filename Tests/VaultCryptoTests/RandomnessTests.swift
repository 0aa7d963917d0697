import Testing
import VaultModel

@testable import VaultCrypto

/// What is drawn for a box is drawn once. `make measure` does the same ten million times.
struct RandomnessTests {
    /// Nonces and salts, and how often each byte stood in each.
    struct Draws {
        private var seen: Set<[UInt8]> = []
        private(set) var count = 0
        private(set) var repeated = 0
        private var bytes = [Int](repeating: 0, count: 256)

        mutating func add(_ drawn: ArraySlice<UInt8>) {
            count += 1
            if !seen.insert(Array(drawn)).inserted { repeated += 1 }
            for byte in drawn { bytes[Int(byte)] += 1 }
        }

        /// Pearson's statistic over the 256 values of a byte; of 255 degrees of freedom, above 377.1 once in a million.
        var chiSquare: Double {
            let expected = Double(bytes.reduce(0, +)) / 256
            return bytes.reduce(0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        }

        var isRandom: Bool { repeated == 0 && chiSquare < 377.1 }
    }

    private func draws(
        _ count: Int, drawing draw: (Int) throws(CryptoError) -> [UInt8]
    ) throws -> (nonces: Draws, salts: Draws) {
        let key = try Random.secret(32)
        let contexts = try BoxContexts()
        let place = Place().data
        var (nonces, salts) = (Draws(), Draws())
        let plaintext: [UInt8] = [7]
        for _ in 0..<count {
            let blob = try SealedBox.seal(
                plaintext.span.bytes, type: .secret, term: 0, boundTo: place, under: key, on: contexts, drawing: draw)
            salts.add(blob[10..<42])
            nonces.add(blob[42..<54])
        }
        return (nonces, salts)
    }

    @Test func `C09, on 50,000 seals: no nonce and no salt comes twice, and every byte as often as any other`() throws {
        let (nonces, salts) = try draws(50_000, drawing: Random.bytes)
        #expect(nonces.count == 50_000 && salts.count == 50_000)
        #expect(nonces.isRandom, "chi-square \(nonces.chiSquare)")
        #expect(salts.isRandom, "chi-square \(salts.chiSquare)")
    }

    @Test func `C09, the control: a generator that repeats itself, and one that never draws a byte, are found`() throws
    {
        var number: UInt64 = 0
        let repeating = try draws(50_000) { count throws(CryptoError) in
            number += 1
            // Once in twenty thousand what came before.
            guard number % 20_000 == 0 else { return try Random.bytes(count) }
            return [UInt8](repeating: 1, count: count)
        }
        #expect(repeating.nonces.repeated == 1 && repeating.salts.repeated == 1)
        let poor = try draws(50_000) { count throws(CryptoError) in
            try Random.bytes(count).map { $0 == 0xE5 ? 0xE4 : $0 }
        }
        #expect(!poor.nonces.isRandom && !poor.salts.isRandom)
    }
}
