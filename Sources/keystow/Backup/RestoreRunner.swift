import VaultAPI
import VaultModel
import VaultService

/// `keystow restore FILE`: on the data directory, with the server stopped.
enum RestoreRunner {
    static func run(_ command: RestoreCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode
    {
        var order = command.order
        order.acceptedNote = order.acceptedNote ?? configuration.acceptRollback
        let catalogue = try configuration.catalogue()
        var location = configuration.location
        location.recoveryKey = command.recoveryKeyFile.map { MasterKeyFile(path: $0) }
        let report: RestoreReport
        do throws(OpeningError) {
            defer { Console.show(progress: nil) }
            report = try await Vault.restore(order, to: location, catalogue: catalogue) { progress in
                switch progress {
                case .copying(let bytes, let whole): Console.show(progress: "\(bytes >> 20) of \(whole >> 20) MiB")
                case .opening(let secrets): Console.show(progress: "\(secrets) secrets")
                }
            }
        } catch {
            throw CommandFailure(restoring: error)
        }
        let said =
            command.asJSON
            ? Console.say(line: BackupReport.json(report, isDryRun: order.isDryRun))
            : Console.say(lines: BackupReport.lines(report, isDryRun: order.isDryRun))
        guard said == .ok else { return said }
        return report.opened == report.secrets ? .ok : .dataFault
    }
}

extension CommandFailure {
    /// The same refusals as of a start, with what says here that they are meant.
    init(restoring error: OpeningError) {
        switch error {
        case .rolledBack(let stored, let anchored, let path, let note):
            self.init(
                "the backup ends at entry \(stored), and \(path) has entry \(anchored) signed: what happened since would be "
                    + "given up, but for what has ended. To take it all the same, --older \(note)", .configuration)
        case .rewritten(let entry, let path, let note):
            self.init(
                "the backup is of before entry \(entry), which stands signed in \(path): what happened since would be given "
                    + "up, but for what has ended. To take it all the same, --older \(note)", .configuration)
        case .anchorMissing(let path, let note):
            self.init(
                "the anchor \(path) is not there, to which the backup's heads were written: without it nobody knows what was "
                    + "revoked since. Put it back (KEYSTOW_AUDIT_ANCHOR says where), or begin another: --older \(note)",
                .configuration)
        case .anchorCut(let path, let note):
            self.init(
                "notes that were in the anchor \(path) are gone. Put it back as it was; to go on without them, --older \(note)",
                .configuration)
        case .anchorForeign(let path, _):
            self.init(
                "nothing in the anchor \(path) was signed by the backup's vault: KEYSTOW_AUDIT_ANCHOR must name its own. "
                    + "--adopt takes it all the same", .configuration)
        default: self.init(error)
        }
    }
}
