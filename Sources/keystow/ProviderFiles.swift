import FoundationEssentials
import VaultProviders

/// Provider files that an operator adds to the built-in catalogue.
enum ProviderFiles {
    /// The longest file that is read, in bytes.
    private static let longest = 262_144

    /// The built-in catalogue, and every `*.json` of `directory` in the order of their names.
    ///
    /// - Throws: which file is at fault, and why.
    static func catalogue(adding directory: String?) throws(CatalogueError) -> Catalogue {
        guard let directory else { return try Catalogue.embedded() }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw CatalogueError(file: directory, reason: "the directory cannot be read")
        }
        var files: [(name: String, bytes: [UInt8])] = []
        for name in names.sorted() where name.hasSuffix(".json") && !name.hasPrefix(".") {
            guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
                throw CatalogueError(file: name, reason: "it cannot be read")
            }
            guard data.count <= longest else { throw CatalogueError(file: name, reason: "it is too long") }
            files.append((name: name, bytes: Array(data)))
        }
        return try Catalogue.embedded(adding: files)
    }
}
