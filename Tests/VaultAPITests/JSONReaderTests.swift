import FoundationEssentials
import Testing
import VaultAPI
import VaultModel

struct JSONReaderTests {
    @Test(arguments: JSONCorpus.refused)
    func `A24 a text outside RFC 8259 is refused`(_ text: JSONCase) {
        #expect(refusal(of: text.bytes)?.code == .invalidJSON)
    }

    @Test(arguments: JSONCorpus.accepted)
    func `A24 a text within RFC 8259 is accepted`(_ text: JSONCase) {
        #expect(refusal(of: text.bytes) == nil)
    }

    @Test func `the corpus is as large as it says`() {
        #expect(JSONCorpus.refused.count >= 120)
        #expect(JSONCorpus.accepted.count >= 60)
    }

    @Test(arguments: [
        #"{"key":"A","key":"B"}"#, #"{"a":1,"\u0061":2}"#, #"{"\u0061":1,"a":2}"#, #"{"a":1,"b":{},"a":1}"#,
        #"{"a\/b":1,"a/b":2}"#, #"{"\uD83D\uDE00":1,"😀":2}"#, #"[{"x":{"a":[1],"b":2,"a":3}}]"#, #"{"":1,"":2}"#,
        #"{"\u00e9":1,"é":2}"#, #"{"a":{"a":1},"b":1,"a":2}"#, #"{"x":[1],"a":2,"a":3}"#,
        #"{"abcdefghi":1,"abcdefgh\u0069":2}"#,
    ])
    func `A03 a name twice in one object is refused, however it is escaped`(_ text: String) {
        #expect(refusal(of: text)?.code == .duplicateMember)
    }

    @Test func `A03 the field says which name was there twice`() {
        #expect(refusal(of: #"{"key":"A","\u006bey":"B"}"#)?.field == "key")
    }

    @Test func `a name may also stand below or as a value`() {
        #expect(refusal(of: #"{"a":["b"],"b":{"a":"b","b":"a"},"c":"a"}"#) == nil)
        #expect(refusal(of: #"{"":1,"\u0000":2,"\u0000\u0000":3,"aaaaaaaa":4,"aaaaaaaaa":5}"#) == nil)
    }

    @Test func `names are the same only byte for byte`() {
        #expect(refusal(of: "{\"\u{E9}\":1,\"e\u{301}\":2,\"a\":1,\"A\":2,\"a \":3}") == nil)
    }

