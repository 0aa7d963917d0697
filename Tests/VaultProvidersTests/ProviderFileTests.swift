import FoundationEssentials
import Testing
import VaultModel

@testable import VaultProviders

/// A provider's file of which single places are changed.
struct ProviderFile: CustomTestStringConvertible, Sendable {
    /// What is changed, in words.
    let testDescription: String
    let text: String
    let old: String
    let new: String
    /// A part of what is said about it; `nil` when the file is good.
    let says: String?

    init(_ description: String, _ old: String = "", _ new: String = "", says: String? = nil) {
        testDescription = description
        self.old = old
        self.new = new
        self.says = says
        text = old.isEmpty ? Self.good : Self.good.replacing(old, with: new)
    }

    static let good = #"""
        {"id": "acme", "name": "Acme", "console_url": "https://acme.test/keys", "billing_url": "https://acme.test/pay",
         "docs_url": "https://acme.test/docs", "base_url": "https://{region}.api.acme.test/v1", "variables": ["ACME_KEY"],
         "steps": ["Open {console_url}."], "params": [{"name": "region", "form": "aws_region"}],
         "keys": [{"kind": "api_key", "prefix": "acme_", "alphabet": "alphanumeric", "body": [32, 32], "verified": true}],
         "calls": {"identity": {"method": "GET", "path": "/models", "headers": {"authorization": "Bearer {key}"},
           "expects": "data", "verified": true}},
         "outcomes": [{"status": 200, "verdict": "valid", "reason": "ok", "message": "Works.", "verified": true}]}
        """#
}

struct ProviderFileTests {
    static let files = [
        ProviderFile("nothing"),
        ProviderFile(
            "an unknown member", #""id": "acme""#, #""id": "acme", "colour": 1"#, says: "unknown member colour"),
        ProviderFile(
            "an unknown member of a row", #""reason": "ok""#, #""reason": "ok", "verdicts": 1"#,
            says: "outcomes[0]: unknown member verdicts"),
        ProviderFile("a missing name", #""name": "Acme", "#, "", says: "the member name is missing"),
        ProviderFile(
            "a name that is no text", #""name": "Acme""#, #""name": 7"#, says: "name: a value of another type"),
        ProviderFile("an id with a space", #""id": "acme""#, #""id": "ac me""#, says: "not a provider id"),
        ProviderFile("no TLS", "https://{region}", "http://{region}", says: "must begin with https://"),
        ProviderFile("a trailing slash", "test/v1", "test/v1/", says: "must not end in a slash"),
        ProviderFile(
            "a host of parameters", "{region}.api.acme.test", "api.{region}.test", says: "two fixed ones follow"),
        ProviderFile("a part of a label", "{region}.api", "{region}-x.api", says: "whole label"),
        ProviderFile("a parameter nobody declared", "{region}.api", "{zone}.api", says: "whole label"),
        ProviderFile("a parameter nobody uses", "{region}.api", "eu.api", says: "does not use the parameter region"),
        ProviderFile("another port", "acme.test/v1", "acme.test:8443/v1", says: "usual port"),
        ProviderFile("an address", "{region}.api.acme.test/v1", "10.0.0.1", says: "does not use the parameter"),
        ProviderFile("user information", "https://{region}", "https://me@{region}", says: "whole label"),
        ProviderFile("an unknown form", "aws_region", "anything", says: "form"),
        ProviderFile("a link without TLS", "https://acme.test/pay", "http://acme.test/pay", says: "https:// addresses"),
        ProviderFile("no key in the headers", "Bearer {key}", "Bearer", says: "exactly one header"),
        ProviderFile("the key twice in a header", "Bearer {key}", "{key} {key}", says: "exactly one header"),
        ProviderFile("text behind the key", "Bearer {key}", "{key}!", says: "exactly one header"),
        ProviderFile(
            "the key in two headers", #""Bearer {key}""#, #""Bearer {key}", "x": "{key}""#, says: "exactly one header"),
        ProviderFile("the key in the path", "/models", "/models?key={key}", says: "nowhere else"),
        ProviderFile("the key in the body", #""expects""#, #""body": {"a": "{key}"}, "expects""#, says: "nowhere else"),
        ProviderFile("the key in a step", "Open {console_url}.", "Open {key}.", says: "nowhere else"),
        ProviderFile("a path that is an address", #""/models""#, #""https://evil.test/""#, says: "begins with /"),
        ProviderFile("another method", #""GET""#, #""PUT""#, says: "GET or POST"),
        ProviderFile("an unknown verdict", #""verdict": "valid""#, #""verdict": "good""#, says: "no such verdict"),
        ProviderFile("an unknown status", #""status": 200"#, #""status": "2xy""#, says: "no such status"),
        ProviderFile("an unknown alphabet", "alphanumeric", "emoji", says: "alphabet"),
        ProviderFile("keys without a prefix", #""acme_""#, #""""#, says: "needs_choice must be true"),
        ProviderFile("a body that ends before it begins", "[32, 32]", "[32, 16]", says: "not [least, most]"),
        ProviderFile("another's keys", #""acme_""#, #""sk-ant-api03-A""#, says: "as credentials of anthropic do"),
        ProviderFile("the beginning of another's", #""acme_""#, #""gs""#, says: "as credentials of groq do"),
        ProviderFile("a sign-in token", #""acme_""#, #""ya29.Z""#, says: "as credentials of gemini do"),
        ProviderFile("a JWT", #""acme_""#, #""eyJhbGciOi""#, says: "as credentials of"),
        ProviderFile(
            "an admin key, in capitals", #""acme_""#, #""SK-ANT-ADMIN01-""#, says: "as credentials of anthropic"),
        ProviderFile("a body without end", "[32, 32]", "[0, 9223372036854775807]", says: "no credential has"),
        ProviderFile(
            "a long marker", "[32, 32]", #"[32, 32], "marker": {"text": "x", "before": -1, "after": 0}"#,
            says: "no credential"),
        ProviderFile(
            "a hint below nothing", #""variables""#, #""hint_shows": -60, "variables""#, says: "hint_shows must be"),
        ProviderFile("no JSON", #"{"id""#, #"{id"#, says: ""),
    ]

    @Test(arguments: files) func `what is wrong with a provider's file is said, and where`(file: ProviderFile) throws {
        #expect(file.old.isEmpty || file.text != ProviderFile.good)
        guard let says = file.says else {
            #expect(try Catalogue.embedded(adding: [("acme", Array(file.text.utf8))]).providers.count == 18)
            return
        }
        do {
            _ = try Catalogue.embedded(adding: [("acme.json", Array(file.text.utf8))])
            Issue.record("the file was taken")
        } catch {
            #expect(error.file == "acme.json")
            #expect(error.reason.contains(says) || says.isEmpty, "\(error.reason)")
        }
    }

    @Test func `two files cannot claim one id, and the rows of every provider are needed`() throws {
        let file = Array(ProviderFile.good.utf8)
        #expect(throws: CatalogueError(file: "two", reason: "there is a provider acme already")) {
            try Catalogue.embedded(adding: [("one", file), ("two", file)])
        }
        let other = Array(ProviderFile.good.replacing("acme\"", with: "groq\"").utf8)
        #expect(throws: CatalogueError(file: "mine", reason: "there is a provider groq already")) {
            try Catalogue.embedded(adding: [("mine", other)])
        }
        #expect(throws: CatalogueError.self) { try Catalogue(files: [], outcomesOfAny: []) }
    }

    @Test func `every claim of the catalogue says whether it was verified`() throws {
        let directory = FileManager.default.currentDirectoryPath + "/Sources/VaultProviders/Catalogue"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(names.count == 18)
        for name in names {
            let data = try #require(FileManager.default.contents(atPath: "\(directory)/\(name)"))
            let file = try #require(JSONValue.read(Array(data)))
            let calls = ["identity", "funding"].compactMap { file.member(at: "calls.\($0)") }
            let claims = (file["keys"]?.items ?? []) + (file["outcomes"]?.items ?? []) + calls
            for (index, claim) in claims.enumerated() {
                guard case .bool = claim["verified"] else {
                    Issue.record("\(name): claim \(index) has no mark")
                    continue
                }
            }
        }
    }
}
