import FoundationEssentials
import Glibc
import Testing

/// What would show a secret, or carry it to where it is shown, does not compile.
@Suite struct SecretsDoNotPrintTests {
    /// One of them a line, with `TYPE` for the type and `USE` for a name of its own.
    private static let uses = [
        "func USE(_ value: consuming TYPE) { print(value) }",
        "func USE(_ value: consuming TYPE) { debugPrint(value) }",
        "func USE(_ value: consuming TYPE) { dump(value) }",
        #"func USE(_ value: consuming TYPE) -> String { "\(value)" }"#,
        "func USE(_ value: consuming TYPE) -> String { String(describing: value) }",
        "func USE(_ value: consuming TYPE) -> String { String(reflecting: value) }",
        "func USE(_ value: consuming TYPE) -> Mirror { Mirror(reflecting: value) }",
        "func USE(_ value: consuming TYPE) -> Any { value }",
        "func USE(_ value: consuming TYPE) -> any Sendable { value }",
        "func USE(_ value: consuming TYPE) -> [TYPE] { [value] }",
        "func USE(_ value: consuming TYPE) -> [Int: TYPE] { [1: value] }",
        "struct USE { let value: TYPE }",
        "enum USE: Error { case use(TYPE) }",
        "struct USE: ~Copyable, Error { let value: TYPE }",
        "func USE(_ value: consuming TYPE, _ other: consuming TYPE) -> Bool { value == other }",
    ]
    /// What would change the type itself, so that each is compiled alone.
    private static let extensions = [
        "extension TYPE: Encodable { func encode(to encoder: any Encoder) {} }",
        #"extension TYPE: CustomStringConvertible { var description: String { "" } }"#,
        #"extension TYPE: CustomDebugStringConvertible { var debugDescription: String { "" } }"#,
        "extension TYPE: Hashable {}",
    ]
    /// What is allowed, so that the compiler can be seen to take something.
    private static let allowed = [
        "func USE(_ value: borrowing TYPE) -> Int { value.count }",
        "func USE(_ value: consuming TYPE) -> TYPE { value }",
        "struct USE: ~Copyable { let value: TYPE }",
        "func USE(_ value: borrowing TYPE) -> Bool { value.withBytes { $0.byteCount > 1 } }",
    ]
    private static let sources = ["SecretBytes", "SecretMemory", "WipedBuffer", "RawSpanBytes"]

    /// For each unit, compiled by itself beside the types' own sources, what the compiler says to its lines, by their numbers.
    private static func faults(of units: [[String]], _ type: String) async throws -> [[Int: String]] {
        var template = Array("/tmp/keystow-snippets-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { _ = system("rm -r '\(folder)'") }
        for (number, unit) in units.enumerated() {
            let lines = unit.enumerated().map { index, line in
                line.replacing("TYPE", with: type).replacing("USE", with: "Use\(index)")
            }
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/\(number).swift"))
        }
        let types = sources.map { "'\(Repository.root)/Sources/VaultModel/\($0).swift'" }.joined(separator: " ")
        let script = """
            compiler=$(command -v swiftc || echo /opt/swift/usr/bin/swiftc); cd '\(folder)'
            { for number in $(seq 0 \(units.count - 1)); do
                "$compiler" -typecheck -swift-version 6 -package-name keystow -module-name Snippet -parse-as-library \
                    \(types) $number.swift > $number.said 2>&1
                echo "ended $?" >> $number.said
            done; touch done; } &
            """
        try #require(system(script) == 0)
        while access("\(folder)/done", F_OK) != 0 { try await Task.sleep(for: .milliseconds(20)) }
        return try units.indices.map { number in
            let said = try String(contentsOf: URL(filePath: "\(folder)/\(number).said"), encoding: .utf8)
            try #require(said.hasSuffix("ended 0\n") || said.hasSuffix("ended 1\n"), "\(said)")
            var faults: [Int: String] = [:]
            for fault in said.matches(of: /(?m)^(?:.*\/)?\d+\.swift:(\d+):\d+: error: (.*)$/) {
                faults[Int(fault.1) ?? 0, default: ""] += fault.2
            }
            return faults
        }
    }

    @Test(arguments: ["SecretBytes", "WipedBuffer"])
    func `M06 no secret is printed, described, mirrored, put in a list, an error or another's value, or encoded`(
        type: String
    ) async throws {
        let units = [Self.uses + Self.allowed] + Self.extensions.map { [$0] }
        let faults = try await Self.faults(of: units, type)
        for (unit, faults) in zip(units, faults) {
            for (index, line) in unit.enumerated() {
                guard !Self.allowed.contains(line) else {
                    #expect(faults[index + 1] == nil, "\(line)")
                    continue
                }
                // For the one reason, and not for a slip of the pen.
                let fault = faults[index + 1] ?? ""
                #expect(
                    fault.contains("Copyable") || fault.contains("no exact matches") || fault.contains("operator '=='"),
                    "\(line): \(fault)")
            }
        }
    }
}
