/// Another implementation of the sealed box, in Python: `Tests/Reader/reader.py`.
package enum IndependentReader {
    private static let script = #filePath.dropLast("VaultTestKit/IndependentReader.swift".count) + "Reader/reader.py"

    /// Runs it; each of its arguments stands as it is. What it printed, line by line.
    ///
    /// - Throws: when it ended with another code than 0.
    package static func run(_ arguments: [String], input: String = "/dev/null") async throws -> [Substring] {
        let words = [String(script)] + arguments
        let line = words.map { "'\($0)'" }.joined(separator: " ")
        let result = try await Shell.run("PYTHONDONTWRITEBYTECODE=1 python3 \(line) < '\(input)' 2>&1")
        guard result.code == 0 else { throw TestKitFailure("the reader ended with \(result.code): \(result.output)") }
        return result.output.split(separator: "\n")
    }
}
