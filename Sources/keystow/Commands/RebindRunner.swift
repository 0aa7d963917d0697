import HTTPClient
import VaultModel
import VaultService

/// `keystow rebind PROVIDER`: binds its keys to where it is called now.
enum RebindRunner {
    static func run(_ command: RebindCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let client = try Configuration.client()
        defer { client.close() }
        let vault = try configuration.openVault(client: client)
        defer { vault.close() }
        try await vault.settleForCommand()
        let signals = StopSignals()
        let received = signals.received
        defer { withExtendedLifetime(signals) {} }
        let rebinding: Rebinding
        do {
            guard let total = try vault.rebindable(command.provider) else {
                throw CommandFailure("the catalogue has no provider \(command.provider)", .usage)
            }
            rebinding = try await vault.rebind(
                command.provider, isDryRun: command.isDryRun, RequestContext(caller: .terminal)
            ) { done in
                Console.show(progress: "\(done.looked) of \(total) keys of \(command.provider)")
                return received.signal == nil
            }
            Console.show(progress: nil)
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            Console.show(progress: nil)
            throw CommandFailure("the vault refused: \(error)", .unavailable)
        }
        await vault.finish()
        let said = report(rebinding, command)
        guard let signal = received.signal else { return said }
        Console.tell("stopped; call it again to go on where it was")
        return ExitCode(endedBy: signal)
    }

    private static func report(_ rebinding: Rebinding, _ command: RebindCommand) -> ExitCode {
        if command.asJSON {
            return Console.say(
                "{\"provider\":\"\(command.provider)\",\"dry_run\":\(command.isDryRun),\"rebound\":\(rebinding.rebound),"
                    + "\"unchanged\":\(rebinding.unchanged),\"left\":\(rebinding.left)}")
        }
        let verb = command.isDryRun ? "would be bound" : "were bound"
        var text = "\(rebinding.rebound) keys of \(command.provider) \(verb) to the base URL that is configured now"
        text += "; \(rebinding.unchanged) were already"
        if rebinding.left > 0 { text += "; \(rebinding.left) cannot be believed or lead nowhere, and stay as they are" }
        return Console.say(text)
    }
}