    static let leniencies: [JSONCase] = [
        JSONCase("a trailing comma", .text(#"{"a":1,}"#)),
        JSONCase("a byte order mark", .text("\u{FEFF}{}")),
        JSONCase("UTF-16LE", .bytes([0xFF, 0xFE, 0x7B, 0, 0x7D, 0])),
        JSONCase("UTF-16BE", .bytes([0xFE, 0xFF, 0, 0x7B, 0, 0x7D])),
        JSONCase("UTF-16LE without a mark", .bytes([0x7B, 0, 0x7D, 0])),
        JSONCase("UTF-16BE without a mark", .bytes([0, 0x7B, 0, 0x7D])),
        JSONCase("NUL in a string", .text("{\"a\":\"\0\"}")),
        JSONCase("NUL behind the value", .text("{}\0")),
        JSONCase("a lone surrogate", .text(#"{"a":"\uD800"}"#)),
        JSONCase("a lone surrogate in UTF-8", .bytes([0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D])),
        JSONCase("NaN", .text(#"{"a":NaN}"#)),
        JSONCase("1e400", .text(#"{"a":1e400}"#)),
        JSONCase("a comment", .text(#"{"a":1/* */}"#)),
        JSONCase("a line comment", .text("{\"a\":1} // x")),
    ]

    @Test(arguments: leniencies)
    func `A04 what other readers let pass is 400`(_ text: JSONCase) {
        let problem = refusal(of: text.bytes)
        #expect(problem?.code == .invalidJSON)
        #expect(problem?.status == 400)
    }

    @Test(arguments: [17, 512, 513, 30_000, 5_000_000])
    func `A05 more than 16 levels are refused at the seventeenth`(_ depth: Int) {
        for opening in ["[", #"{"a":"#] {
            #expect(refusal(of: String(repeating: opening, count: depth))?.detail.contains("nested too deeply") == true)
        }
    }

    @Test func `A05 16 levels are accepted`() {
        #expect(refusal(of: String(repeating: "[", count: 16) + String(repeating: "]", count: 16)) == nil)
        #expect(
            refusal(of: String(repeating: #"{"a":["#, count: 8) + "1" + String(repeating: "]}", count: 8)) == nil
        )
        #expect(refusal(of: "[" + String(repeating: "[],{},", count: 40) + "1]") == nil)
    }

    @Test func `A06 200 strings are accepted and 201 are refused`() {
        func array(_ count: Int) -> String {
            "[" + Array(repeating: "\"a\"", count: count).joined(separator: ",") + "]"
        }
        func object(_ count: Int) -> String { "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}" }
        #expect(refusal(of: array(200)) == nil)
        #expect(refusal(of: array(201))?.code == .invalidJSON)
        #expect(refusal(of: object(200)) == nil)
        #expect(refusal(of: object(201))?.code == .invalidJSON)
    }

    @Test func `a thousand values are accepted and one more is refused`() {
        func array(_ count: Int) -> String { "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]" }
        #expect(refusal(of: array(999)) == nil)
        #expect(refusal(of: array(1000))?.code == .invalidJSON)
    }

    @Test func `a string of 64 KiB is accepted and one byte more is refused`() {
        let longest = String(repeating: "\\u0041", count: 65_536)
        #expect(refusal(of: "[\"\(longest)\"]") == nil)
        #expect(refusal(of: "[\"\(longest)A\"]")?.code == .invalidJSON)
    }

    /// The other reader is known to accept more than RFC 8259, so what it refuses is no JSON at all.
    @Test func `A24 nothing is accepted that Foundation refuses, over random changes`() {
        var random = SplitMix(state: 0x6B65_7973_746F_7721)
        let marks =
            Array(#"{}[]",:\/utrfnab0123456789-+.eE "#.utf8) + [0, 9, 10, 0x1F, 0x7F, 0x80, 0xC3, 0xA9, 0xED, 0xF0]
        // Foundation has no number for what is too small for a double, which RFC 8259 allows.
        let seeds = JSONCorpus.accepted.filter { !$0.name.contains("e-10000000") }
        var acceptances = 0
        for round in 0..<6000 {
            var text = seeds[round % seeds.count].bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<max(text.count, 1), using: &random)
                let mark = marks[Int.random(in: 0..<marks.count, using: &random)]
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where place < text.count: text[place] = mark
                case 1 where place < text.count: text.remove(at: place)
                case 2 where place < text.count: text.insert(contentsOf: text[place...].prefix(8), at: place)
                default: text.insert(mark, at: min(place, text.count))
                }
            }
            guard refusal(of: text) == nil else { continue }
            acceptances += 1
            #expect(throws: Never.self, "\(String(decoding: text, as: UTF8.self))") {
                try JSONDecoder().decode(AnyJSON.self, from: Data(text))
            }
        }
        #expect(acceptances > 500)
    }
}

/// Any JSON value, decoded to its leaves so that nothing of it stays unread.
private struct AnyJSON: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let object = try? decoder.container(keyedBy: Name.self) {
            for name in object.allKeys { _ = try object.decode(AnyJSON.self, forKey: name) }
        } else if var array = try? decoder.unkeyedContainer() {
            while !array.isAtEnd { _ = try array.decode(AnyJSON.self) }
        } else {
            let leaf = try decoder.singleValueContainer()
            if leaf.decodeNil() { return }
            if (try? leaf.decode(Bool.self)) != nil { return }
            if (try? leaf.decode(Double.self)) != nil || (try? leaf.decode(Decimal.self)) != nil { return }
            _ = try leaf.decode(String.self)
        }
    }
}

/// SplitMix64, so that every run tries the same texts.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
