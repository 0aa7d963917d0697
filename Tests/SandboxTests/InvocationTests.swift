import Testing

@testable import keystow_sandbox

@Suite struct InvocationTests {
    @Test func `it listens where it is told to`() throws {
        #expect(try Invocation([]) == .listen(address: "127.0.0.1", port: 0))
        #expect(try Invocation(["--listen", "0.0.0.0:8500"]) == .listen(address: "0.0.0.0", port: 8_500))
        #expect(try Invocation(["--listen=[::1]:0"]) == .listen(address: "::1", port: 0))
        #expect(try Invocation(["--help"]) == .help)
    }

    @Test(arguments: [["--listen"], ["--listen", "8500"], ["--listen", "a:99999"], ["--port", "1"], ["serve"]])
    func `what it does not understand is refused`(arguments: [String]) {
        #expect(throws: Invocation.Misuse.self) { try Invocation(arguments) }
    }
}

@Suite struct TranscriptTests {
    @Test func `a word within a word does not count`() throws {
        let transcript = try Transcript("Head.\n\n== valid\n200\n\n\n== invalid\n401\n\n\n")
        #expect(transcript.word(in: "sk-ant-api03-invalid") == "invalid")
        #expect(transcript.word(in: "sk-ant-api03-valid") == "valid")
        #expect(transcript.word(in: "sk-ant-api03-zzz") == "invalid")
    }

    @Test func `a section that is none is named`() {
        #expect(throws: Transcript.Malformed(section: "bad")) { try Transcript("Head.\n\n== bad\nabc\n\n") }
        #expect(throws: Transcript.Malformed(section: "bad")) { try Transcript("Head.\n\n== bad\n200\nno colon\n\n") }
    }
}
