import Testing
import VaultModel

@testable import VaultProviders

struct KeyDoctorTests {
    let doctor: KeyDoctor

    init() throws { doctor = try KeyDoctor.ofTests.get() }

    @Test(arguments: allPastes) func `each paste gets its code, kind, provider and cleaning`(paste: Paste) throws {
        let (diagnosis, key) = try doctor.examine(paste.text, chosen: paste.chosen)
        #expect(diagnosis.refusal == paste.code)
        #expect(diagnosis.kind == paste.kind)
        #expect(diagnosis.provider?.description == paste.provider)
        #expect(diagnosis.cleaned == paste.cleaned)
        #expect(diagnosis.candidates.map(\.description) == paste.candidates)
        #expect(diagnosis.isStorable == (paste.key != nil))
        #expect(key == paste.key)
        #expect(!diagnosis.message.isEmpty)
        #expect(!diagnosis.message.contains("{") && !diagnosis.hint.contains("{"))
    }

    @Test func `the table has a paste for every mistake that the reference names`() {
        #expect(allPastes.count >= 270)
        let mistakes = [
            "outer_whitespace", "zero_width", "nbsp_and_wide_spaces", "wrapped_lines", "quotes", "shell_assignment",
            "bearer_prefix", "header_or_curl", "json_blob", "masked", "placeholder", "url", "identifier_not_secret",
            "uuid", "non_ascii", "truncated", "two_keys", "wrong_provider", "too_long",
        ]
        for mistake in mistakes {
            #expect(allPastes.contains { $0.name.hasPrefix(mistake) }, "\(mistake)")
        }
        #expect(Set(allPastes.map(\.name)).count == allPastes.count)
    }

