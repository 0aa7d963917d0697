import FoundationEssentials
import Testing
import VaultModel
import VaultProviders
import VaultTestKit

@testable import keystow

@Suite struct ProviderFilesTests {
    private static let acme = #"""
        {"id":"acme","name":"Acme","console_url":"https://acme.test/","billing_url":"https://acme.test/",
         "docs_url":"https://acme.test/","base_url":"https://api.acme.test/v1","variables":["ACME_KEY"],"steps":[],
         "keys":[{"kind":"api_key","prefix":"acme_","alphabet":"alphanumeric","body":[32,32]}]}
        """#

    private func configuration(_ directory: String, _ more: [String: String] = [:]) throws -> Configuration {
        let values = ["KEYSTOW_PROVIDERS_DIR": directory].merging(more) { $1 }
        return try Configuration(environment: ProcessEnvironment(values: values, secrets: []))
    }

    private func write(_ text: String, _ name: String, in directory: TemporaryDirectory) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(directory.path)/\(name)"))
    }

    @Test func `a file in the directory is a provider like any other, and may have an endpoint`() throws {
        let directory = try TemporaryDirectory()
        try write(Self.acme, "acme.json", in: directory)
        try write("not read", "notes.txt", in: directory)
        let id = try #require(ProviderID("acme"))
        let read = try configuration(directory.path, ["KEYSTOW_ENDPOINT_ACME": "https://gateway.example/acme"])
        #expect(read.endpoints[id]?.description == "https://gateway.example/acme")
        #expect(try ProviderFiles.catalogue(adding: directory.path)[id]?.name == "Acme")
        #expect(try ProviderFiles.catalogue(adding: nil)[id] == nil)
    }

    @Test func `a fault in a file is told with its name, together with all other faults`() throws {
        let directory = try TemporaryDirectory()
        try write(Self.acme.replacing("\"name\"", with: "\"nom\""), "acme.json", in: directory)
        do throws(Configuration.Faults) {
            _ = try Configuration(
                environment: ProcessEnvironment(
                    values: ["KEYSTOW_PROVIDERS_DIR": directory.path, "KEYSTOW_LOG": "loud"], secrets: []))
            Issue.record("it was taken")
        } catch {
            #expect(error.faults.contains("KEYSTOW_PROVIDERS_DIR: acme.json: unknown member nom"))
            #expect(error.faults.contains { $0.hasPrefix("KEYSTOW_LOG") })
        }
        #expect(throws: CatalogueError(file: "/nowhere/at/all", reason: "the directory cannot be read")) {
            try ProviderFiles.catalogue(adding: "/nowhere/at/all")
        }
    }
}
