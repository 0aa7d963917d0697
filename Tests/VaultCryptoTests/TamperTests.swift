import Testing
import VaultModel

@testable import VaultCrypto

/// A box that was changed, shortened, lengthened or carried elsewhere does not open.
struct TamperTests {
    /// One sealed secret, its place and its key.
    private struct Record {
        let place: Place
        let key: HeldKey
        let blob: [UInt8]

        init(_ number: Int) throws {
            let key = HeldKey(try Random.secret(32))
            let place = Place(
                project: Sample.projects[number].description, owner: Array("user-\(number)".utf8),
                objectID: Sample.keys[number].description, version: 1 + number)
            let plaintext = try Random.bytes(1 + number % 64)
            blob = try SealedBox.seal(
                plaintext.span.bytes, type: .secret, term: 0, boundTo: place.data, under: key.bytes)
            self.key = key
            self.place = place
        }

        func refuses(_ blob: [UInt8], at place: Place? = nil, type: BoxType = .secret, term: Int = 0) -> Bool {
            let place = (place ?? self.place).data
            return isRefused { () throws(CryptoError) in
                try SealedBox.open(blob, type: type, term: term, boundTo: place, under: key.bytes)
            }
        }
    }

    @Test(arguments: 0..<20)
    func `C04, on 20 records: no bit of a record, nor of any field it is bound to, can be flipped`(
        number: Int
    ) throws {
        let record = try Record(number)
        try #require(!record.refuses(record.blob))
        var opened = 0
        for bit in 0..<record.blob.count * 8 {
            var changed = record.blob
            changed[bit / 8] ^= 1 << (bit % 8)
            if !record.refuses(changed) { opened += 1 }
        }
        let places = record.place.withEachBitFlipped()
        // The instance has 128 bits and the version 64; the others those of their text.
        #expect(places.count == 128 + (30 + 30 + record.place.owner.count + 9 + 25) * 8 + 64)
        for place in places where !record.refuses(record.blob, at: place) { opened += 1 }
        #expect(opened == 0)
    }

    @Test func `C05: no truncation down to nothing opens, nor any extension up to 64 bytes`() throws {
        for number in 0..<10 {
            let record = try Record(number)
            for length in 0..<record.blob.count {
                #expect(record.refuses(Array(record.blob[..<length])), "\(length) bytes")
                #expect(record.refuses(Array(record.blob[(record.blob.count - length)...])), "last \(length) bytes")
            }
            for count in 1...64 {
                #expect(record.refuses(record.blob + [UInt8](repeating: 0, count: count)), "\(count) zeros")
                #expect(try record.refuses(record.blob + Random.bytes(count)), "\(count) bytes")
            }
        }
    }

    @Test func `C06: a stored tag shortened to its first bytes does not open`() throws {
        let record = try Record(40)
        for length in 1...15 {
            #expect(record.refuses(Array(record.blob.dropLast(16 - length))), "\(length) bytes")
        }
    }

    @Test func `another suite, type or term in the blob is refused, and so is one expected`() throws {
        let record = try Record(31)
        for suite in 0...UInt8.max where suite != 1 {
            var changed = record.blob
            changed[4] = suite
            #expect(record.refuses(changed), "suite \(suite)")
        }
        for type in 0...UInt8.max where type != BoxType.secret.rawValue {
            var changed = record.blob
            changed[5] = type
            #expect(record.refuses(changed), "type \(type)")
            if let type = BoxType(rawValue: type) {
                #expect(record.refuses(record.blob, type: type))
                #expect(record.refuses(changed, type: type))
            }
        }
        for term in [-1, 1, 0xFFFF_FFFF, 0x1_0000_0000, Int.max, Int.min] {
            #expect(record.refuses(record.blob, term: term), "term \(term)")
        }
    }

    @Test func `C08, on 48 records: nothing of one opens in the place of another, for all pairs`() throws {
        let master = try Random.secret(32)
        let keyring = try Keyring.create(master: master, instance: Sample.instance).0
        var records: [(binding: SecretBinding, sealed: SealedSecret, secret: [UInt8])] = []
        for number in 0..<48 {
            // Neighbours differ in one field only, and every field differs somewhere.
            let digits = [number & 1, number >> 1 & 1, number >> 2 & 1, number >> 3 & 1, number >> 4 & 1, number >> 5]
            let binding = try Sample.binding(
                key: digits[0], version: 1 + digits[1], project: digits[2], owner: "user-\(digits[3])",
                provider: ["anthropic", "openai"][digits[4]], endpoint: "https://api\(digits[5]).example.com")
            let bytes = try Random.bytes(48)
            records.append((binding, try keyring.seal(secret(bytes), for: binding), bytes))
        }
        for record in records {
            #expect(copy(try keyring.open(record.sealed, for: record.binding)) == record.secret)
        }
        var (opened, tried) = (0, 0)
        for (i, one) in records.enumerated() {
            for (j, other) in records.enumerated() where i != j {
                let (mine, theirs) = (one.sealed, other.sealed)
                let swaps = [
                    theirs,
                    SealedSecret(term: 1, wrappedDEK: theirs.wrappedDEK, box: mine.box),
                    SealedSecret(term: 1, wrappedDEK: mine.wrappedDEK, box: theirs.box),
                    SealedSecret(term: 1, wrappedDEK: mine.wrappedDEK, box: mine.box.taking(10..<42, of: theirs.box)),
                    SealedSecret(term: 1, wrappedDEK: mine.wrappedDEK, box: mine.box.taking(42..<54, of: theirs.box)),
                    SealedSecret(term: 1, wrappedDEK: mine.wrappedDEK, box: mine.box.taking(54..<86, of: theirs.box)),
                    SealedSecret(
                        term: 1, wrappedDEK: mine.wrappedDEK.taking(86..<134, of: theirs.wrappedDEK), box: mine.box),
                ]
                for swap in swaps {
                    tried += 1
                    let refused = isRefused { () throws(CryptoError) in try keyring.open(swap, for: one.binding) }
                    if !refused { opened += 1 }
                }
            }
        }
        #expect((opened, tried) == (0, 48 * 47 * 7))
    }
}

extension [UInt8] {
    /// These bytes with those in `range` taken from `other`.
    fileprivate func taking(_ range: Range<Int>, of other: [UInt8]) -> [UInt8] {
        var changed = self
        changed.replaceSubrange(range, with: other[range])
        return changed
    }
}

extension Place {
    /// This place with each bit of each field flipped, one at a time. A text that is then not UTF-8 is repaired and
    /// still another text.
    fileprivate func withEachBitFlipped() -> [Place] {
        var places: [Place] = []
        for bit in 0..<128 {
            let (high, low) = (instance.uuid.high, instance.uuid.low)
            var place = self
            place.instance = InstanceID(
                bit < 64 ? UUIDv7(high: high ^ 1 << bit, low: low) : UUIDv7(high: high, low: low ^ 1 << (bit - 64)))
            places.append(place)
        }
        for field in [\Place.project, \Place.objectID, \Place.provider, \Place.endpoint] {
            let text = Array(self[keyPath: field].utf8)
            for bit in 0..<text.count * 8 {
                var (place, changed) = (self, text)
                changed[bit / 8] ^= 1 << (bit % 8)
                place[keyPath: field] = String(decoding: changed, as: UTF8.self)
                places.append(place)
            }
        }
        for bit in 0..<owner.count * 8 {
            var place = self
            place.owner[bit / 8] ^= 1 << (bit % 8)
            places.append(place)
        }
        for bit in 0..<64 {
            var place = self
            place.version ^= 1 << bit
            places.append(place)
        }
        return places
    }
}
