import VaultModel
import VaultService

/// Whether the vault opens, and whether somebody has it open.
enum VaultChecks {
    static func findings(_ configuration: Configuration, _ server: RunningServer) -> [Finding] {
        [opening(configuration), recovery(configuration), holder(server)].compactMap(\.self)
    }

    /// Reads the keyring through a read-only connection and opens its canaries.
    private static func opening(_ configuration: Configuration) -> Finding {
        let check = "vault"
        do throws(OpeningError) {
            guard try Vault.verifyMasterKey(at: configuration.location) == .previous else {
                return .ok(check, "the master key opens it")
            }
            return .warning(
                check, "the previous master key opens it, and the current one not yet",
                "`keystow rekey --master` wraps it anew; keep both configured until then")
        } catch {
            return .fault(
                check, CommandFailure(error).message, "nothing was changed; see docs/operating.md, The files")
        }
    }

    /// Whether anything opens the vault when its master key is lost; `nil` where that cannot be told.
    private static func recovery(_ configuration: Configuration) -> Finding? {
        let check = "recovery_key"
        guard let hasOne = try? Vault.hasRecoveryKey(in: configuration.dataDirectory) else { return nil }
        return hasOne
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
