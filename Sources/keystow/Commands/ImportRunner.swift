import FoundationEssentials
import Glibc
import HTTPClient
import VaultModel
import VaultProviders

/// `keystow import …`: reads keys, says what would happen to them, and with `--apply` brings them to the server.
enum ImportRunner {
    static func run(_ command: ImportCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let server = try configuration.runningServer()
        let catalogue = try configuration.catalogue()
        let doctor = KeyDoctor(catalogue)
        let input = ImportInput(source: command.source, likeness: KeyLikeness(doctor: doctor))
        try input.likeness.refuseCredential(command.user?.description, of: "--user")
        let records = try input.records(format: command.format, knowing: KnownProviders(catalogue))
        guard !records.unreadColumnMayNameUsers else {
            throw CommandFailure(
                "whose keys are they? A column that is not read differs from row to row: if it says so, name that column "
                    + "user_id; if not, take it out and give --user", .usage)
        }
        if command.user == nil, records.records.contains(where: { $0.user == nil && $0.isInPlace }) {
            throw CommandFailure("whose keys are they? The file does not say: give --user", .usage)
        }

        let signals = StopSignals()
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: command.tokenFile))
        let served = try await Greeting.exchange(with: vault, project: command.project)
        let plan = ImportPlan(
            records, user: command.user, providers: KnownProviders(catalogue, served: served), doctor: doctor)
        let received = signals.received
        let session = ImportSession(
            vault: vault, isDryRun: !command.isApplied, project: command.project, validation: command.validation,
            time: SystemTime(), stopSignal: { received.signal },
            watch: { progress in Console.show(progress: progress.line) })
        let report = await session.run(plan, source: input.shownSource)
        Console.show(progress: nil)
        return tell(report, asJSON: command.asJSON)
    }

    /// Prints the report; output that nobody takes outweighs what it said.
    private static func tell(_ report: ImportReport, asJSON: Bool) -> ExitCode {
        let said = asJSON ? Console.say(line: report.json) : Console.say(report.lines.joined(separator: "\n"))
        return said == .ok ? report.exitCode : said
    }
}

/// What is settled with the server before the first key is sent: that it is there, and what the token may do.
private enum Greeting {
    private struct Caller: Decodable {
        let kind: String
        let scopes: [String]
    }

    private struct Providers: Decodable {
        struct Provider: Decodable { let id: String }
        let data: [Provider]
    }

    /// - Returns: the providers that the server knows.
    static func exchange(
        with vault: borrowing RemoteVault, project: ProjectID?
    ) async throws(CommandFailure) -> [ProviderID] {
        let caller = try await vault.fetch("/v1/token").understood(as: Caller.self)
        guard caller.scopes.contains(Scope.keysWrite.rawValue) else {
            throw CommandFailure("this token may not store keys: the scope keys:write is missing", .noPermission)
        }
        if caller.kind == TokenKind.admin.rawValue {
            guard let project else { throw CommandFailure("an admin's token needs --project", .usage) }
            if caller.scopes.contains(Scope.projectsWrite.rawValue) { try await see(project, in: vault) }
        } else if project != nil {
            throw CommandFailure("--project is for an admin's token; this one has its own project", .usage)
        }
        let providers = try await vault.fetch("/v1/providers").decoded(as: Providers.self)
        return providers?.data.compactMap { ProviderID($0.id) } ?? []
    }

    private static func see(_ project: ProjectID, in vault: borrowing RemoteVault) async throws(CommandFailure) {
        do {
            _ = try await vault.fetch("/v1/projects/\(project)")
        } catch {
            throw error.code == .noInput ? CommandFailure("there is no such project", .usage) : error
        }
    }
}
