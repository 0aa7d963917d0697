import Testing
import VaultModel

@testable import VaultCrypto

/// What a box is bound to can be read in one way, and a box written in one.
struct EncodingTests {
    /// Pieces that run into each other where no length stands between them.
    private static let pieces = [
        "", "a", "b", "ab", "aa", "\u{0}", "\u{0}\u{0}\u{0}\u{1}", "\u{0}\u{0}\u{0}\u{1}a", "/", "|", ":", ",", "\n",
        "é", "e\u{301}",
        "keystow/v1", "seal",
    ]

    private static func field() -> String {
        (0..<Int.random(in: 0...3)).map { _ in pieces.randomElement() ?? "" }.joined()
    }

    private static func place() -> Place {
        Place(
            instance: [Sample.instance, Sample.otherInstance].randomElement() ?? Sample.instance, project: field(),
            owner: Array(field().utf8), objectID: field(), version: [0, 1, 256, 1 << 40].randomElement() ?? 0,
            provider: field(), endpoint: field())
    }

    /// Two different things with one encoding; `nil` when there are none.
    private static func collision(_ count: Int, encode: (Place) -> [UInt8]) -> (Place, Place)? {
        var known: [[UInt8]: Place] = [:]
        for _ in 0..<count {
            let place = place()
            guard let other = known.updateValue(place, forKey: encode(place)) else { continue }
            if !isSame(other, place) { return (other, place) }
        }
        return nil
    }

    @Test func `a character of a base64 text is the one at its place, whatever the length`() {
        for length in 0...50 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255) }
            let text = Array(Base64.text(of: bytes).utf8)
            #expect(text == text.indices.map { Base64.character($0, of: bytes.span.bytes) }, "\(bytes)")
        }
    }

    /// Byte by byte: a text and its other Unicode form are equal to Swift, and two owners to us.
    private static func isSame(_ one: Place, _ other: Place) -> Bool {
        one.instance == other.instance && one.owner == other.owner && one.version == other.version
            && zip(
                [one.project, one.objectID, one.provider, one.endpoint],
                [other.project, other.objectID, other.provider, other.endpoint]
            ).allSatisfy { $0.utf8.elementsEqual($1.utf8) }
    }

    @Test func `C14, on 100,000 tuples: no two places have the same bytes`() {
        #expect(Self.collision(100_000) { $0.data.bytes } == nil)
        // The control: without lengths there are two at once, and with a separator too.
        let bare: (Place) -> [UInt8] = { place in
            Array("\(place.project)".utf8) + place.owner
                + Array("\(place.objectID)\(place.version)\(place.provider)\(place.endpoint)".utf8)
        }
        #expect(Self.collision(10_000, encode: bare) != nil)
        let separated: (Place) -> [UInt8] = { place in
            Array("\(place.instance)|\(place.project)|".utf8) + place.owner
                + Array("|\(place.objectID)|\(place.version)|\(place.provider)|\(place.endpoint)".utf8)
        }
        #expect(Self.collision(100_000, encode: separated) != nil)
    }

    @Test func `C14 empty fields, and such of 64 KiB with other fields' encodings in them, stay apart`() throws {
        let long = String(repeating: "\u{0}\u{1}\u{0}\u{0}", count: 16_384)
        var places: [Place] = []
        for field in [\Place.project, \Place.objectID, \Place.provider, \Place.endpoint] {
            for text in ["", long, long + "\u{0}", String(long.dropLast())] {
                var place = Place(project: "", owner: [], objectID: "", version: 0, provider: "", endpoint: "")
                place[keyPath: field] = text
                places.append(place)
            }
        }
        let encodings = Set(places.map(\.data.bytes))
        // Four of them are the one in which every field is empty.
        #expect(encodings.count == places.count - 3)
        let key = try Random.secret(32)
        let blob = try SealedBox.seal(
            ([1] as [UInt8]).span.bytes, type: .secret, term: 0, boundTo: places[1].data, under: key)
        for (index, place) in places.enumerated() {
            let refused = isRefused { () throws(CryptoError) in
                try SealedBox.open(blob, type: .secret, term: 0, boundTo: place.data, under: key)
            }
            #expect(refused == (index != 1))
        }
    }

    @Test func `C22, on 10,000 boxes: what opens is written again byte for byte, and what was sealed is opened`() throws
    {
        let key = try Random.secret(32)
        let contexts = try BoxContexts()
        for _ in 0..<10_000 {
            let type = BoxType.allCases.randomElement() ?? .secret
            let lengths = type.plaintextLengths
            let plaintext = try Random.bytes(.random(in: lengths.lowerBound...min(lengths.upperBound, 300)))
            let term = Int.random(in: 0...Int(UInt32.max))
            let place = Self.place().data
            let blob = try SealedBox.seal(
                plaintext.span.bytes, type: type, term: term, boundTo: place, under: key, on: contexts)
            let opened = copy(
                try SealedBox.open(blob, type: type, term: term, boundTo: place, under: key, on: contexts))
            let again = try SealedBox.seal(
                opened.span.bytes, type: type, term: term, boundTo: place, under: key, on: contexts,
                drawing: { _ in Array(blob[10..<54]) })
            guard opened == plaintext, again == blob else {
                Issue.record("a box of type \(type) is not the same")
                return
            }
        }
    }
}
