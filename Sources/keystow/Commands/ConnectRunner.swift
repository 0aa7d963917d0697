import HTTPClient
import VaultModel
import VaultProviders

/// `keystow connect …`: has the server make a link for one user, prints it, and with `--wait` tells how it ended.
enum ConnectRunner {
    static func run(_ command: ConnectCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode
    {
        let server = try configuration.runningServer()
        let likeness = KeyLikeness(doctor: KeyDoctor(try configuration.catalogue()))
        try likeness.refuseCredential(command.order.user.description, of: "--user")
        try likeness.refuseCredential(command.order.label, of: "--label")
        let client = try Configuration.client(longest: RemoteVault.patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: command.tokenFile))
        let answer = try await vault.submit("/v1/connect/sessions", ConnectBody(command.order))
        let link = try answer.understood(as: ConnectLink.self)
        // From the moment in which the link can be read, Ctrl-C ends the wait and not the sentence about it.
        let signals = command.waits ? StopSignals() : nil
        let said = Console.say(command.asJSON ? String(decoding: answer.body, as: UTF8.self) : link.url)
        guard said == .ok else { return said }
        if Console.isWatched { explain(link, command, server) }
        guard let signals else { return .ok }
        return try await wait(for: link, command, vault, signals)
    }

    private static func explain(_ link: ConnectLink, _ command: ConnectCommand, _ server: BaseURL) {
        let user = command.order.shownUser
        switch command.order.purpose {
        case .store: Console.tell("whoever opens it saves a key for \(user); it works once, until \(link.expires_at)")
        case .replace:
            Console.tell("whoever opens it replaces a key of \(user); it works once, until \(link.expires_at)")
        case .manage:
            Console.tell("whoever opens it can replace and remove the keys of \(user), until \(link.expires_at)")
        }
        Console.tell("so give it to \(user) alone, and keep it out of logs")
        guard !command.waits else { return Console.tell("Ctrl-C ends the wait, not the link") }
        let hint = command.order.purpose == .manage ? "" : ", or --wait"
        Console.tell("what becomes of it: GET \(server)/v1/connect/sessions/\(link.id)\(hint)")
    }

    private static func wait(
        for link: ConnectLink, _ command: ConnectCommand, _ vault: borrowing RemoteVault, _ signals: StopSignals
    ) async throws(CommandFailure) -> ExitCode {
        let received = signals.received
        defer { withExtendedLifetime(signals) {} }
        let user = command.order.shownUser
        let watch = ConnectWatch(id: link.id, time: SystemTime(), stopSignal: { received.signal }) { session in
            Console.show(progress: "waiting for \(user), until \(session.expires_at)")
        }
        let ending: ConnectWatch.Ending
        do throws(CommandFailure) {
            ending = try await watch.run(vault)
        } catch {
            Console.show(progress: nil)
            throw CommandFailure("\(error.message); the link is left as it is", error.code)
        }
        Console.show(progress: nil)
        return report(ending, link, command)
    }

    private static func report(
        _ ending: ConnectWatch.Ending, _ link: ConnectLink, _ command: ConnectCommand
    ) -> ExitCode {
        switch ending {
        case .interrupted(let signal):
            Console.tell(
                "stopped waiting; the link works until \(link.expires_at) at least; GET /v1/connect/sessions/\(link.id) tells"
            )
            return ExitCode(endedBy: signal)
        case .ended(let session, let body):
            let said = command.asJSON ? Console.say(String(decoding: body, as: UTF8.self)) : .ok
            Console.tell(session.story(of: command.order.shownUser))
            return said == .ok ? session.exitCode : said
        }
    }
}

extension ConnectOrder {
    /// As people know the user.
    fileprivate var shownUser: String { label ?? user.description }
}

/// The body of `POST /v1/connect/sessions`, its members named as in the API.
private struct ConnectBody: Encodable {
    let user_id: String
    let user_label: String?
    let purpose: String
    let key_id: String?
    let providers: [String]?
    let return_url: String?
    let origin: String?
    let ttl_seconds: Int?
    let locale: String?
    let project_id: String?

    init(_ order: ConnectOrder) {
        user_id = order.user.description
        user_label = order.label
        purpose = order.purpose.rawValue
        key_id = order.key?.description
        providers = order.providers?.map(\.description)
        return_url = order.returnURL
        origin = order.origin?.description
        ttl_seconds = order.lifetimeSeconds
        locale = order.locale
        project_id = order.project?.description
    }
}

/// What the server answers to it.
private struct ConnectLink: Decodable {
    let id: String
    let url: String
    let expires_at: String
}
