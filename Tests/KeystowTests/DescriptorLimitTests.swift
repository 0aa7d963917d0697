import FoundationEssentials
import HTTPServer
import Testing

@testable import keystow

/// How many connections come of how many open files, wherever that is said.
@Suite struct DescriptorLimitTests {
    private func text(of file: String) throws -> String {
        let root = #filePath.dropLast("Tests/KeystowTests/DescriptorLimitTests.swift".count)
        return String(decoding: try #require(FileManager.default.contents(atPath: root + file)), as: UTF8.self)
    }

    @Test(arguments: [
        (0, 64), (320, 64), (321, 65), (1_024, 768), (16_639, 16_383), (16_640, 16_384), (1_048_576, 16_384),
        (.max, 16_384),
    ]) func `the files that the vault needs itself are no connections`(files: Int, connections: Int) {
        #expect(DescriptorLimit.connections(of: files) == connections)
    }

    @Test(arguments: [(64, 16), (768, 192), (4_096, 1_024), (16_384, 1_024)])
    func `one address has a quarter of the places, and never more than its number`(connections: Int, address: Int) {
        let limits = ServerLimits.sharing(connections)
        #expect(limits.connections == connections && limits.connectionsPerAddress == address)
    }

    @Test func `the unit grants what the server makes use of, and the operator is told the same`() throws {
        let line = "LimitNOFILE=\(DescriptorLimit.useful)"
        let unit = try text(of: "docs/deploy/keystow.service").split(separator: "\n")
        #expect(unit.filter { $0.hasPrefix("LimitNOFILE") } == [line[...]])
        for match in try text(of: "docs/operating.md").matches(of: /LimitNOFILE=\d*/) {
            #expect(match.output == line)
        }
        #expect(try text(of: "docs/operating.md").contains(line))
        #expect(DescriptorLimit.connections(of: DescriptorLimit.useful) == DescriptorLimit.mostConnections)
        #expect(DescriptorLimit.connections(of: DescriptorLimit.useful - 1) < DescriptorLimit.mostConnections)
    }

    @Test func `the doctor counts as the server does`() {
        #expect(MachineChecks.openFiles(1_153, "here").level == .warning)
        #expect(MachineChecks.openFiles(1_279, "here").level == .warning)
        #expect(MachineChecks.openFiles(1_280, "here").level == .ok)
        #expect(MachineChecks.openFiles(8_192, "here").detail == "8192 files here are 7936 connections at once")
        #expect(MachineChecks.openFiles(.max, "here").detail.contains("16384 connections"))
        #expect(MachineChecks.openFiles(1_024, "here").advice?.contains("=\(DescriptorLimit.useful)") == true)
    }
}
