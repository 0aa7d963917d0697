import Testing

@Suite struct FloorTests {
    @Test func `imports stay on their floor`() throws {
        let code = try Repository.shippedCode()
        #expect(code.count > 10)
        #expect(code.flatMap(House.trespasses) == [])
    }

    @Test(arguments: [
        ("Sources/VaultStore/Made.swift", "import COpenSSL"),
        ("Sources/VaultAPI/Made.swift", "package import VaultStore"),
        ("Sources/VaultAPI/Sub/Made.swift", "  @preconcurrency private import VaultCrypto"),
        ("Sources/VaultModel/Made.swift", "import Foundation"),
        ("Sources/VaultService/Made.swift", "import struct Foundation.Data"),
        ("Sources/VaultService/Made.swift", "@testable import VaultAPI"),
        ("Sources/keystow/Made.swift", "import CCurl"),
        ("Sources/keystow-sandbox/Made.swift", "import VaultService"),
        ("Sources/Elsewhere/Made.swift", "import VaultModel"),
        ("Migrations/Made.swift", "import VaultModel"),
    ])
    func `a forbidden import is seen`(_ path: String, _ line: String) {
        let file = SwiftFile(path: path, text: "import Glibc\n\(line)\nimport FoundationEssentials\n")
        #expect(House.trespasses(in: file).count == 1)
    }

    @Test func `an allowed import is not held against a file`() {
        let text = "package import VaultModel\nimport COpenSSL\nimport Synchronization\n// import Foundation\n"
        #expect(House.trespasses(in: SwiftFile(path: "Sources/VaultCrypto/Made.swift", text: text)) == [])
    }

    @Test(arguments: House.cModules)
    func `each C module has one wrapper`(_ module: String) throws {
        #expect(House.mayImport.count { $0.value.contains(module) } == 1)
        let importers = Set(try Repository.shippedCode().filter { $0.imports.contains(module) }.map(\.target))
        #expect(importers.count <= 1)
    }

    @Test func `the manifest declares what the table allows, and nothing imports what is not declared`() throws {
        let manifest = Manifest(text: try Repository.text(of: "Package.swift"))
        #expect(manifest.dependencies["VaultModel"] == [])
        for (target, dependencies) in manifest.dependencies where !House.isForTests(target) {
            #expect(dependencies.subtracting(House.mayImport[target] ?? []) == [], "\(target)")
        }
        for file in try Repository.shippedCode() {
            let declared = try #require(manifest.dependencies[file.target], "\(file.target)")
            #expect(Set(file.imports).subtracting(House.platform).subtracting(declared) == [], "\(file.path)")
        }
        #expect(try Repository.text(of: "Package.swift").contains(".package(") == false, "no outside package")
    }

    @Test func `the manifest is read in one line and in many`() {
        let manifest = Manifest(
            text: """
                .target(name: "A"),
                .target(name: "B", dependencies: ["A", "C"], resources: [.embedInCode("x.json")]),
                .executableTarget(
                    name: "d-e",
                    dependencies: [
                        "A",
                        .target(name: "B"),
                    ]
                ),
                .testTarget(name: "ATests", dependencies: ["A"]),
                """
        )
        #expect(manifest.dependencies == ["A": [], "B": ["A", "C"], "d-e": ["A", "B"], "ATests": ["A"]])
    }

    @Test func `a system library is a module map and a shim`() throws {
        let parts = Repository.files.filter { $0.hasPrefix("Sources/C") }.map { $0.split(separator: "/") }
        let libraries = Dictionary(grouping: parts) { String($0[1]) }.mapValues {
            Set($0.map { $0[2...].joined(separator: "/") })
        }
        #expect(libraries.isEmpty == false)
        for (library, files) in libraries {
            #expect(House.cModules.contains(library))
            #expect(files == ["module.modulemap", "shim.h"], "\(library)")
        }
    }
}
