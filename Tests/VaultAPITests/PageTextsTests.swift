import FoundationEssentials
import Testing
import VaultModel
import VaultTestKit

@testable import VaultAPI
@testable import VaultProviders

/// The page's words: whole in English and in German, and German for what the server itself says in English.
@Suite struct PageTextsTests {
    private static let texts = PageTexts.shared
    private static let english = texts.written["en"] ?? [:]
    private static let german = texts.written["de"] ?? [:]

    private static func json(_ texts: PageTexts, _ locale: String) throws -> [String: String] {
        try JSONDecoder().decode([String: String].self, from: Data(texts.file(for: locale).bytes))
    }

    // MARK: Languages

    @Test func `a tag gives its language, with English for what it lacks, and an unknown one gives English`() throws {
        let texts = PageTexts([
            ("en", Array(#"{"a":"one","b":"two"}"#.utf8)), ("de", Array(#"{"b":"„zwei“ \\\"","say.x":"drei"}"#.utf8)),
            ("fr", Array("no JSON".utf8)),
        ])
        let german = ["a": "one", "b": "„zwei“ \\\"", "say.x": "drei"]
        for tag in ["de", "DE", "de-AT", "de-Latn-CH"] { #expect(try Self.json(texts, tag) == german, "\(tag)") }
        for tag in ["en", "en-GB", "xx", "", "deu", "-", "d", "fr", "../de"] {
            #expect(try Self.json(texts, tag) == ["a": "one", "b": "two"], "\(tag)")
        }
        #expect(texts.missing(in: "de") == ["a"])
        #expect(texts.missing(in: "fr") == ["a", "b"])
        #expect(texts.missing(in: "en") == [])
    }

    @Test func `every language file that ships is read, and no name stands in it twice`() throws {
        let folder =
            #filePath.dropLast("/Tests/VaultAPITests/PageTextsTests.swift".count) + "/Sources/VaultAPI/Pages/Texts"
        let files = try FileManager.default.contentsOfDirectory(atPath: String(folder)).filter { $0.hasSuffix(".json") }
        #expect(files.map { String($0.dropLast(5)) }.sorted() == Self.texts.languages)
        for file in files {
            let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(file)"))
            let names = String(decoding: bytes, as: UTF8.self).matches(of: /(?m)^ +"([a-z0-9_.]+)": "/).map(\.1)
            #expect(names.count == Set(names).count)
            #expect(
                Set(names.map(String.init)) == Set(Self.texts.written[String(file.dropLast(5))]?.keys.map(\.self) ?? [])
            )
            #expect(!names.isEmpty)
        }
    }

    @Test func `what a language lacks is counted: English and German lack nothing`() {
        for language in Self.texts.languages {
            let missing = Self.texts.missing(in: language)
            print("texts missing in \(language): \(missing.count) of \(Self.english.count)")
            #expect(!["en", "de"].contains(language) || missing == [])
        }
    }

    @Test func `the server gives the page its texts without a token`() async throws {
        try await Stage.run { vault in
            for (tag, expected) in [("de-AT", Self.german), ("xx", Self.english)] {
                let answer = try await vault.call("GET", "/connect/texts/\(tag)", token: "")
                #expect(answer.status == 200)
                #expect(answer.json["loading"].string == expected["loading"])
            }
        }
    }

    // MARK: German

    @Test func `German has every text of the page, and one for all that the server says in English, and no other`()
        throws
    {
        #expect(try faults(in: Self.german) == [])
    }

    @Test func `a text that was taken away, added, emptied or left in English is seen`() throws {
        func seen(_ change: (inout [String: String]) -> Void) throws -> [String] {
            var copy = Self.german
            change(&copy)
            return try faults(in: copy)
        }
        let some = [
            "loading", "say.masked_key", "say.oauth_token_rejected.oauth_access_token", "say.malformed_key.url",
            "say.session_used", "verdict.invalid.rejected", "verdict.unverified.unreachable", "verdict.valid",
            "steps.anthropic.3", "say.invalid_field.ambiguous",
        ]
        for name in some { #expect(try seen { $0[name] = nil } == ["missing: \(name)"]) }
        #expect(try seen { $0["say.nothing"] = "Nichts." } == ["nobody asks for: say.nothing"])
        #expect(try seen { $0["loading"] = " " } == ["empty: loading"])
        #expect(try seen { $0["loading"] = Self.english["loading"] } == ["English: loading"])
        #expect(try seen { $0["save"] = "Speichern für {user}" } == ["placeholders: save"])
        #expect(try seen { $0["say.masked_key"] = "{key}" } == ["placeholders: say.masked_key"])
        #expect(try seen { $0["steps.groq.1"] = "Melden Sie sich an." } == ["links: steps.groq.1"])
        #expect(
            try seen { $0["say.oauth_token_rejected.session_token"] = "Das ist eine Sitzung." }
                == ["quotation: say.oauth_token_rejected.session_token"])
    }

    /// The texts that are the same in both languages.
    private static let same: Set = ["dir"]

    /// What the page can fill into a text of a refusal, and of a verdict.
    private static let filled: [String: Set<Substring>] = [
        "say": ["provider", "detected", "console_url", "project"],
        "verdict": ["provider", "console_url", "billing_url", "project"], "steps": ["console_url", "billing_url"],
    ]

    /// What is wrong with `german`, a line each; empty for nothing.
    private func faults(in german: [String: String]) throws -> [String] {
        let catalogue = try Catalogue.embedded()
        let served = try Self.refusals(catalogue).union(Self.problems).union(try Self.verdicts(catalogue))
        let steps = Self.steps(catalogue)
        let wanted = Set(Self.english.keys).union(served).union(steps.keys)
        var faults = wanted.subtracting(german.keys).map { "missing: \($0)" }
        faults += Set(german.keys).subtracting(wanted).map { "nobody asks for: \($0)" }
        for (name, text) in german where wanted.contains(name) {
            if text.allSatisfy(\.isWhitespace) {
                faults.append("empty: \(name)")
            } else if text == Self.english[name] {
                if !Self.same.contains(name) { faults.append("English: \(name)") }
            } else if let english = Self.english[name] {
                if Self.placeholders(in: text) != Self.placeholders(in: english) {
                    faults.append("placeholders: \(name)")
                }
            } else if let provider = steps[name] {
                let (step, ours) = (provider.steps[name], provider.filling(text))
                if step.map(Self.links(in:)) != Self.links(in: ours) { faults.append("links: \(name)") }
            } else if !Self.placeholders(in: text).isSubset(of: Self.filled[Self.group(name)] ?? []) {
                faults.append("placeholders: \(name)")
            }
        }
        for quoted in Self.quotations(catalogue) where german[quoted.name].map({ !$0.contains(quoted.text) }) ?? false {
            faults.append("quotation: \(quoted.name)")
        }
        return faults.sorted()
    }

    private static func group(_ name: String) -> String { String(name.prefix { $0 != "." }) }

    private static func placeholders(in text: String) -> Set<Substring> { Set(text.matches(of: /\{(\w+)\}/).map(\.1)) }

    private static func links(in text: String) -> Set<Substring> {
        Set(text.matches(of: /https:\/\/[^\s]*[^\s.,;:]/).map(\.0))
    }

    // MARK: What the server says in English

    /// `say.<code>` of every refusal of the doctor, and `say.<code>.<kind>` where what is to be done differs by kind.
    private static func refusals(_ catalogue: Catalogue) throws -> Set<String> {
        var names = Set(Diagnosis.Refusal.allCases.map { "say.\($0.rawValue)" })
        for provider in catalogue.providers {
            for credential in provider.refused { names.insert("say.\(code(of: credential)).\(credential.kind)") }
        }
        let calls = try ["Misfit", "Consultation"].flatMap { file in
            try source(of: "VaultProviders/\(file)").matches(of: /refuse\(\s*\.(malformed|ambiguous), "(\w+)"/).map(
                \.output)
        }
        #expect(calls.count > 6)
        for call in calls { names.insert("say.\(call.1 == "ambiguous" ? "invalid_field" : "malformed_key").\(call.2)") }
        return names
    }

    private static func code(of credential: RefusedCredential) -> String {
        switch credential.category {
        case .signIn: Diagnosis.Refusal.oauthToken.rawValue
        case .wrongType: Diagnosis.Refusal.wrongKeyType.rawValue
        case .identifier: Diagnosis.Refusal.malformed.rawValue
        }
    }

    /// Faults in how a request is written, of which the page makes none, and those of callers with other tokens.
    private static let neverMet: Set<ProblemCode> = [
        .invalidJSON, .duplicateMember, .unknownMember, .invalidParameter, .invalidCursor, .methodNotAllowed,
        .notAcceptable, .uriTooLong, .unsupportedMediaType, .headersTooLarge, .missingToken, .expiredToken,
        .insufficientScope, .idempotencyConflict, .versionConflict,
    ]

    private static let problems = Set(ProblemCode.allCases).subtracting(neverMet).map { "say.\($0.rawValue)" }

    private static func verdicts(_ catalogue: Catalogue) throws -> Set<String> {
        var names = Set(VerdictCode.allCases.map { "verdict.\($0.rawValue)" })
        for provider in catalogue.providers {
            for row in catalogue.outcomes(of: provider) { names.insert("verdict.\(row.code.rawValue).\(row.reason)") }
        }
        let untested = try source(of: "VaultProviders/Probe").matches(of: /untested\("(\w+)"/).map(\.1)
        #expect(untested.count == 2)
        for reason in untested { names.insert("verdict.unverified.\(reason)") }
        // A check that was not made, because the operator points the provider elsewhere.
        names.insert("verdict.unverified.endpoint_changed")
        return names
    }

    private struct Steps {
        let steps: [String: String]
        let links: [String: String]

        func filling(_ text: String) -> String {
            links.reduce(text) { text, link in text.replacing("{\(link.key)}", with: link.value) }
        }
    }

    /// The steps of every provider whose keys the page can ask for, by name.
    private static func steps(_ catalogue: Catalogue) -> [String: Steps] {
        let taken = catalogue.providers.filter { $0.hasKeys && $0.params.isEmpty }
        #expect(taken.count > 10)
        return taken.reduce(into: [:]) { all, provider in
            let named = Dictionary(
                uniqueKeysWithValues: provider.steps.enumerated().map { ("steps.\(provider.id).\($0 + 1)", $1) })
            let own = Steps(
                steps: named, links: ["console_url": provider.consoleURL, "billing_url": provider.billingURL])
            for name in named.keys { all[name] = own }
        }
    }

    /// What Anthropic documents stays in its own words, whatever the language around it.
    private static func quotations(_ catalogue: Catalogue) -> [(name: String, text: String)] {
        (catalogue[.anthropic]?.refused ?? []).compactMap { credential in
            credential.quotation.map { ("say.\(code(of: credential)).\(credential.kind)", $0.message) }
        }
    }

    private static func source(of file: String) throws -> String {
        let root = #filePath.dropLast("/Tests/VaultAPITests/PageTextsTests.swift".count)
        let bytes = FileManager.default.contents(atPath: "\(root)/Sources/\(file).swift")
        return String(decoding: try #require(bytes), as: UTF8.self)
    }
}
