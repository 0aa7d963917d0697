import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import keystow

/// What is taken for a key, whose it is said to be, and what of the file may be shown.
@Suite struct ImportPlanTests {
    private static func withPlan<R>(
        _ format: ImportFormat, _ text: String, user: String? = "u", _ body: (borrowing ImportPlan) throws -> R
    ) throws -> R {
        let catalogue = try Catalogue.embedded()
        let providers = KnownProviders(catalogue)
        let records = try WipedBuffer(text).withBytes { try format.read($0, 0..<$0.byteCount, knowing: providers) }
        let plan = ImportPlan(
            records, user: user.flatMap { UserID($0) }, providers: providers,
            doctor: KeyDoctor(catalogue))
        return try body(plan)
    }

    /// Each item as `line variable user provider code`, `*` before a user who is not shown.
    private static func items(_ format: ImportFormat, _ text: String, user: String? = "u") throws -> [String] {
        try withPlan(format, text, user: user) { plan in
            plan.items.map { item in
                let owner = item.user.map { (item.isUserShown ? "" : "*") + $0.description }
                return ["\(item.line ?? 0)", item.variable, owner, item.provider?.description, item.refusal?.message]
                    .map { $0 ?? "–" }.joined(separator: " ")
            }
        }
    }

    @Test func `of an env file the catalogue's variables are taken, and what is surely a key`() throws {
        let key = FakeKeys.anthropic()
        let text = """
            ANTHROPIC_API_KEY=anything
            ANTHROPIC_BASE_URL=https://example.com
            GOOGLE_API_KEY=x
            GEMINI_API_KEY=''
            OTHER=\(key)
            DB_PASSWORD=hunter2
            CLAUDE_CODE_OAUTH_TOKEN=y
            \(key)
            \(key.replacing("-", with: "_"))=1
            GOOGLE_APPLICATION_CREDENTIALS=/a/b.json
            """
        #expect(
            try Self.items(.env, text) == [
                "1 ANTHROPIC_API_KEY u anthropic –", "3 GOOGLE_API_KEY u gemini –", "5 OTHER u – –",
                "7 CLAUDE_CODE_OAUTH_TOKEN u anthropic –",
            ])
        let skipped = try Self.withPlan(.env, text) { plan in
            plan.skipped.map { "\($0.line ?? 0) \($0.name ?? "–") \($0.reason)" }
        }
        #expect(
            skipped == [
                "2 ANTHROPIC_BASE_URL not a key", "4 GEMINI_API_KEY empty", "6 DB_PASSWORD not a key",
                "8 – not an assignment", "9 – not a key", "10 GOOGLE_APPLICATION_CREDENTIALS not a key",
            ])
    }

    @Test func `what is a credential under another variable, but no good, is refused and not passed over`() throws {
        let key = FakeKeys.anthropic()
        let text = """
            MY_LOGIN=\(FakeKeys.oauthAccessToken())
            SECRET=\(key.dropLast(30))
            SESSION=\(String(repeating: "0a1b2c3d", count: 4))
            BOTH="\(key) \(FakeKeys.anthropic("other"))"
            BROKEN=\(key.dropLast(9))!\(key.suffix(8))
            DB_PASSWORD=hunter2
            PAGE=https://example.com/
            ID=3f2c1d80-6c1e-4a35-9f10-0d8a7c1b2e3f
            HINT=sk-ant-...AbCd
            """
        try Self.withPlan(.env, text) { plan in
            #expect(
                plan.items.map { "\($0.line ?? 0) \($0.variable ?? "–") \($0.refusal?.code ?? "–")" } == [
                    "1 MY_LOGIN oauth_token_rejected", "2 SECRET truncated_key", "3 SESSION invalid_field",
                    "4 BOTH several_keys", "5 BROKEN malformed_key",
                ])
            for item in plan.items {
                #expect(item.refusal?.message.isEmpty == false && item.refusal?.hint.isEmpty == false)
            }
            #expect(plan.skipped.map { $0.line ?? 0 } == [6, 7, 8, 9])
        }
    }

    @Test func `providers are known by their ids, their names and what others call them`() throws {
        let names = [
            ("anthropic", "anthropic"), ("Google", "gemini"), ("google-gemini", "gemini"), ("Azure", "azure_openai"),
            ("Hugging Face", "huggingface"), ("x-ai", "xai"), (" groq ", "groq"), ("TOGETHER AI", "together"),
        ]
        let text = names.map { "u,\($0.0),k\n" }.joined()
        #expect(try Self.items(.csv, text) == names.enumerated().map { "\($0.offset + 1) – u \($0.element.1) –" })
        let unknown = "The file names a provider that this vault does not know."
        #expect(try Self.items(.csv, "u,antropic,k") == ["1 – u – \(unknown)"])
        let toml = "[providers.google]\napi_key='k'\n[openai]\nkey='\(FakeKeys.anthropic())'\nother='x'"
        #expect(try Self.items(.toml, toml) == ["2 – u gemini –"])
        let skipped = try Self.withPlan(.toml, toml) { plan in plan.skipped.map { "\($0.line ?? 0) \($0.name ?? "–")" }
        }
        #expect(skipped == ["4 –"])
    }

    @Test func `a user who may be a key in the wrong column is not shown, and a key is not sent as one`() throws {
        let hex = String(repeating: "0a1b2c3d", count: 4)
        let wrong = "There is a credential where the user belongs."
        let key = FakeKeys.anthropic()
        let cases = [
            ("user-42", "user-42", "–"), ("José", "José", "–"), ("a@example.com", "a@example.com", "–"),
            ("auth0|507f1f77bcf86cd799439011", "auth0|507f1f77bcf86cd799439011", "–"),
            ("3f2c1d80-6c1e-4a35-9f10-0d8a7c1b2e3f", "3f2c1d80-6c1e-4a35-9f10-0d8a7c1b2e3f", "–"),
            (hex, "*" + hex, "–"),
            (key, "–", wrong), (String(key.dropLast(30)), "–", wrong), (FakeKeys.oauthAccessToken(), "–", wrong),
            ("\u{1B}[2J", "–", "The user must be 1 to 200 bytes of text without control characters."),
            (
                String(repeating: "u ", count: 101), "–",
                "The user must be 1 to 200 bytes of text without control characters."
            ),
        ]
        for (user, shown, refusal) in cases {
            #expect(try Self.items(.csv, "\(user),anthropic,k") == ["1 – \(shown) anthropic \(refusal)"], "\(user)")
        }
    }

    @Test func `--user stands in where the file names nobody`() throws {
        #expect(try Self.items(.csv, "v,groq,k\n,groq,k") == ["1 – v groq –", "2 – u groq –"])
        let nobody = "The file does not say whose key this is."
        #expect(try Self.items(.csv, "v,groq,k\n ,groq,k", user: nil) == ["1 – v groq –", "2 – – groq \(nobody)"])
    }

    @Test func `blanks around a user are no part of the name`() throws {
        let text = "provider, user_id ,key\nanthropic, alice ,k\nanthropic,\talice smith\t ,k\nanthropic, \t,k"
        #expect(
            try Self.items(.csv, text) == [
                "2 – alice anthropic –", "3 – alice smith anthropic –", "4 – u anthropic –",
            ])
    }

    @Test func `a key that is useless without a region is not taken, however its provider is found`() throws {
        let key = "ABSK" + String(repeating: "Zq7w", count: 30)
        let needs = "Keys of this provider need more than a key, which a file cannot say."
        #expect(try Self.items(.csv, "u,bedrock,\(key)\nu,,\(key)") == ["1 – u bedrock \(needs)", "2 – u – \(needs)"])
        #expect(try Self.items(.csv, "u,bedrock,ABSKshort") == ["1 – u bedrock –"])
    }

    @Test func `what is longer than any paste is refused here`() throws {
        let long = String(repeating: "x", count: KeyDoctor.longestPaste)
        #expect(
            try Self.items(.csv, "u,groq,\(long)\nu,groq,\(long)x").map(\.count) == [
                "1 – u groq –".count, "2 – u groq This is too long to be a key.".count,
            ])
    }
}
