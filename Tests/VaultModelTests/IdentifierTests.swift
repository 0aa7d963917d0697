import Testing
import VaultModel

struct IdentifierTests {
    @Test func `a TypeID reads back what it printed, and sorts by time`() throws {
        let earlier = KeyID(at: Timestamp(milliseconds: 1_700_000_000_000))
        let later = KeyID(at: Timestamp(milliseconds: 1_700_000_000_001))
        #expect(KeyID("\(earlier)") == earlier)
        #expect(earlier < later)
        #expect("\(earlier)" < "\(later)")
        #expect(KeyID(bytes: earlier.bytes) == earlier)
    }

    @Test func `the TypeID specification's own example is reproduced`() {
        // jetify-com/typeid, spec/valid.yml: "valid-uuidv7".
        let id = KeyID(UUIDv7(high: 0x0189_0a5d_ac96_774b, low: 0xbcce_b302_099a_8057))
        #expect("\(id)" == "key_01h455vb4pex5vsknk084sn02q")
        #expect(KeyID("key_01h455vb4pex5vsknk084sn02q") == id)
    }

    @Test(arguments: [
        "", "key_", "key_01h455vb4pex5vsknk084sn02", "key_01h455vb4pex5vsknk084sn02qq",
        "prj_01h455vb4pex5vsknk084sn02q", "KEY_01h455vb4pex5vsknk084sn02q", "key_01H455VB4PEX5VSKNK084SN02Q",
        "key_81h455vb4pex5vsknk084sn02q", "key_01h455vb4pex5vsknk084sn0lu", "key-01h455vb4pex5vsknk084sn02q",
        "key_01h455vb4pex5vsknk084sn0é",
    ])
    func `a malformed id is refused`(_ text: String) {
        #expect(KeyID(text) == nil)
    }

    @Test func `owners that differ in bytes differ, though Unicode calls them equal`() throws {
        let composed = try #require(UserID("caf\u{E9}"))
        let decomposed = try #require(UserID("cafe\u{301}"))
        #expect("caf\u{E9}" == "cafe\u{301}")
        #expect(composed != decomposed)
    }
}
