import Testing
import VaultModel

@testable import VaultProviders

/// What holds for every key and every token, not only for those of the table.
struct DoctorPropertyTests {
    let doctor: KeyDoctor

    init() throws { doctor = try KeyDoctor.ofTests.get() }

    /// What is copied along with a key.
    static let noises: [(before: String, after: String)] = [
        (" ", "\n"), ("\t", "\r\n"), ("\u{A0}", "\u{3000}"), ("\u{200B}", "\u{FEFF}"), ("\"", "\""), ("'", "'"),
        ("`", "`"), ("“", "”"), ("‘", "’"), ("«", "»"), ("'", "';"), ("\"", "\","), ("KEY=", ""), ("export K='", "'"),
        ("$env:K = \"", "\""), ("key: ", ""), ("Bearer ", ""), ("token ", ""), ("Authorization: Bearer ", ""),
        ("x-api-key: ", ""), ("```\n", "\n```"), ("```sh\n", "\n```\n"), ("<", ">"), ("(", ")"), ("", " # mine"),
        ("", " // old"), ("", ";"), ("", ","), ("", "."), ("{\"key\": \"", "\"}"), ("key = \"", "\"\n"),
        ("curl -H 'x-api-key: ", "' https://api.test/v1"), ("Use ", " today."), ("A=1\nKEY=", "\nB=2\n"),
    ]

    @Test(arguments: storablePastes) func `every key comes back byte for byte out of any noise in any other`(
        paste: Paste
    ) throws {
        let key = try #require(paste.key)
        // Every pair with a fifth of the keys, and with five keys or more; `make fuzz` tries the others.
        let share = (storablePastes.firstIndex { $0.name == paste.name } ?? 0) % 5
        for (outerPlace, outer) in Self.noises.enumerated() {
            for (innerPlace, inner) in Self.noises.enumerated() where (outerPlace + innerPlace) % 5 == share {
                let text = outer.before + inner.before + key + inner.after + outer.after
                let (diagnosis, found) = try doctor.examine(text, chosen: paste.provider)
                #expect(found == key, "\(outer) around \(inner): \(diagnosis.kind)")
                #expect(!diagnosis.cleaned.isEmpty)
            }
        }
    }

    @Test(arguments: storablePastes) func `what is cleaned once is clean, whatever was around it`(paste: Paste) throws {
        let key = try #require(paste.key)
        for noise in Self.noises {
            let once = try #require(try doctor.examine(noise.before + key + noise.after, chosen: paste.provider).key)
            let (diagnosis, twice) = try doctor.examine(once, chosen: paste.provider)
            #expect(twice == once)
            #expect(diagnosis.cleaned.isEmpty)
        }
    }

    /// Ways in which a token may be broken up and still be a token to whoever copies it.
    static let breakings: [(name: String, of: @Sendable (String) -> String)] = [
        ("whole", { $0 }), ("small", { $0.lowercased() }), ("capitals", { $0.uppercased() }),
        ("mixed", { String($0.enumerated().map { $0 % 2 == 0 ? Character($1.uppercased()) : $1 }) }),
        ("zero width", { $0.map { "\($0)\u{200B}" }.joined() }),
        ("soft hyphens", { $0.map { "\($0)\u{AD}" }.joined() }),
        ("line breaks", { $0.map { "\($0)\r\n" }.joined() }), ("indented", { $0.map { "\($0)\n   " }.joined() }),
        ("backslashes", { $0.map { "\\\($0)" }.joined() }), ("continued lines", { $0.map { "\($0)\\\n" }.joined() }),
        ("wide", { String(String.UnicodeScalarView($0.unicodeScalars.map(wide))) }),
        ("wide on lines", { String(String.UnicodeScalarView($0.unicodeScalars.map(wide))).map { "\($0)\n" }.joined() }),
        ("other hyphens", { $0.replacing("-", with: "\u{2011}") }),
    ]

    private static func wide(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        (0x21...0x7E).contains(scalar.value) ? Unicode.Scalar(scalar.value + 0xFEE0) ?? scalar : scalar
    }

    /// Where a token may stand beside a key that could be stored without it.
    static let places: [@Sendable (String) -> String] = [
        { $0 }, { "\(Sham.claudeKey)\n\($0)" }, { "\($0) \(Sham.claudeKey)" }, { "TOKEN=\($0)\nKEY=\(Sham.groq)" },
        { "{\"a\": \"\($0)\", \"b\": \"\(Sham.openAIProject)\"}" }, { "# \($0)\n\(Sham.mistral)" },
        { "\(Sham.fireworks)\n\($0)" }, { "curl -H 'x: \($0)' -H 'x-api-key: \(Sham.claudeKey)'" },
    ]

    @Test(
        arguments: [
            "sk-ant-oat", "sk-ant-oat01-", "sk-ant-oat01-aB3dE9", "sk-ant-ort01-aB3dE9", "sk-ant-sid01-aB3dE9",
            "claudeAiOauth", "hf_oauth_aB3d", "hf_jwt_aB3d",
        ])
    func `nothing with a sign-in prefix is ever storable, wherever it stands and however it is broken up`(
        token: String
    ) throws {
        let spaced: (name: String, of: @Sendable (String) -> String) = ("spaces", { $0.map { "\($0)  " }.joined() })
        for breaking in Self.breakings + [spaced] {
            for place in Self.places {
                for glue in ["", "x", "_", "sk-ant-api03-"] {
                    let (diagnosis, _) = try doctor.examine(place(glue + breaking.of(token)), chosen: "mistral")
                    #expect(diagnosis.refusal == .oauthToken, "\(breaking.name), \(place("…")), \(glue)")
                }
            }
        }
    }

    @Test(
        arguments: [
            "ya29.a0" + Sham.filler(40), "1//0" + Sham.filler(40), "sess-" + Sham.filler(40), Sham.jwt,
        ])
    func `no other provider's sign-in token makes a key beside it storable`(token: String) throws {
        for breaking in Self.breakings {
            for place in Self.places {
                let (diagnosis, _) = try doctor.examine(place(breaking.of(token)), chosen: "mistral")
                #expect(diagnosis.refusal == .oauthToken, "\(breaking.name), \(place("…"))")
            }
        }
    }

    @Test func `without the token the same pastes are storable`() throws {
        for place in Self.places.dropFirst() {
            let text = place("note")
            let key = try doctor.examine(text).key ?? doctor.examine(text, chosen: "mistral").key
            #expect(key != nil, "\(place("…"))")
        }
    }
}
