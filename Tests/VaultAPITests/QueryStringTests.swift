import Testing
import VaultAPI
import VaultModel

struct QueryStringTests {
    static let allowed = ["user_id", "limit", "stale"]

    private func refusal(of query: String) -> Problem? {
        do throws(Problem) {
            _ = try QueryString(query, allowed: Self.allowed)
            return nil
        } catch {
            return error
        }
    }

    @Test func `plus and escapes are undone`() throws {
        let query = try QueryString("user_id=a+b%2Bc%C3%A9%26=x&limit=20&stale=", allowed: Self.allowed)
        #expect(query["user_id"] == "a b+cé&=x")
        #expect(query["limit"] == "20")
        #expect(query["stale"] == "")
    }

    @Test(arguments: [nil, ""])
    func `no query has no parameters`(_ text: String?) throws {
        let query = try QueryString(text, allowed: Self.allowed)
        #expect(query["limit"] == nil)
        #expect(try query.integer("limit", 1...200) == nil)
        #expect(try query.boolean("stale") == nil)
    }

    @Test(arguments: [
        ("limit=1&limit=1", "limit"), ("limit=1&l%69mit=2", "limit"), ("colour=1", "colour"), ("Limit=1", nil),
        ("token=kst_app_x", "token"), ("kst_app_0x=1", nil), ("limit", nil), ("=1", nil), ("&", nil), ("limit=1&", nil),
        ("limit=1&&stale=true", nil), ("user_id=%", "user_id"), ("user_id=%4", "user_id"), ("user_id=%zz", "user_id"),
        ("user_id=%00", "user_id"), ("user_id=%0A", "user_id"), ("user_id=%FF", "user_id"), ("user_id=%C3", "user_id"),
        ("user_id=%C0%AF", "user_id"), ("user_id=%ED%A0%80", "user_id"), ("user_id=%+1", "user_id"), ("%=1", nil),
        ("user_id=%u0041", "user_id"),
    ])
    func `anything irregular is refused`(_ text: String, _ field: String?) {
        let problem = refusal(of: text)
        #expect(problem?.code == .invalidParameter)
        #expect(problem?.status == 400)
        #expect(problem?.field == field)
    }

    @Test func `two spellings of one name stay two names`() throws {
        let query = try QueryString("user_id=e%CC%81", allowed: Self.allowed)
        #expect(query["user_id"].map { Array($0.utf8) } == [0x65, 0xCC, 0x81])
    }

    @Test(arguments: ["0", "201", "-1", "+1", " 1", "1.0", "", "99999999999999999999", "1e1", "\u{661}"])
    func `a number out of range or not plain is refused`(_ text: String) throws {
        let query = try QueryString("limit=\(text.replacing("+", with: "%2B"))", allowed: Self.allowed)
        #expect(throws: Problem.self) { try query.integer("limit", 1...200) }
    }

    @Test func `true and false are read and nothing else is`() throws {
        #expect(try QueryString("stale=true", allowed: Self.allowed).boolean("stale") == true)
        #expect(try QueryString("stale=false", allowed: Self.allowed).boolean("stale") == false)
        #expect(throws: Problem.self) { try QueryString("stale=1", allowed: Self.allowed).boolean("stale") }
        #expect(throws: Problem.self) { try QueryString("stale=", allowed: Self.allowed).boolean("stale") }
    }

    @Test func `a value that is no noun of the vault is refused`() throws {
        let query = try QueryString("user_id=u", allowed: Self.allowed)
        #expect(try query.optional("user_id", as: UserID.init)?.description == "u")
        #expect(try query.optional("limit", as: UserID.init) == nil)
        #expect(throws: Problem.self) { try query.optional("user_id", as: { KeyID($0) }) }
    }
}
