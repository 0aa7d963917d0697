import HTTPClient
import VaultModel
import VaultService

/// `keystow recovery`: makes the offline recovery key, and opens the vault with it when the master key is lost.
enum RecoveryRunner {
    static func run(_ command: RecoveryCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode
    {
        let client = try Configuration.client()
        defer { client.close() }
        switch command.act {
        case .new:
            let vault = try configuration.openVault(client: client)
            defer { vault.close() }
            try await vault.settleForCommand()
            let line = try await newKey(of: vault, asJSON: command.asJSON)
            await vault.finish()
            let said = Console.say(line: line)
            if said != .ok {
                Console.tell("the new recovery key could not be printed, and nobody knows it: call it again")
            }
            return said
        case .use(let file):
            let vault = try configuration.openVault(client: client, recoveryKey: file)
            defer { vault.close() }
            try await vault.settleForCommand()
            let master = try await newMaster(of: vault)
            await vault.finish()
            return Console.say(
                command.asJSON
                    ? "{\"master_id\":\"\(master)\"}"
                    : "the configured master key opens the vault now, \(master); make a fresh recovery key: `keystow recovery new`"
            )
        }
    }

    private static func newKey(of vault: Vault, asJSON: Bool) async throws(CommandFailure) -> WipedBuffer {
        let key: SecretBytes
        do {
            key = try await vault.makeRecoveryKey(RequestContext(caller: .terminal))
        } catch {
            throw CommandFailure("the vault refused, and nothing was changed: \(error)", .unavailable)
        }
        var line = WipedBuffer(asJSON ? "{\"recovery_key\":\"" : "")
        key.withBytes { bytes in line.append(bytes) }
        if asJSON { line.append("\"}" as StaticString) }
        return line
    }

    private static func newMaster(of vault: Vault) async throws(CommandFailure) -> MasterKeyID {
        do {
            return try await vault.replaceLostMaster(RequestContext(caller: .terminal))
        } catch {
            throw CommandFailure(error)
        }
    }
}
