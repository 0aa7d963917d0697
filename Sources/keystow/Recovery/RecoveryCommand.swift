/// `keystow recovery …`: on the data directory.
struct RecoveryCommand: Sendable, Equatable {
    enum Act: Sendable, Equatable {
        /// A fresh recovery key, in place of the one there may have been.
        case new
        /// The vault is opened with the recovery key in this file, and sealed under the configured master key.
        case use(file: String)
    }

    var act: Act
    var flags: SettingFlags
    var asJSON: Bool

    static let keyFlag = "--recovery-key-file"
}

extension CommandLineArguments {
    static func recovering(_ arguments: ArraySlice<String>) throws(UsageFault) -> RecoveryCommand {
        guard let verb = arguments.first, !verb.hasPrefix("-") else {
            throw UsageFault("say what to do: new or use", .recovery)
        }
        guard let topic = HelpTopic(rawValue: "recovery \(verb)") else {
            throw UsageFault(unknown: verb, "recovery command", among: ["new", "use"], .recovery)
        }
        var form = ArgumentScanner.Form(valued: Set(Setting.ofVault.map(\.flag)), switches: ["--json"])
        if topic == .recoveryUse { form.valued.insert(RecoveryCommand.keyFlag) }
        let scanned = try ArgumentScanner(arguments.dropFirst(), form: form, topic: topic)
        let act: RecoveryCommand.Act
        if topic == .recoveryUse {
            guard let file = try recoveryKeyFile(scanned, topic: topic) else {
                throw UsageFault("name the file that the recovery key lies in: \(RecoveryCommand.keyFlag) FILE", topic)
            }
            act = .use(file: file)
        } else {
            act = .new
        }
        return RecoveryCommand(
            act: act, flags: try flags(scanned, topic: topic), asJSON: scanned.switches.contains("--json"))
    }

    static func recoveryKeyFile(_ scanned: ArgumentScanner, topic: HelpTopic) throws(UsageFault) -> String? {
        guard let file = scanned.values[RecoveryCommand.keyFlag]?.first else { return nil }
        guard !file.isEmpty else { throw UsageFault("\(RecoveryCommand.keyFlag) must name a file", topic) }
        return file
    }
}
