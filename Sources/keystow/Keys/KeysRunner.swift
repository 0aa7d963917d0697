import HTTPClient
import VaultModel
import VaultProviders

/// `keystow keys …`: sees to the keys of a running server.
enum KeysRunner {
    static func run(_ command: KeysCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let server = try configuration.runningServer()
        let likeness = KeyLikeness(doctor: KeyDoctor(try configuration.catalogue()))
        try likeness.refuseCredential(command.act.user?.description, of: "--user")
        try likeness.refuseCredential(command.act.reason, of: "--reason")
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: command.tokenFile))
        Console.outliveReaders()
        switch command.act {
        case .list(let selection, let limit):
            return try await KeyListing(pages: KeyPages(selection: selection, limit: limit), asJSON: command.asJSON)
                .run(vault)
        case .show(let id): return try await KeyPortrait(id: id, asJSON: command.asJSON).run(vault)
        case .stale(let selection, let reasons, let isQuiet):
            return try await StaleReport(
                selection: selection, reasons: reasons, isQuiet: isQuiet, asJSON: command.asJSON
            ).run(vault)
        case .change(let change, let ids):
            return try await KeyChanges(change: change, ids: ids, asJSON: command.asJSON).run(vault)
        case .revokeMany(let order):
            return try await MassRevocationRunner(order: order, asJSON: command.asJSON).run(vault)
        }
    }
}

extension KeysCommand.Act {
    fileprivate var user: UserID? {
        switch self {
        case .list(let selection, _), .stale(let selection, _, _): selection.user
        case .revokeMany(let order): order.user
        case .show, .change: nil
        }
    }

    fileprivate var reason: String? {
        switch self {
        case .change(.revoke(let reason, _), _): reason
        case .revokeMany(let order): order.reason
        case .list, .show, .stale, .change: nil
        }
    }
}
