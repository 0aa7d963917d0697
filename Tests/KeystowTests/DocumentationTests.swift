import FoundationEssentials
import Testing

@testable import keystow

@Suite struct DocumentationTests {
    private func operating() throws -> String {
        let root = #filePath.dropLast("Tests/KeystowTests/DocumentationTests.swift".count)
        let bytes = try #require(FileManager.default.contents(atPath: root + "docs/operating.md"))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: Setting.allCases) func `the operator's table has each setting with its default`(
        _ setting: Setting
    ) throws {
        let row = try operating().split(separator: "\n").first { $0.hasPrefix("| `\(setting.rawValue)` |") }
        guard !Setting.notInThisVersion.contains(setting) else {
            #expect(row == nil)
            return
        }
        let cells = try #require(row).split(separator: "|").map { $0.filter { $0 != " " && $0 != "`" } }
        #expect(cells[1] == setting.defaultText.map { $0.filter { $0 != " " } } ?? "–")
    }

    @Test func `the operator is told what is not in this version`() throws {
        let line = try #require(
            try operating().split(separator: "\n").first { $0.hasPrefix("Not available in this version") }
        )
        let names = Set(line.matches(of: /`(KEYSTOW_\w+)`/).map { String($0.1) })
        #expect(names == Set(Setting.notInThisVersion.map(\.rawValue)))
    }
}
