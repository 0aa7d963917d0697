import Testing
import VaultModel

@testable import VaultProviders

struct CatalogueTests {
    let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.embedded() }

    @Test func `every provider of the reference is there, once, and can be shown`() {
        #expect(
            catalogue.providers.map(\.id.description) == [
                "anthropic", "openai", "gemini", "openrouter", "mistral", "groq", "xai", "deepseek", "cohere",
                "together",
                "perplexity", "huggingface", "replicate", "fireworks", "azure_openai", "bedrock", "vertex",
            ])
        for provider in catalogue.providers {
            #expect(!provider.name.isEmpty && !provider.variables.isEmpty && !provider.steps.isEmpty)
            for link in [provider.consoleURL, provider.billingURL, provider.docsURL, provider.baseURL] {
                #expect(link.hasPrefix("https://") && !link.hasSuffix("/v1/"))
            }
            #expect(!provider.steps.joined().contains("{"))
            #expect(catalogue[provider.id]?.name == provider.name)
        }
    }

    @Test func `Anthropic can be tested, and a table of outcomes ends in a row for anything`() throws {
        let anthropic = try #require(catalogue[.anthropic])
        #expect(anthropic.canBeTested)
        #expect(anthropic.baseURL == "https://api.anthropic.com")
        let rows = catalogue.outcomes(of: anthropic)
        #expect(rows.count == 30)
        #expect(rows.last?.status == .any)
    }

    @Test func `every storable pattern stays within what the vault stores`() {
        for pattern in catalogue.providers.flatMap(\.keys) {
            let fixed = pattern.prefix.count + pattern.suffix.count
            #expect(fixed + pattern.body.lowerBound >= KeyPattern.shortestKey)
            #expect(fixed + pattern.body.upperBound + pattern.padding <= KeyPattern.longestKey)
            #expect(pattern.needsChoice || !pattern.prefix.isEmpty)
        }
    }
}
