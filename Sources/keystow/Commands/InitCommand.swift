import Glibc
import VaultModel
import VaultService

/// `keystow init`: makes a vault and prints its first tokens, once.
enum InitCommand {
    static func run(
        _ configuration: Configuration, withRecoveryKey: Bool
    ) async throws(CommandFailure) -> ExitCode {
        let access = try await make(configuration, withRecoveryKey: withRecoveryKey)
        return Console.say(line: line(of: access))
    }

    static func make(
        _ configuration: Configuration, withRecoveryKey: Bool = false
    ) async throws(CommandFailure) -> FirstAccess {
        do {
            return try await Vault.initialise(at: configuration.location, withRecoveryKey: withRecoveryKey)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// `{"admin_token":…,"project_id":…,"app_token":…}` and, where there is one, `"recovery_key":…`: none of these needs
    /// an escape in JSON.
    static func line(of access: borrowing FirstAccess) -> WipedBuffer {
        var line = WipedBuffer("{\"admin_token\":\"")
        access.adminToken.withBytes { bytes in line.append(bytes) }
        line.append("\",\"project_id\":\"\(access.projectID)\",\"app_token\":\"")
        access.appToken.withBytes { bytes in line.append(bytes) }
        switch access.recoveryKey {
        case .some(let key):
            line.append("\",\"recovery_key\":\"" as StaticString)
            key.withBytes { bytes in line.append(bytes) }
        case .none: break
        }
        line.append("\"}" as StaticString)
        return line
    }

    /// Keeps the tokens in a file that nobody else can read, until an admin token is first used.
    static func save(_ access: borrowing FirstAccess, to path: String) throws(CommandFailure) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard file >= 0 else { throw CommandFailure("cannot write \(path)", .cannotCreate) }
        defer { close(file) }
        guard fchmod(file, 0o400) == 0, Console.write(line(of: access), to: file) == .ok, fsync(file) == 0 else {
            throw CommandFailure("cannot write \(path)", .inputOutput)
        }
    }
}
