import VaultService

/// `keystow backup …`: always over HTTP.
struct BackupCommand: Sendable, Equatable {
    var file: String
    /// Whether a file of that name is replaced.
    var isForced: Bool
    var flags: SettingFlags
    /// A file that holds the token to speak with.
    var tokenFile: String?
    var asJSON: Bool
}

/// `keystow restore …`: on the data directory.
struct RestoreCommand: Sendable, Equatable {
    var order: RestoreOrder
    /// A file with what opens the backup in place of its master key.
    var recoveryKeyFile: String?
    var flags: SettingFlags
    var asJSON: Bool
}

extension CommandLineArguments {
    static func backingUp(_ arguments: ArraySlice<String>) throws(UsageFault) -> BackupCommand {
        var form = ArgumentScanner.Form(switches: ["--force", "--json"], words: 0...1)
        form.valued = [Setting.url.flag, "--token-file"]
        let scanned = try ArgumentScanner(arguments, form: form, topic: .backup)
        guard let file = scanned.words.first, !file.isEmpty else {
            throw UsageFault("say where the backup goes: keystow backup FILE", .backup)
        }
        return BackupCommand(
            file: file, isForced: scanned.switches.contains("--force"), flags: try flags(scanned, topic: .backup),
            tokenFile: scanned.values["--token-file"]?.first, asJSON: scanned.switches.contains("--json"))
    }

    static func restoring(_ arguments: ArraySlice<String>) throws(UsageFault) -> RestoreCommand {
        var form = ArgumentScanner.Form(
            valued: Set(Setting.ofVault.map(\.flag)), switches: ["--dry-run", "--replace", "--adopt", "--json"])
        form.valued.formUnion(["--older", RecoveryCommand.keyFlag])
        form.words = 0...1
        let scanned = try ArgumentScanner(arguments, form: form, topic: .restore)
        guard let file = scanned.words.first, !file.isEmpty else {
            throw UsageFault("say which backup: keystow restore FILE", .restore)
        }
        var order = RestoreOrder(file: file)
        order.isDryRun = scanned.switches.contains("--dry-run")
        order.replaces = scanned.switches.contains("--replace")
        order.adopts = scanned.switches.contains("--adopt")
        if let text = scanned.values["--older"]?.first {
            guard let note = WholeNumber.parse(text, in: 0...1_000_000_000) else {
                throw UsageFault("--older must be the number that the refusal named", .restore)
            }
            order.acceptedNote = note
        }
        return RestoreCommand(
            order: order, recoveryKeyFile: try recoveryKeyFile(scanned, topic: .restore),
            flags: try flags(scanned, topic: .restore), asJSON: scanned.switches.contains("--json"))
    }
}
