import Glibc
import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import keystow

/// What the readers of files make of texts, good, odd and hostile.
@Suite struct ImportFileTests {
    /// Each record as `line name user provider value`, with `–` for what is not there.
    private static func read(_ format: ImportFormat, _ bytes: [UInt8]) throws -> [String] {
        let providers = KnownProviders(try Catalogue.embedded())
        var text = WipedBuffer(capacity: bytes.count)
        text.append(bytes)
        let records = try text.withBytes { bytes throws(ImportFault) in
            try format.read(bytes, try ImportText.check(bytes), knowing: providers)
        }
        func string(_ range: Range<Int>?) -> String {
            guard let range else { return "–" }
            return records.withText(of: range) { $0.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }
        }
        return records.records.map { record in
            ([record.isInPlace ? "\(record.line)" : "(\(record.line))"]
                + [record.name, record.user, record.provider, record.value].map(string)).joined(separator: " ")
        } + records.unread.map { "unread \($0)" }
    }

    private static func read(_ format: ImportFormat, _ text: String) throws -> [String] {
        try read(format, Array(text.utf8))
    }

    private static func fault(_ format: ImportFormat, _ text: String) -> String? {
        do {
            _ = try read(format, text)
            return nil
        } catch let error as ImportFault {
            return "\(error.line ?? 0) \(error.message)"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("A=b", ["1 A – – b"]), ("\u{FEFF}A=b", ["1 A – – b"]), ("A=b\r\nC=d\r\n", ["1 A – – b", "2 C – – d"]),
        ("# A=b\n\n \t\nA = b \t", ["4 A – – b"]), ("export A=b", ["1 A – – b"]), ("exportA=b", ["1 exportA – – b"]),
        ("A=b # c", ["1 A – – b"]), ("A=b#c", ["1 A – – b#c"]), ("A=# c", ["1 A – – "]),
        ("A=b c  d", ["1 A – – b c  d"]),
        ("A=", ["1 A – – "]), ("A=b=c", ["1 A – – b=c"]), ("A=it's", ["1 A – – it's"]),
        (#"A="b # c" # d"#, ["1 A – – b # c"]), (#"A="b\"\\\$\n\x""#, ["1 A – – b\"\\$\n\\x"]),
        (#"A='b\n' "#, [#"1 A – – b\n"#]), ("A=`b'c`", ["1 A – – b'c"]),
        ("A=\"b\nc\"\nD=e", ["1 A – – b\nc", "3 D – – e"]), ("A.b-c=d", ["1 A.b-c – – d"]),
        ("A b=c", ["unread 1"]), ("1A=c\nsk-ant\nD=e", ["3 D – – e", "unread 1", "unread 2"]), ("=b", ["unread 1"]),
        ("set A=b", ["1 A – – b"]), ("set=b\nexport = c", ["1 set – – b", "2 export – – c"]),
        (
            "OPENAI_API_KEY: 'k' # c\nGROQ_API_KEY:l\nA: b",
            ["1 OPENAI_API_KEY – – k", "2 GROQ_API_KEY – – l", "unread 3"]
        ),
        ("", []), ("\n\n", []), ("A=b\na=c", ["1 A – – b", "2 a – – c"]),
    ])
    func `an env file is read as shells and libraries do`(_ text: String, _ expected: [String]) throws {
        #expect(try Self.read(.env, text) == expected)
    }

    @Test(arguments: [
        ("A=b\nC=\"d\nE=f", "2 a quote is opened here and never closed"),
        ("A='b", "1 a quote is opened here and never closed"),
        ("A=\"b\\\"", "1 a quote is opened here and never closed"),
        ("A=\"b\"c", "1 something stands behind the closing quote"),
        ("\nA='b\n'c", "3 something stands behind the closing quote"),
        ("A=b\nC=d\n\nexport A=b", "4 this variable was given before, on line 1; leave one of the two"),
        ("A='b\nc'\nC=\nC=", "4 this variable was given before, on line 3; leave one of the two"),
        ("A=b\n\u{0}", "2 there is a NUL, so this is not a text file"),
    ])
    func `an env file that cannot be read is a fault with its line`(_ text: String, _ expected: String) {
        #expect(Self.fault(.env, text) == expected)
    }

    @Test(arguments: [
        ("[providers.a]\napi_key = \"k\"", ["2 – – a k"]), ("[providers.a]\r\napi_key='k' # c\r\n", ["2 – – a k"]),
        ("[ providers . \"a b\" ]\n\"api_key\" = 'k'", ["2 – – a b k"]), ("providers.a.api_key = 'k'", ["1 – – a k"]),
        ("[providers]\na.api_key='k'\nb={api_key='l',x=1}", ["2 – – a k", "3 – – b l"]),
        ("providers = {a = {api_key = 'k'}}", ["1 – – a k"]),
        ("[providers.a]\napi_key=\"\"\"\nk\\\n  l\"\"\"", ["2 – – a kl"]),
        ("[providers.a]\napi_key='''k''l'''", ["2 – – a k''l"]),
        (#"providers.a.api_key = "\u006B\U0000006b\t\"\\""#, ["1 – – a kk\t\"\\"]),
        ("[providers.a]\nurl='u'\n[b]\napi_key='k'", ["(2) – – – u", "(4) – – – k"]),
        ("a=1\nb=+1.5e-3\nc=true\nd=1979-05-27 07:32:00Z\ne=inf\nf=0x1F", []),
        ("a=[1, [2, 'x'], # c\n {b = 'y'},\n]\nproviders.a.api_key='k'", ["(1) – – – x", "(2) – – – y", "4 – – a k"]),
        ("[[list]]\na=1\n[[list]]\n[providers.a]\napi_key='k'", ["5 – – a k"]), ("a={}\nb=[]\n", []), ("", []),
        (
            "[openai]\napi_key='k'\ngoogle.api_key='l'\n[google]\napi_key='m'",
            ["2 – – openai k", "(3) – – – l", "5 – – google m"]
        ),
        ("groq={api_key='k'}\n[x.groq]\napi_key='l'", ["1 – – groq k", "(3) – – – l"]),
        ("[providers.a.api_key]\nx='k'", ["(2) – – – k"]), ("providers.a.api_key=''", ["1 – – a "]),
    ])
    func `a TOML file gives the keys of its providers, however they are nested`(
        _ text: String, _ expected: [String]
    ) throws {
        #expect(try Self.read(.toml, text) == expected)
    }

    @Test(arguments: [
        ("[providers.a]\napi_key = \"k", "2 a quote is opened here and never closed"),
        ("[providers.a]\napi_key = k!", "2 something stands behind what was complete"),
        ("\n[providers.a", "2 ] is expected here"),
        ("[[providers]]\nname='a'", "1 a list of providers has no names for them; write [providers.NAME]"),
        ("a", "1 = is expected here"), ("a =", "1 a value is expected here"), ("= 1", "1 a name is expected here"),
        ("a = \"\\q\"", "1 there is no such escape"), ("a = \"\\u12\"", "1 an escape is not finished"),
        ("a = \"\\ud800\"", "1 an escape stands for no character"),
        ("a = \"\\u0000\"", "1 an escape stands for no character"),
        ("a = 'b\u{1}'", "1 a control character stands in a text"),
        ("a = '''b\n\nc", "1 a quote is opened here and never closed"),
        ("a = [1,\n2", "2 ] is expected here"), ("a = [1,\n", "1 a list is opened here and never closed"),
        ("a = {b=1\n}", "1 } is expected here"), ("a = 1 b = 2", "1 something stands behind what was complete"),
        ("[providers.a]\napi_key='k'\n[providers.\"a\"]\napi_key='l'", "4 this provider's api_key was given before"),
        ("[openai]\napi_key='k'\n[providers.openai]\napi_key='l'", "4 this provider's api_key was given before"),
        ("a.b..c=1", "1 a name is expected here"),
    ])
    func `a TOML file that cannot be read is a fault with its line`(_ text: String, _ expected: String) {
        #expect(Self.fault(.toml, text) == expected)
    }

    @Test func `nesting without end is a fault, not a crash`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(Self.fault(.toml, "a=" + deep) == "1 values are nested too deep")
        #expect(Self.fault(.toml, "a=" + String(repeating: "{b=", count: 100_000)) == "1 values are nested too deep")
        #expect(Self.fault(.toml, String(repeating: "a.", count: 100_000)) == "1 names are nested too deep")
        let many = (0..<300).map { "providers.p\($0).api_key='k'\n" }.joined()
        #expect(Self.fault(.toml, many) == "257 there are providers too many")
    }

    @Test(arguments: [
        ("u,p,k", ["1 – u p k"]), ("u,p,k\r\nv,q,l\r\n", ["1 – u p k", "2 – v q l"]),
        ("\u{FEFF}u,p,k\n", ["1 – u p k"]),
        ("user_id,provider,key\nu,p,k", ["2 – u p k"]), ("Key, User ,x\nk,u,1", ["2 – u – k"]),
        ("api_key\nk\n\nl", ["2 – – – k", "4 – – – l"]), ("p,k", ["1 – – p k"]),
        ("\"u,\"\"x\"\"\",p,\"k\nl\"\nv,q,m", ["1 – u,\"x\" p k\nl", "3 – v q m"]),
        (",,k", ["1 –   k"]), ("u,p,\"\"", ["1 – u p "]), ("user_id,provider,key", []), ("", []),
    ])
    func `CSV is read with quotes, with and without names`(_ text: String, _ expected: [String]) throws {
        #expect(try Self.read(.csv, text) == expected)
    }

    @Test(arguments: [
        ("email,key\na,k\nb,k", true), ("email,key\na,k\n\na,l", false), ("key,x,y\nk,1,2\nl,1,2\nm,1,3", true),
        ("email,key\n\"a\",k\n a ,k", false), ("email,key\na,k\n,k", true), ("email,key\na,k", false),
        ("user_id,email,key\nu,a,k\nv,b,k", false), ("provider,key\np,k\nq,k", false), ("p,k\nq,k", false),
    ])
    func `a column that is not read may name the users where nothing else does`(_ text: String, _ expected: Bool) throws
    {
        let mayNameUsers = try WipedBuffer(text).withBytes {
            try CSVFile.read($0, 0..<$0.byteCount).unreadColumnMayNameUsers
        }
        #expect(mayNameUsers == expected)
    }

    @Test(arguments: [
        ("u,p,k\nu,p", "2 there are 2 fields where 3 belong"), ("u,p,k\nu,p,k,", "2 there are 4 fields where 3 belong"),
        ("u,p,\"k", "1 a quote is opened here and never closed"),
        ("u,p,k\nu,\"p\n\n,k", "2 a quote is opened here and never closed"),
        ("u,p,\"k\"x", "1 something stands behind the closing quote"),
        ("u,p,k\"l\"", "1 a quote stands inside a field that has none around it"),
        ("u", "1 the fields must be user_id,provider,key, or be named so"),
        ("a,b,c,d", "1 the fields must be user_id,provider,key, or be named so"),
        ("key,api_key\na,b", "1 the line of names has one of them twice"),
        ("u,p,k\nu,p,\u{0}", "2 there is a NUL, so this is not a text file"),
    ])
    func `CSV that cannot be read is a fault with its line`(_ text: String, _ expected: String) {
        #expect(Self.fault(.csv, text) == expected)
    }

    @Test func `what is not UTF-8 is a fault with its line`() {
        for bytes: [UInt8] in [[0x61, 0x0A, 0xE9], [0x0A, 0xC0, 0x80], [0x0A, 0xED, 0xA0, 0x80]] {
            #expect(throws: ImportFault("this is not UTF-8 text", line: 2)) { try Self.read(.csv, bytes) }
        }
        // UTF-16, as some editors write it.
        #expect(throws: ImportFault("this is not UTF-8 text", line: 1)) { try Self.read(.env, [0xFF, 0xFE, 0x61, 0]) }
    }

    @Test func `ten thousand rows and a line of a mebibyte are read`() throws {
        let rows = (1...10_000).map { "user-\($0),anthropic,key-\($0)\n" }.joined()
        let read = try Self.read(.csv, rows)
        #expect(read.count == 10_000)
        #expect(read.last == "10000 – user-10000 anthropic key-10000")
        let huge = String(repeating: "x", count: 1 << 20)
        #expect(try Self.read(.env, "A=\(huge)\nB=c") == ["1 A – – \(huge)", "2 B – – c"])
        #expect(try Self.read(.csv, "u,p,\"\(huge)\"").count == 1)
        #expect(try Self.read(.env, (1...100_000).map { "A\($0)=\n" }.joined()).count == 100_000)
        #expect(try Self.read(.toml, "providers.a.api_key='\(huge)'").count == 1)
    }

    @Test func `a file beyond sixteen mebibytes is not read`() throws {
        let directory = try TemporaryDirectory()
        let file = open(directory.path + "/big", O_RDWR | O_CREAT, 0o600)
        defer { close(file) }
        #expect(ftruncate(file, off_t(ImportText.largest)) == 0)
        #expect(try ImportText.read(file)?.count == ImportText.largest)
        lseek(file, 0, SEEK_SET)
        #expect(ftruncate(file, off_t(ImportText.largest + 1)) == 0)
        #expect(throws: ImportFault("the file is larger than 16 MiB")) { _ = try ImportText.read(file)?.count }
    }

    @Test func `the format is told by the name, then by the text`() {
        let names: [(String, ImportFormat?)] = [
            (".env", .env), ("a/.env.local", .env), ("prod.env", .env), ("a.TOML", .toml), ("a.csv", .csv),
            ("a.env/keys", nil), ("keys", nil), ("-", nil),
        ]
        for (name, expected) in names { #expect(ImportFormat(ofFileNamed: name) == expected, "\(name)") }
        let texts: [(String, ImportFormat?)] = [
            ("# a\nA=b,c", .env), ("u,p,k=", .csv), ("[a]\nb=1", .toml), ("a=1\n [providers.x]", .toml),
            ("u,p,k\n[x", .csv),
            ("word", nil), ("", nil), ("\n\n# x", nil),
        ]
        for (text, expected) in texts {
            let found = WipedBuffer(text).withBytes { ImportFormat(ofText: $0, 0..<$0.byteCount) }
            #expect(found == expected, "\(text)")
        }
    }
}
