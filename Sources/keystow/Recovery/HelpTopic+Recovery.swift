/// What there is help about under `keystow recovery`.
extension HelpTopic {
    var recoverySummary: String {
        switch self {
        case .recoveryNew: "make a fresh recovery key, and print it once"
        case .recoveryUse: "open the vault with its recovery key, and seal it under the configured master key"
        default: "an offline key that opens the vault when the master key is lost"
        }
    }

    var recoveryUsage: String {
        switch self {
        case .recoveryNew: "keystow recovery new [--json] [FLAG]…"
        case .recoveryUse: "keystow recovery use \(RecoveryCommand.keyFlag) FILE [--json] [FLAG]…"
        default: "keystow recovery new | use [FLAG]…"
        }
    }

    var recoveryDetails: String {
        switch self {
        case .recoveryNew:
            """
            44 characters of base64, alone on standard output. Keep it on paper or on a disk in a safe, apart from the
            data: whoever has both has every key. The recovery key that there was opens older backups alone from then
            on. Works on the data directory, which needs the server to be stopped.

            `keystow restore BACKUP --dry-run \(RecoveryCommand.keyFlag) FILE` proves that it works, and changes nothing.
            """
        case .recoveryUse:
            """
            FILE has the recovery key, and is closed to all others (0400). The configured master key opens the vault
            afterwards, and the lost one does not: a file that is not there is made. Keys, tokens and secrets stay as
            they are. Works on the data directory, which needs the server to be stopped; a backup is taken back with
            `keystow restore`, which has \(RecoveryCommand.keyFlag) too. Make a fresh recovery key when it is done.

            Ends with 66 when there is no such file, 78 when it has another key or the vault has none.
            """
        default:
            "Commands:\n"
                + indented([Self.recoveryNew, .recoveryUse].map { pad($0.rawValue) + $0.summary })
        }
    }

    var recoveryExamples: [String] {
        switch self {
        case .recoveryNew: ["keystow recovery new", "keystow recovery new --json --data-dir ./somewhere"]
        case .recoveryUse:
            [
                "keystow recovery use \(RecoveryCommand.keyFlag) /mnt/safe/recovery.key "
                    + "--master-key-file /etc/keystow/master.key"
            ]
        default: ["keystow recovery new", "keystow recovery use \(RecoveryCommand.keyFlag) /mnt/safe/recovery.key"]
        }
    }
}
