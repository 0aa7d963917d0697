import VaultModel
import VaultService

/// Whether the vault opens, and whether somebody has it open.
enum VaultChecks {
    static func findings(_ configuration: Configuration, _ server: RunningServer) -> [Finding] {
        opening(configuration) + [holder(server)]
    }

    /// Reads the keyring through a read-only connection and opens its canaries.
    private static func opening(_ configuration: Configuration) -> [Finding] {
        let check = "vault"
        do throws(OpeningError) {
            let keys = try Vault.examineKeys(at: configuration.location)
            let opener =
                keys.openedBy == .previous
                ? Finding.warning(
                    check, "the previous master key opens it, and the current one not yet",
                    "`keystow rekey --master` wraps it anew; keep both configured until then")
                : .ok(check, "the master key opens it")
            return [opener, recovery(keys)]
        } catch {
            return [
                .fault(check, CommandFailure(error).message, "nothing was changed; see docs/operating.md, The files")
            ]
        }
    }

    /// Whether anything opens the vault when its master key is lost.
    private static func recovery(_ keys: ExaminedKeys) -> Finding {
        let check = "recovery_key"
        if keys.isRecoveryDamaged {
            return .fault(
                check, "what the recovery key has to open is damaged",
                "stop the server and make another: `keystow recovery new`")
        }
        return keys.hasRecoveryKey
            ? .ok(check, "there is one; `keystow restore --dry-run \(RecoveryCommand.keyFlag)` proves that yours is it")
            : .note(check, "there is none: without the master key nothing opens", "`keystow recovery new` makes one")
    }

    private static func holder(_ server: RunningServer) -> Finding {
        guard let process = server.process else {
            return .note("server", "the vault is open nowhere; limits below are of whoever starts it like this")
        }
        return .ok("server", "process \(process) has the vault open")
    }
}
