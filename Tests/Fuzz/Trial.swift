import Glibc

/// One thing that reads what others wrote, and all that must hold of whatever it makes of it.
protocol Trial {
    init() throws
    func run(_ bytes: [UInt8]) throws
}

/// The trial that the program was started for, by `--trial=NAME`.
func chosenTrial() throws -> any Trial {
    let trials: [String: any Trial.Type] = [
        "KeyDoctor": KeyDoctorTrial.self, "OutcomeReader": OutcomeReaderTrial.self, "JSONReader": JSONReaderTrial.self,
        "TargetParser": TargetParserTrial.self, "TokenParser": TokenParserTrial.self,
        "RecordDecoder": RecordDecoderTrial.self,
    ]
    let name = CommandLine.arguments.compactMap { $0.split(separator: "--trial=").first }.first {
        trials[String($0)] != nil
    }
    guard let trial = name.flatMap({ trials[String($0)] }) else { throw NoSuchTrial() }
    return try trial.init()
}

struct NoSuchTrial: Error {}

/// Ends the process, and so the run of the fuzzer, when something that must hold does not.
func require(_ holds: Bool, _ what: StaticString) {
    guard !holds else { return }
    let said = "fuzz: it does not hold that \(what)\n"
    _ = said.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    abort()
}
