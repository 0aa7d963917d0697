import VaultModel

/// `keystow keys revoke` with a filter: counts first, says what it means, and does it only for exactly as many as were seen.
struct MassRevocationRunner {
    let order: MassRevocationOrder
    let asJSON: Bool

    /// The body of `POST /v1/revoke`, its members named as in the API.
    private struct Body: Encodable {
        let user_id: String?
        let provider: String?
        let project_id: String?
        let created_before: String?
        let all: Bool?
        let reason: String
        let dry_run: Bool?
        let expect: Int?
    }

    private struct Count: Decodable {
        let revoked: Int
    }

    /// How many keys there were, and before when they had been stored; unknown where the server's time is.
    private struct Sight {
        let count: Int
        let storedBefore: Timestamp?
    }

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        guard order.isDryRun || order.expected != nil || Question.canBeAsked else {
            throw CommandFailure(
                "revoking is final, and nobody is here to be asked: count with --dry-run, then give --expect", .usage)
        }
        try await requireKnownProvider(vault)
        var (expected, storedBefore) = (order.expected, order.createdBefore)
        if order.isDryRun {
            let seen = try await look(vault)
            guard expected == nil || seen.count == expected else { throw Self.otherCount(seen.count) }
            return say(seen)
        }
        if expected == nil {
            let seen = try await look(vault)
            guard seen.count > 0 else { return say(revoked: 0) }
            try await confirm(seen.count, vault)
            (expected, storedBefore) = (seen.count, seen.storedBefore)
        }
        // From here on the answer is waited for: whether it was done has to be said.
        let signals = StopSignals()
        defer { withExtendedLifetime(signals) {} }
        let body = body(expecting: expected, storedBefore: storedBefore, isDryRun: false)
        return say(revoked: try Self.count(in: try await vault.attempt("/v1/revoke", body)))
    }

    /// A provider whom the server does not know has no keys, and a slip of the pen must not read as a success.
    private func requireKnownProvider(_ vault: borrowing RemoteVault) async throws(CommandFailure) {
        guard let provider = order.provider else { return }
        guard try await ProviderConsoles.links(of: provider, project: nil, vault).isEmpty else { return }
        throw CommandFailure("there is no provider \(provider); nothing was revoked", .usage)
    }

    private static func otherCount(_ count: Int) -> CommandFailure {
        CommandFailure("there are \(count) keys now; nothing was revoked", .dataFault)
    }

    /// Counts, and notes the server's time of that: what is stored later has not been seen, so that it is not meant either.
    /// Without it, one key more and one less since the count would be as many as before.
    private func look(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> Sight {
        let body = body(expecting: nil, storedBefore: order.createdBefore, isDryRun: true)
        let reply = try await vault.attempt("/v1/revoke", body, isHarmless: true)
        // Times are whole milliseconds: what was stored in the same one has been counted.
        let end = reply.takenAt.map { Timestamp(milliseconds: $0.milliseconds + 1) }
        return Sight(
            count: try Self.count(in: reply),
            storedBefore: [end, order.createdBefore].compactMap(\.self).min())
    }

    private func body(expecting expected: Int?, storedBefore: Timestamp?, isDryRun: Bool) -> Body {
        Body(
            user_id: order.user?.description, provider: order.provider?.description,
            project_id: order.project?.description, created_before: storedBefore?.description,
            all: order.isForAll ? true : nil, reason: order.reason ?? "keystow keys revoke",
            dry_run: isDryRun ? true : nil, expect: expected)
    }

    private static func count(in reply: RemoteVault.Reply) throws(CommandFailure) -> Int {
        guard (200..<300).contains(reply.status) else {
            let failure = CommandFailure(reply)
            throw reply.status == 409 ? CommandFailure(failure.message, .dataFault) : failure
        }
        return try reply.understood(as: Count.self).revoked
    }

    /// Says what is going to happen, and has the number typed.
    private func confirm(_ count: Int, _ vault: borrowing RemoteVault) async throws(CommandFailure) {
        let links = try await ProviderConsoles.links(of: order.provider, project: order.project, vault)
        var lines = [
            "This revokes \(order.story): \(count) of them.",
            "It is final. From that moment no app gets them; the secrets are shredded, and the users have to paste again.",
            "The providers go on taking these keys: revoke them there too.",
        ]
        lines += links.map { "  \($0)" }
        Console.tell(lines: lines.map(HarmlessText.sentence))
        guard Question.ask("Type \(count) to revoke them, anything else to leave them:") == "\(count)" else {
            throw CommandFailure("nothing was revoked", .usage)
        }
    }

    private func say(_ seen: Sight) -> ExitCode {
        let end = seen.storedBefore.map { "\"\($0)\"" } ?? "null"
        if asJSON { return Console.say("{\"dry_run\":true,\"revoked\":\(seen.count),\"created_before\":\(end)}") }
        let code = Console.say("\(Self.keys(seen.count)) would be revoked")
        if seen.count > 0, let end = seen.storedBefore {
            let place = order.isForAll ? " in place of --all" : ""
            Console.tell("for exactly these give --expect \(seen.count) --created-before \(end)\(place)")
        }
        return code
    }

    private func say(revoked count: Int) -> ExitCode {
        if asJSON { return Console.say("{\"dry_run\":false,\"revoked\":\(count)}") }
        guard count > 0 else { return Console.say("no key is left to revoke; asked for was \(order.story)") }
        return Console.say(
            "\(Self.keys(count)) revoked: no app gets them any more; shredding the secrets goes on by itself")
    }

    private static func keys(_ count: Int) -> String { count == 1 ? "1 key" : "\(count) keys" }
}
