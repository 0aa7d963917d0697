import Testing
import VaultAPI
import VaultModel

struct MembersTests {
    enum Form {
        static let userID = Member.text("user_id", 1...20).required
        static let key = Member.secret("key").required
        static let label = Member.text("label", 0...5).nullable
        static let count = Member.integer("count", 1...10)
        static let wants = Member.boolean("wants")
        static let tags = Member.textMap("tags", entries: 2, names: 1...4, values: 0...6)
        static let origins = Member.texts("origins", count: 0...2, each: 1...10)
        static let spans = Member.integers("spans", count: 1...3, each: 1...(.max))
        static let mode = Member.choice("mode", ["fast", "safe"])
        static let until = Member.time("until").nullable
        static let age = Member.integer("age", 0...(.max)).nullable
        static let policy = Member.object("policy", Shape(age))
        static let shape = Shape(userID, key, label, count, wants, tags, origins, spans, mode, until, policy)
    }

    static let optional = Shape(Form.label, Form.count)

    private func members(_ more: String) throws -> Members {
        try Members(body(#"{"user_id":"u","key":"k""# + (more.isEmpty ? "" : ",") + more + "}"), Form.shape)
    }

    private func fault(_ more: String) -> Problem? {
        refusal(of: #"{"user_id":"u","key":"k","# + more + "}", Form.shape)
    }

    @Test func `every kind of member is read`() throws {
        let members = try members(
            #"""
            "label":"wörk","count":10.0,"wants":true,"tags":{"a":"1","\u0062":""},"origins":["x"],"spans":[1,2e1],
            "mode":"safe","until":"2027-01-31T12:00:00Z","policy":{"age":7}
            """#
        )
        #expect(try members.require(Form.userID) == "u")
        #expect(members[Form.label] == "wörk")
        #expect(members[Form.count] == 10)
        #expect(members[Form.wants] == true)
        #expect(members[Form.tags] == ["a": "1", "b": ""])
        #expect(members[Form.origins] == ["x"])
        #expect(members[Form.spans] == [1, 20])
        #expect(members[Form.mode] == "safe")
        #expect(members[Form.until]?.description == "2027-01-31T12:00:00.000Z")
        guard let policy = members.entering(Form.policy) else {
            Issue.record("no policy")
            return
        }
        #expect(policy[Form.age] == 7)
    }

    @Test func `what is absent is nil`() throws {
        let members = try members("")
        #expect(members[Form.label] == nil)
        #expect(members[Form.tags] == nil)
        #expect(members.change(Form.label) == .unchanged)
        let inner = members.entering(Form.policy)
        let isNone = inner == nil
        #expect(isNone)
    }

    @Test func `null clears where a member may be null, and absent changes nothing`() throws {
        let cleared = try Members(body(#"{"label":null}"#), Self.optional)
        #expect(cleared.change(Form.label) == .cleared)
        #expect(cleared[Form.label] == nil)
        let unchanged = try Members(body("{}"), Self.optional)
        #expect(unchanged.change(Form.label) == .unchanged)
        let set = try Members(body(#"{"label":""}"#), Self.optional)
        #expect(set.change(Form.label) == .set(""))
    }

    @Test(arguments: [
        (#""label":"123456""#, "label"), (#""label":5"#, "label"), (#""label":"a\nb""#, "label"),
        (#""label":"\u0000""#, "label"), ("\"label\":\"\u{85}\"", "label"), (#""count":0"#, "count"),
        (#""count":11"#, "count"), (#""count":1.5"#, "count"), (#""count":"1""#, "count"), (#""count":null"#, "count"),
        (#""count":99999999999999999999"#, "count"), (#""wants":1"#, "wants"), (#""wants":"true""#, "wants"),
        (#""tags":[]"#, "tags"), (#""tags":{"a":1}"#, "tags"), (#""tags":{"abcde":""}"#, "tags"),
        (#""tags":{"a":"1234567"}"#, "tags"), (#""tags":{"a":"","b":"","c":""}"#, "tags"), (#""tags":{"":""}"#, "tags"),
        (#""tags":{"a":{"b":"c"}}"#, "tags"), (#""tags":{"a\n":""}"#, "tags"), (#""origins":["a","b","c"]"#, "origins"),
        (#""origins":[1]"#, "origins"), (#""origins":[""]"#, "origins"), (#""origins":"a""#, "origins"),
        (#""spans":[]"#, "spans"), (#""spans":[0]"#, "spans"), (#""spans":["1"]"#, "spans"),
        (#""mode":"Fast""#, "mode"),
        (#""mode":true"#, "mode"), (#""until":"tomorrow""#, "until"), (#""until":0"#, "until"),
        (#""policy":null"#, "policy"), (#""policy":[]"#, "policy"), (#""policy":{"age":-1}"#, "policy.age"),
    ])
    func `a value of the wrong kind is refused with its name`(_ more: String, _ field: String) {
        let problem = fault(more)
        #expect(problem?.code == .invalidField)
        #expect(problem?.field == field)
        #expect(problem?.detail.contains("`\(field)` must be ") == true)
    }

    @Test(arguments: ["é", "€", "😀", #"\u00e9"#, #"\uD83D\uDE00"#, "\u{A0}"])
    func `text is measured in characters, not bytes`(_ character: String) {
        for (count, isAdmitted) in [(4, true), (5, true), (6, false)] {
            let text = String(repeating: character, count: count)
            #expect((refusal(of: #"{"label":""# + text + #""}"#, Self.optional) == nil) == isAdmitted)
        }
    }

    @Test(arguments: [#"\u0085"#, #"\u007f"#, #"\t"#, "\u{7F}", "\u{9F}", #"\u001F"#])
    func `text with a control character is refused, however it is escaped`(_ character: String) {
        #expect(refusal(of: #"{"label":""# + character + #""}"#, Self.optional)?.code == .invalidField)
    }

    @Test(arguments: [#"{"user_id":"u"}"#, #"{"user_id":"u","key":null}"#, #"{"user_id":"u","key":7}"#])
    func `a secret that is missing or no text is refused with its name`(_ text: String) {
        let problem = refusal(of: text, Form.shape)
        #expect(problem?.code == .invalidField)
        #expect(problem?.field == "key")
    }

    @Test(arguments: [
        (#""is_admin":true"#, "is_admin"), (#""tenant":"x""#, "tenant"),
        (#""policy":{"api_base":"x"}"#, "policy.api_base"),
        (#""User_id":"x""#, nil), (#""sk-ant-api03-x":1"#, nil), (#""\u0074enant":1"#, "tenant"),
        (#""policy":{"user_id":"u"}"#, "policy.user_id"),
    ])
    func `A08 an unknown member is refused and nothing is read`(_ more: String, _ field: String?) {
        let problem = fault(more)
        #expect(problem?.code == .unknownMember)
        #expect(problem?.status == 422)
        #expect(problem?.field == field)
    }

    /// In a dictionary they would be one entry, and one of the values would be lost without a word.
    @Test func `two spellings of one name in a map are refused`() {
        #expect(fault(#""tags":{"\u00e9":"a","e\u0301":"b"}"#)?.field == "tags")
        #expect(fault(#""tags":{"\u00e9":"a","e":"b"}"#) == nil)
    }

    @Test(arguments: ["[]", "null", "true", "7", #""text""#, "[{}]"])
    func `JSON that is not an object is an invalid field without a name`(_ text: String) {
        let problem = refusal(of: text, Self.optional)
        #expect(problem?.code == .invalidField)
        #expect(problem?.field == nil)
    }

    @Test func `no body is an empty object only where nothing is required`() throws {
        #expect(refusal(of: "", Self.optional) == nil)
        #expect(refusal(of: " ", Self.optional)?.code == .invalidJSON)
        #expect(refusal(of: "", Form.shape)?.code == .invalidJSON)
    }

    @Test func `a value that is no noun of the vault is refused with its name`() throws {
        let members = try members("")
        #expect(try members.require(Form.userID, as: UserID.init)?.description == "u")
        #expect(
            throws: Problem(.invalidField, detail: "`user_id` has a value that cannot be used here.", field: "user_id")
        ) {
            try members.require(Form.userID, as: { KeyID($0) })
        }
        #expect(try members.optional(Form.label, as: { KeyID($0) }) == nil)
    }

    @Test(arguments: [
        (#"plain-ascii_0123"#, "plain-ascii_0123"), (#"\u0073k-\u0061nt"#, "sk-ant"), (#"a\"b\\c\/d"#, #"a"b\c/d"#),
        (#"\b\f\n\r\t\u0000\u001f\u007F"#, "\u{8}\u{C}\n\r\t\0\u{1F}\u{7F}"), (#"\ud83D\uDE00"#, "😀"), ("é€😀", "é€😀"),
        (#"\u00e9\u20AC\uFFFF"#, "é€\u{FFFF}"), ("", ""), (#"\uD800\uDC00\uDBFF\uDFFF"#, "\u{10000}\u{10FFFF}"),
        ("e\u{301}", "e\u{301}"), (#"tail\\"#, #"tail\"#), (#"\\u0041"#, #"\u0041"#),
    ])
    func `a secret is given back byte for byte with its escapes undone`(_ escaped: String, _ plain: String) throws {
        let members = try Members(body(#"{"user_id":"u","key":""# + escaped + #""}"#), Form.shape)
        let secret = try members.requireSecret(Form.key)
        #expect(bytes(secret) == Array(plain.utf8))
    }

    @Test func `a secret of every length comes whole, with and without escapes`() throws {
        for count in [1, 15, 16, 512, 16_384, 16_385, 60_000] {
            for piece in ["x", #"\n"#, "😀"] {
                let pasted = String(repeating: piece, count: count / piece.utf8.count)
                let members = try Members(body(#"{"user_id":"u","key":""# + pasted + #""}"#), Form.shape)
                let secret = try members.requireSecret(Form.key)
                #expect(bytes(secret) == Array(pasted.replacing(#"\n"#, with: "\n").utf8))
            }
        }
    }

    @Test func `every scalar comes through, as itself and escaped`() throws {
        let shape = Shape(Form.key)
        for start in stride(from: UInt32(0x20), to: 0x110000, by: 0x1000) {
            let scalars = (start..<start + 0x1000).compactMap(Unicode.Scalar.init).filter { $0 != "\"" && $0 != "\\" }
            guard !scalars.isEmpty else { continue }
            let plain = String(String.UnicodeScalarView(scalars))
            let sample = String(String.UnicodeScalarView(scalars.prefix(64)))
            let escaped = sample.utf16.map { unit in
                "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            }.joined()
            let whole = try Members(body(#"{"key":""# + plain + #""}"#), shape)
            #expect(bytes(try whole.requireSecret(Form.key)) == Array(plain.utf8))
            let undone = try Members(body(#"{"key":""# + escaped + #""}"#), shape)
            #expect(bytes(try undone.requireSecret(Form.key)) == Array(sample.utf8))
        }
    }

    @Test func `no refusal says back what was sent`() {
        let marker = "sk-ant-api03-MARKERmarkerMARKERmarker0123456789-MARKERmarkerMARKER"
        let texts = [
            "{\"user_id\":\"\(marker)\"}", "{\"\(marker)\":1}", "{\"\(marker)\":1,\"\(marker)\":2}", "\"\(marker)",
            marker,
            "{\"key\":\"\(marker)\\x\"}", "{\"key\":[\"\(marker)\"]}", "{\"mode\":\"\(marker)\"}", "[\"\(marker)\"]",
            "{\"tags\":{\"\(marker)\":1}}", "{\"key\":\"\(marker)\"} x", "{\"key\":\"\(marker)\",}",
            "{\"policy\":{\"\(marker)\":1}}",
            "{\"until\":\"\(marker)\"}", "{\"key\" \"\(marker)\"}", "{'key':'\(marker)'}", "{\"key\":\(marker)}",
        ]
        for text in texts {
            guard let problem = refusal(of: text, Form.shape) else {
                Issue.record("accepted")
                continue
            }
            let answer = VaultAPITests.text(problem.json(instance: RequestID(at: Timestamp(milliseconds: 0))))
            #expect(!answer.contains("MARKER"))
        }
    }
}
