import Testing
import VaultModel

@testable import VaultProviders

struct EndpointTests {
    let catalogue: Catalogue

    init() throws { catalogue = try Catalogue.embedded() }

    func provider(_ id: String) throws -> Provider { try #require(ProviderID(id).flatMap { catalogue[$0] }) }

    @Test func `a base URL may have a path, and a key is bound to its origin alone`() throws {
        let openAI = try provider("openai")
        #expect(
            try openAI.endpoint(params: [:])
                == Endpoint(baseURL: "https://api.openai.com/v1", origin: "https://api.openai.com"))
        #expect(
            try openAI.endpoint(params: [:], override: "http://127.0.0.1:4000/proxy/v1")
                == Endpoint(baseURL: "http://127.0.0.1:4000/proxy/v1", origin: "http://127.0.0.1:4000"))
    }

    @Test func `a parameter becomes part of the host, and so of what a key is bound to`() throws {
        let azure = try provider("azure_openai")
        #expect(try azure.endpoint(params: ["resource": "my-res"]).origin == "https://my-res.openai.azure.com")
        #expect(azure.params(leadingTo: "https://my-res.openai.azure.com") == ["resource": "my-res"])
        let bedrock = try provider("bedrock")
        #expect(
            try bedrock.endpoint(params: ["region": "us-gov-west-1"]).origin
                == "https://bedrock.us-gov-west-1.amazonaws.com")
        #expect(bedrock.params(leadingTo: "https://bedrock.eu-central-1.amazonaws.com") == ["region": "eu-central-1"])
        for origin in [
            "https://evil.test", "https://.openai.azure.com", "https://a.b.openai.azure.com",
            "https://my-res.openai.azure.com.evil.test", "http://my-res.openai.azure.com",
        ] {
            #expect(azure.params(leadingTo: origin) == nil, "\(origin)")
        }
        #expect(try provider("openai").params(leadingTo: "https://anything.test") == [:])
    }

    @Test func `a parameter that is missing is asked for, unless an override needs none`() throws {
        let azure = try provider("azure_openai")
        #expect(throws: Endpoint.Fault.missing(parameter: "resource")) { try azure.endpoint(params: [:]) }
        #expect(throws: Endpoint.Fault.missing(parameter: "resource")) { try azure.endpoint(params: ["region": "x"]) }
        #expect(try azure.endpoint(params: [:], override: "http://127.0.0.1:1").origin == "http://127.0.0.1:1")
    }

    @Test(arguments: [
        "", "a", "A-Resource", "my_res", "my.res", "evil.test/", "evil.test#", "evil.test?", "a@b", "-ab", "ab-", "a b",
        "a:8443", "ресурс", "ab%2e", "{resource}", "ab\n", "ab\u{0}", String(repeating: "a", count: 64), "127.0.0.1",
    ])
    func `nothing but an exact resource name gets into a host`(text: String) throws {
        let azure = try provider("azure_openai")
        #expect(throws: Endpoint.Fault.malformed(parameter: "resource")) {
            try azure.endpoint(params: ["resource": text])
        }
        #expect(throws: Endpoint.Fault.malformed(parameter: "resource")) {
            try azure.endpoint(params: ["resource": text], override: "http://127.0.0.1:1")
        }
        #expect(try azure.endpoint(params: ["resource": String(repeating: "a", count: 63)]).origin.count > 63)
    }

    @Test(arguments: [
        "", "eu", "eu-central", "eu-central-", "eu-central-12", "eu-central-x", "EU-central-1", "e-central-1",
        "eur-central-1", "eu--1", "eu-1", "eu.central-1", "eu-central-1.evil.test", "eu-central-1/", "eu-c3ntral-1",
        "eu-central-1\n", "eu-central-١",
    ])
    func `nothing but an exact region gets into a host`(text: String) throws {
        let bedrock = try provider("bedrock")
        #expect(throws: Endpoint.Fault.malformed(parameter: "region")) {
            try bedrock.endpoint(params: ["region": text])
        }
        for good in ["eu-central-1", "us-east-2", "us-gov-west-1", "ap-southeast-4"] {
            #expect(throws: Never.self) { try bedrock.endpoint(params: ["region": good]) }
        }
    }
}
