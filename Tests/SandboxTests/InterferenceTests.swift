import FoundationEssentials
import Testing
import VaultModel

@testable import VaultProviders
@testable import keystow_sandbox

/// What stands between a provider and its caller, and providers that say too much, as Keystow's own probe sees them.
@Suite struct InterferenceTests {
    @Test func `each provider's sample key is one of its keys, whatever its word`() throws {
        let doctor = KeyDoctor(try .embedded())
        let standIns = try StandIns(log: RequestLog { _ in })
        for standIn in standIns.all where standIn.id != "vertex" {
            let longest = try #require(standIn.words.first)
            for word in ["valid", "revoked", longest] {
                let key = SpelledKey.key(of: standIn.id, word)
                let examination = try doctor.examine(Array(key.utf8).span.bytes, chosen: ProviderID(standIn.id))
                #expect(examination.diagnosis.isStorable, "\(standIn.id) \(word) \(examination.diagnosis.kind)")
                #expect(examination.diagnosis.provider?.description == standIn.id)
            }
        }
    }

    @Test(
        arguments: [
            ("redirect", "unexpected_redirect"), ("redirect301", "unexpected_redirect"),
            ("redirect302", "unexpected_redirect"), ("redirect303", "unexpected_redirect"),
            ("redirect308", "unexpected_redirect"), ("captive", "unexpected_body"), ("empty", "unexpected_body"),
            ("truncated", "unexpected_body"), ("gzipped", "unexpected_body"), ("huge", "unexpected_body"),
            ("teapot", "unexpected_status"), ("server500", "provider_error"), ("server503", "provider_error"),
            ("timeout408", "provider_timeout"), ("edgehtml", nil), ("edge401", nil),
        ] as [(String, String?)])
    func `what a network or a broken server sends is no verdict on any provider's key`(
        word: String, reason: String?
    ) async throws {
        try await RunningStandIns.run { stage in
            for provider in stage.catalogue.providers where provider.canBeTested {
                for funding in [false, true] {
                    let verdict = try await stage.check(provider, word, funding: funding)
                    #expect(verdict.code == .unverified, "\(provider.id) \(verdict.reason)")
                    #expect(reason == nil || verdict.reason == reason, "\(provider.id)")
                    #expect(stage.lines.last?.outcome == word, "\(provider.id)")
                }
            }
            #expect(stage.lines.all.count == 32)
        }
    }

    @Test func `a good key is proven by a call that pays, with a model that takes it`() async throws {
        try await RunningStandIns.run { stage in
            var paying: Set<String> = []
            for provider in stage.catalogue.providers where provider.canBeTested {
                let verdict = try await stage.check(provider, "valid", funding: true)
                #expect(verdict.code == .valid, "\(provider.id) \(verdict.reason)")
                if verdict.tested == ["identity", "funding"] {
                    paying.insert(provider.id.description)
                } else {
                    #expect(provider.calls?.funding == nil, "\(provider.id) \(verdict.message)")
                }
                let unpaid = try await stage.check(provider, "nocredit", funding: true)
                if paying.contains(provider.id.description) {
                    #expect(unpaid.code == .validUnfunded, "\(provider.id) \(unpaid.message)")
                }
            }
            #expect(paying.isSuperset(of: ["anthropic", "openai", "gemini", "deepseek", "cohere", "fireworks"]))
        }
    }

    @Test func `V08 a provider that echoes the key leaves nothing of it in the verdict`() async throws {
        try await RunningStandIns.run { stage in
            for provider in stage.catalogue.providers where provider.canBeTested {
                let verdict = try await stage.check(provider, "echo")
                #expect(verdict.code == .invalid, "\(provider.id)")
                let sent = String(decoding: try #require(stage.lastAnswer).body, as: UTF8.self)
                #expect(sent.contains("{key}"), "\(provider.id)")
                #expect(verdict.providerError?.message.contains("[redacted]") == true, "\(provider.id)")
                let text = String(decoding: try JSONEncoder().encode(verdict), as: UTF8.self)
                let key = SpelledKey.key(of: provider.id.description, "echo")
                for start in 0...(key.utf8.count - 8) {
                    let piece = key.dropFirst(start).prefix(8)
                    #expect(!text.contains(piece), "\(provider.id)")
                }
            }
        }
    }
}
