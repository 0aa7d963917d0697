/// The floors of the house: which of the project's modules each target may import.
///
/// The same table as in `docs/design.md`. A request comes in at the top, and each arrow it follows is an import.
enum House {
    static let cModules: Set = ["COpenSSL", "CSQLite", "CPostgres", "CCurl", "CMicroHTTPD", "CZlib"]

    static let swiftLibraries: Set = [
        "VaultModel", "VaultCrypto", "VaultStore", "Migrations", "HTTPClient", "HTTPServer", "Deflate",
        "VaultProviders", "VaultService", "VaultAPI",
    ]

    static let mayImport: [String: Set<String>] = [
        "VaultModel": [],
        "VaultCrypto": ["VaultModel", "COpenSSL"],
        "Migrations": [],
        "VaultStore": ["VaultModel", "Migrations", "CSQLite", "CPostgres"],
        "HTTPClient": ["VaultModel", "CCurl"],
        "HTTPServer": ["VaultModel", "CMicroHTTPD"],
        "Deflate": ["CZlib"],
        "VaultProviders": ["VaultModel", "HTTPClient"],
        "VaultService": ["VaultModel", "VaultCrypto", "VaultStore", "VaultProviders", "HTTPClient"],
        "VaultAPI": ["VaultModel", "VaultService", "HTTPServer", "Deflate"],
        "keystow": swiftLibraries,
        "keystow-bench": swiftLibraries,
        "keystow-sandbox": ["VaultModel", "HTTPServer"],
    ]

    /// What the toolchain ships and every floor may use. `Foundation` is not among it: it brings ICU along.
    static let platform: Set = ["Glibc", "FoundationEssentials", "Synchronization", "Dispatch"]

    /// Whether a target ships in nothing: tests, and what they share.
    static func isForTests(_ target: String) -> Bool {
        target.hasSuffix("Tests")
            || ["VaultTestKit", "FaultyCrypto", "FaultySystem", "FaultyVFS", "fuzz", "measure"].contains(target)
    }

    /// Imports of `file` that the table does not allow, each with the file's path.
    static func trespasses(in file: SwiftFile) -> [String] {
        guard let allowed = mayImport[file.target] else { return ["\(file.path): \(file.target) has no floor"] }
        return file.imports.filter { !allowed.contains($0) && !platform.contains($0) }
            .map { "\(file.path): may not import \($0)" }
    }
}