    @Test(arguments: signInPastes.filter { $0.provider == "anthropic" })
    func `the four Claude sign-in kinds carry both documented sentences`(paste: Paste) throws {
        let (diagnosis, _) = try doctor.examine(paste.text, chosen: paste.chosen)
        #expect(
            diagnosis.message
                == "OAuth authentication is currently not supported. This credential is only authorized for use with "
                + "Claude Code and cannot be used for other API requests.")
        #expect(
            diagnosis.quotedError
                == ProviderError(
                    type: "authentication_error", message: "OAuth authentication is currently not supported."))
        #expect(diagnosis.docsURL?.hasPrefix("https://") == true)
        #expect(diagnosis.hint.contains("https://platform.claude.com/settings/keys"))
    }

    @Test func `the hint tells what each Claude sign-in kind asks for`() throws {
        let access = try doctor.examine("sk-ant-oat01-abc").0.hint
        #expect(
            access.hasPrefix(
                "Create an API key (it starts with sk-ant-api03-) at https://platform.claude.com/settings/keys and paste "
                    + "that instead. "))
        #expect(try doctor.examine("sk-ant-ort01-abc").0.hint.contains("sign out of Claude Code and sign in again"))
        #expect(try doctor.examine("sk-ant-sid01-abc").0.hint.contains("Sign out of claude.ai"))
        #expect(try doctor.examine("{\"claudeAiOauth\":{}}").0.hint.contains("credentials file"))
    }

    @Test(arguments: storablePastes + noisyPastes) func `cleaning a cleaned key takes nothing away`(paste: Paste) throws
    {
        let once = try #require(try doctor.examine(paste.text, chosen: paste.chosen).key)
        let (diagnosis, again) = try doctor.examine(once, chosen: paste.chosen)
        #expect(again == once)
        #expect(diagnosis.cleaned.isEmpty)
    }

    @Test(arguments: storablePastes) func `every key comes back byte for byte out of all noise`(paste: Paste) throws {
        let key = try #require(paste.key)
        let noises: [(String, String)] = [
            (" ", "\n"), ("\"", "\""), ("'", "';"), ("`", "`"), ("“", "”"), ("«", "»"), ("KEY=", ""),
            ("export K='", "'"),
            ("Bearer ", ""), ("Authorization: Bearer ", ""), ("x-api-key: ", ""), ("\u{200B}", "\u{FEFF}"),
            ("\u{A0}", "\u{3000}"), ("```\n", "\n```"), ("<", ">"), ("", " # mine"), ("", ";"), ("", ","), ("", "."),
            ("{\"key\": \"", "\"}"), ("curl -H 'x-api-key: ", "' https://api.test/v1"), ("Use ", " today."),
            ("A=1\nKEY=", "\nB=2\n"),
        ]
        for (before, after) in noises {
            let (diagnosis, found) = try doctor.examine(before + key + after, chosen: paste.provider)
            #expect(found == key, "\(before)…\(after): \(diagnosis.kind)")
            #expect(diagnosis.cleaned.isEmpty == false)
        }
    }

    @Test func `a foreign character is told by its place and code point alone`() throws {
        let key = Sham.claudeKey
        let (hyphen, _) = try doctor.examine("sk\u{2011}ant-api03-" + key.dropFirst(13))
        #expect(hyphen.message.contains("(U+2011 at position 3)"))
        let (letter, _) = try doctor.examine("KEY=" + key.prefix(30) + "é" + key.dropFirst(31))
        #expect(letter.message.contains("(U+00E9 at position 31)"))
        #expect(!letter.message.contains("é"))
    }

    @Test func `what is not UTF-8 is a foreign character, unless it holds a sign-in token`() throws {
        let broken = Array(Sham.claudeKey.utf8.prefix(40)) + [0xFF] + Array(Sham.claudeKey.utf8.dropFirst(40))
        let key = try doctor.examine(broken.span.bytes, chosen: nil)
        #expect(key.diagnosis.refusal == .malformed)
        #expect(key.diagnosis.kind == "foreign_character")
        let token = try doctor.examine((Array("sk-ant-oat01-".utf8) + [0xFF]).span.bytes, chosen: nil)
        #expect(token.diagnosis.refusal == .oauthToken)
    }

    @Test(arguments: allPastes) func `no answer holds four characters of what is secret in a paste`(paste: Paste) throws
    {
        let (diagnosis, _) = try doctor.examine(paste.text, chosen: paste.chosen)
        let said = diagnosis.message + diagnosis.hint + diagnosis.cleaned.joined() + (diagnosis.docsURL ?? "")
        for secret in ["aB3d", "aB3-", "Zy8_", "dE9_", "gH2k", "gH2_", "0a1b", "a1b2", "R2D", "wXAA", "hunter", "q9q9"]
        {
            #expect(!said.contains(secret))
        }
    }

    @Test func `a cut key tells how much of it there is`() throws {
        #expect(
            try doctor.examine(String(Sham.claudeKey.dropLast(8))).0.message.contains("100 characters instead of 108"))
        #expect(try doctor.examine("gsk_abc").0.message.contains("7 characters instead of 56"))
    }

    @Test func `a key of another provider names both`() throws {
        let (diagnosis, _) = try doctor.examine(Sham.groq, chosen: "anthropic")
        #expect(diagnosis.message == "This is a Groq key, but you chose Anthropic.")
    }

    @Test func `the longest paste is looked at, one byte more is not`() throws {
        let key = Sham.claudeKey
        let room = String(repeating: " ", count: KeyDoctor.longestPaste - key.utf8.count)
        #expect(try doctor.examine(key + room).key == key)
        #expect(try doctor.examine(key + room + " ").0.kind == "too_long")
    }

    @Test(arguments: [
        "a", "sk-ant-api03-", "sk-ant-api03", "eyJ", "eyJ-", "eyJ.", " eyJ", "sk-", "gsk_.", "\"", "'\"", "A=", "a=\"",
        "# ", " #", "...", "***", "x", "your", "yourk", "<", "KEY: ", "Bearer ", "1//0", "r8_", "\n", "\u{2022}",
        "ABSK=", "fw_aaaaaaaaaaaaaaaaaaaaa ", "a ", "hf_", "sess-", "claudeAi", "sk-ant-oa", "eyJ\n", "sess-\n",
        "1\\\n//0", "y\na\n", "ya29.ya\n29", "\\n", "%41", "deadbeef ",
    ])
    func `the work grows no faster than the paste`(unit: String) throws {
        func work(_ size: Int) throws -> Int {
            let text = Array(String(repeating: unit, count: size / unit.utf8.count).utf8)
            var steps = 0
            _ = try doctor.examine(text.span.bytes, chosen: ProviderID("mistral"), steps: &steps)
            return steps
        }
        let (half, whole) = (try work(2000), try work(4000))
        #expect(whole <= 2 * half + 1000)
        #expect(whole <= 4000 * 64 + 4096)
    }

    @Test func `the work is linear whatever the catalogue says`() throws {
        let file = #"""
            {"id":"a","name":"A","console_url":"https://a.test/","billing_url":"https://a.test/","docs_url":"https://a.test/",
             "base_url":"https://api.a.test","variables":[],"steps":[],"keys":[],"refused":[{"kind":"k","as":"sign_in",
              "pattern":{"kind":"k","prefix":"ab","alphabet":"base64","body":[16000,16000]}}]}
            """#
        let catalogue = try Catalogue(files: [("a", Array(file.utf8))], outcomesOfAny: Array(#"{"outcomes":[]}"#.utf8))
        var steps = 0
        let text = Array(String(repeating: "ab/", count: 5000).utf8)
        _ = try KeyDoctor(catalogue).examine(text.span.bytes, chosen: nil, steps: &steps)
        #expect(steps <= text.count * 64)
    }

    @Test func `a key is shown as its provider's console shows it`() throws {
        let cases: [(key: String, provider: String, head: String)] = [
            (Sham.claudeKey, "anthropic", "sk-ant-api03-aB3"), (Sham.claude("api04"), "anthropic", "sk-ant-api04-aB3"),
            (Sham.groq, "groq", "gsk_"), (Sham.deepSeek, "deepseek", "sk-"), (Sham.mistral, "mistral", ""),
            (Sham.groq, "nobody", ""),
        ]
        for (key, provider, head) in cases {
            let secret = try SecretBytes(copying: Array(key.utf8).span.bytes)
            let hint = doctor.maskedHint(of: secret, provider: try #require(ProviderID(provider)))
            #expect(hint == head + "…" + key.suffix(4))
        }
    }
}
