import FoundationEssentials
import Glibc

/// The repository that these tests stand in.
enum Repository {
    static let root = String(#filePath.dropLast("/Tests/HouseTests/Repository.swift".count))

    /// Every file that is tracked or would be, by its path from the root.
    static let files: [String] = {
        let quoted = "'" + root.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
        guard let pipe = popen("git -C \(quoted) ls-files -z --cached --others --exclude-standard", "r") else {
            return []
        }
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk[..<count] }
        guard pclose(pipe) == 0 else { return [] }
        return output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .filter { FileManager.default.fileExists(atPath: root + "/" + $0) }
            .sorted()
    }()

    static func text(of path: String) throws -> String {
        guard let bytes = FileManager.default.contents(atPath: root + "/" + path) else { throw Unreadable(path: path) }
        return String(decoding: bytes, as: UTF8.self)
    }

    struct Unreadable: Error { let path: String }

    /// The Swift files that ship: those under `Sources` and `Migrations`.
    static func shippedCode() throws -> [SwiftFile] { try shipped.get() }

    private static let shipped = Result {
        try files.filter { $0.hasSuffix(".swift") && ($0.hasPrefix("Sources/") || $0.hasPrefix("Migrations/")) }
            .map { SwiftFile(path: $0, text: try text(of: $0)) }
    }
}

extension StringProtocol {
    /// Whether `needle` stands in it, byte for byte: quick, so that patterns need to look only where it matters.
    func holds(_ needle: String) -> Bool { String(self).withCString { strstr($0, needle) != nil } }
}

/// A Swift file, as lines.
struct SwiftFile {
    let path: String
    let lines: [Substring]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    /// `Sources/VaultStore/Store.swift` belongs to `VaultStore`, `Migrations/…` to `Migrations`.
    var target: String {
        let parts = path.split(separator: "/")
        return String(parts.first == "Sources" && parts.count > 2 ? parts[1] : parts[0])
    }

    /// The modules it imports, whatever stands before or after the word.
    var imports: [String] {
        let form =
            /^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:package|public|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)/
        return lines.compactMap { line in line.holds("import") ? line.firstMatch(of: form).map { String($0.1) } : nil }
    }

    /// Line `index` without its comment and without what stands between quotes.
    func bareLine(_ index: Int) -> String {
        let unquoted = lines[index].replacing(/"(?:\\.|[^"\\])*"/, with: "\"\"")
        return String(unquoted.firstRange(of: "//").map { unquoted[..<$0.lowerBound] } ?? unquoted[...])
    }

    /// Whether a comment that is not documentation stands on line `index` or within `reach` lines of it.
    func hasRemark(near index: Int, reach: Int) -> Bool {
        lines[max(0, index - reach)...min(lines.count - 1, index + reach)].contains { line in
            line.contains(/(?:^|[^:\/])\/\/(?!\/)\s*\w/)
        }
    }
}
