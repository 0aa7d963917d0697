import HTTPClient
import HTTPServer
import VaultAPI
import VaultModel
import VaultProviders
import VaultService

/// `keystow serve`: makes the vault where there is none, opens it, answers until told to stop.
enum ServeCommand {
    /// - Parameter user: for whom a link is made and printed, so that the page can be tried.
    static func run(
        _ configuration: Configuration, connect user: UserID? = nil
    ) async throws(CommandFailure) -> ExitCode {
        if let user {
            let likeness = KeyLikeness(doctor: KeyDoctor(try configuration.catalogue()))
            try likeness.refuseCredential(user.description, of: "--connect")
        }
        let signals = StopSignals()
        let log = ServerLog(threshold: configuration.log, time: SystemTime())
        var tls = try configuration.tls?.identity(at: SystemTime().now()) { Console.tell("warning: \($0)") }
        if try !exists(configuration) { try await makeVault(configuration, log) }
        let client = try Configuration.client()
        defer { client.close() }
        let vault = try configuration.openVault(client: client) { log.note(.notice($0)) }
        defer { vault.close() }
        do {
            try await vault.noteStart(version: Version.number)
            try await vault.settle()
        } catch {
            throw CommandFailure(settling: error, vault)
        }
        let site = PublicURL(
            configuration.publicURL?.description ?? "\(configuration.scheme)://\(configuration.listen)",
            securityContact: configuration.securityContact)
        let listeners = try Listeners(configuration, tls: tls, funnel(configuration, vault, site, log))
        // It has been read, and its text is not kept.
        tls = nil
        let base = configuration.publicURL?.description ?? listeners.url
        site.change(to: base)
        announce(listeners, log)
        configuration.notification.tell(.ready)
        if let user { await offer(to: user, vault, at: base) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await listeners.run() }
            group.addTask { await vault.run() }
            await signals.wait()
            log.note(.stopping)
            configuration.notification.tell(.stopping)
            group.cancelAll()
        }
        await vault.finish()
        log.note(.stopped)
        return .ok
    }

    private static func exists(_ configuration: Configuration) throws(CommandFailure) -> Bool {
        do {
            return try Vault.exists(in: configuration.dataDirectory)
        } catch {
            throw CommandFailure(error)
        }
    }

    private static func makeVault(_ configuration: Configuration, _ log: ServerLog) async throws(CommandFailure) {
        let access = try await InitCommand.make(configuration)
        if Console.isTerminal {
            let line = InitCommand.line(of: access).withBytes { bytes in
                unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            }
            Console.say("A new vault was made in \(configuration.dataDirectory). Its first tokens, shown this once:")
            Console.say(line)
        } else {
            try InitCommand.save(access, to: configuration.firstTokensFile)
            log.note(.vaultMade(firstTokens: configuration.firstTokensFile))
        }
    }

    private static func funnel(
        _ configuration: Configuration, _ vault: Vault, _ site: PublicURL, _ log: ServerLog
    ) -> Funnel {
        Funnel(
            vault, hosts: AllowedHosts(configuration.answeredHosts), site: site, rate: configuration.rateLimit.perToken,
            limitsFailures: configuration.rateLimit != .off, metrics: Metrics(version: Version.number),
            observe: { log.note(.answered($0)) })
    }

    private static func announce(_ listeners: Listeners, _ log: ServerLog) {
        Console.say(listeners.line)
        if Console.isTerminal {
            Console.tell("try it, with a token: curl -s \(listeners.url)/v1/token -H 'Authorization: Bearer kst_…'")
            Console.tell("Ctrl-C stops")
        } else {
            log.note(.listening(url: listeners.url))
        }
    }

    /// Makes and prints a link to try the page with. The server goes on without one when there can be none.
    private static func offer(to user: UserID, _ vault: Vault, at base: String) async {
        do {
            let link = try await TrialLink(for: user, in: vault, at: base)
            _ = Console.say(line: link.line())
            guard Console.isWatched else { return }
            Console.tell("open that address and paste a key, as \(user); it works once, until \(link.expiresAt)")
        } catch {
            Console.tell("no link for --connect: \(error)")
        }
    }
}

extension Configuration {
    /// The values of `Host` that are answered, without ports: what is named, what is listened on, what users see.
    fileprivate var answeredHosts: [String] {
        let publicAuthority = publicURL?.description.split(separator: "/").dropFirst().first.map(String.init)
        let named = hosts.map(\.name) + [listen.address, adminListen?.address].compactMap(\.self)
        return (named + [publicAuthority.flatMap { HostName($0)?.name }].compactMap(\.self)).map { name in
            name.contains(":") ? "[\(name)]" : name
        }
    }
}

extension RateLimit {
    /// What one token may do, in calls and milliseconds.
    fileprivate var perToken: RequestRate? {
        guard case .perToken(let calls, let span) = self else { return nil }
        return RequestRate(calls: calls, milliseconds: Int(span / .milliseconds(1)))
    }
}
