import VaultModel

/// `keystow doctor`: looks whether the vault, its machine and its surroundings are well; changes nothing.
///
/// It takes no lock and writes nothing, so that it can be run beside a running server.
enum DoctorCommand {
    static func run(
        _ configuration: Configuration, asJSON: Bool, egress: EgressChecks.Scope
    ) async throws(CommandFailure) -> ExitCode {
        Console.outliveReaders()
        let terminal = Terminal.output
        var counts: [Finding.Level: Int] = [:]
        func tell(_ findings: [Finding]) -> ExitCode {
            for finding in findings { counts[finding.level, default: 0] += 1 }
            return Console.say(lines: asJSON ? findings.map(\.json) : findings.flatMap { $0.lines(on: terminal) })
        }
        let server = RunningServer(dataDirectory: configuration.dataDirectory)
        let local =
            FileChecks(configuration: configuration).findings + VaultChecks.findings(configuration, server)
            + MachineChecks(server: server).findings + LibraryChecks.findings + AddressChecks.findings(configuration)
        guard tell(local) == .ok else { return .inputOutput }
        if Console.isWatched, egress != .none { Console.show(progress: "calling providers") }
        let remote = try await EgressChecks.findings(configuration, egress)
        Console.show(progress: nil)
        guard tell(remote) == .ok else { return .inputOutput }
        let (faults, warnings) = (counts[.fault, default: 0], counts[.warning, default: 0])
        if Console.isWatched {
            let words = [(faults, "fault"), (warnings, "warning")].map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
            Console.tell(faults + warnings == 0 ? "all is well" : words.joined(separator: ", "))
        }
        return faults == 0 ? .ok : .dataFault
    }
}
