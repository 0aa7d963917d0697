import Glibc
import Testing

@testable import keystow

/// The program itself, as the shell sees it.
@Suite struct ProgramTests {
    /// Where the tests' own program lies, and `keystow` beside it.
    private static let folder: String = {
        let path = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }()

    private struct Outcome {
        let code: Int32
        let output: String
    }

    private func shell(_ line: String) throws -> Outcome {
        let pipe = try #require(popen(line, "r"))
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { output += chunk[..<count] }
        return Outcome(code: pclose(pipe) >> 8, output: String(decoding: output, as: UTF8.self))
    }

    private func keystow(_ arguments: String, environment: String = "") throws -> Outcome {
        try shell("env -i \(environment) '\(Self.folder)/keystow' \(arguments)")
    }

    @Test func `version and help go to standard output and end well`() throws {
        let version = try keystow("version 2>&1 >/dev/null; env -i '\(Self.folder)/keystow' version")
        #expect(version.output == "keystow 0.1.0\n")
        #expect(version.code == 0)
        #expect(try keystow("version --json").output == "{\"keystow\":\"0.1.0\"}\n")
        let help = try keystow("serve --help")
        #expect(help.output == HelpTopic.serve.page)
        #expect(help.code == 0)
    }

    @Test func `a wrong command line is 64, on standard error`() throws {
        let outcome = try keystow("serve --lisen :0 2>&1 >/dev/null")
        #expect(outcome.code == ExitCode.usage.rawValue)
        #expect(
            outcome.output
                == "keystow: unknown flag --lisen; did you mean --listen?\nkeystow: `keystow serve --help` tells more\n"
        )
    }

    @Test func `a wrong configuration is 78, all faults together, the environment's secrets unspoken`() throws {
        let environment =
            "KEYSTOW_LISTN=a KEYSTOW_LOG=verbose KEYSTOW_DATABASE_URL=postgres://u:hush@db KEYSTOW_MASTER_KEY=hush"
        let outcome = try keystow("serve --listen 0.0.0.0:1 2>&1 >/dev/null", environment: environment)
        #expect(outcome.code == ExitCode.configuration.rawValue)
        #expect(outcome.output.split(separator: "\n").count == 5)
        #expect(outcome.output.contains("warning: KEYSTOW_LISTN is not a setting; did you mean KEYSTOW_LISTEN?"))
        #expect(outcome.output.contains("KEYSTOW_LOG must be error, warning, info or debug"))
        #expect(outcome.output.contains("KEYSTOW_DATABASE_URL is not available in this version"))
        #expect(outcome.output.contains("warning: KEYSTOW_MASTER_KEY: an environment can be read by others"))
        #expect(outcome.output.contains("--listen must be on loopback"))
        #expect(!outcome.output.contains("hush"))
    }

    @Test func `output that nobody takes is an error`() throws {
        #expect(try keystow("version > /dev/full").code == ExitCode.inputOutput.rawValue)
    }

    @Test func `the program does without the whole of Foundation`() throws {
        let needed = try shell("readelf -d '\(Self.folder)/keystow'").output
        #expect(needed.contains("libswiftCore"))
        #expect(!needed.contains(/libFoundation(Internationalization|Networking|XML)?\.so/))
    }
}
