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

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        guard order.isDryRun || order.expected != nil || Question.canBeAsked else {
            throw CommandFailure(
                "revoking is final, and nobody is here to be asked: count with --dry-run, then give --expect", .usage)
        }
        try await requireKnownProvider(vault)
        var expected = order.expected
        if expected == nil {
            let count = try await send(vault, expecting: nil, isDryRun: true)
            if order.isDryRun { return say(count, isDryRun: true) }
            guard count > 0 else { return say(0, isDryRun: false) }
            try await confirm(count, vault)
            expected = count
        } else if order.isDryRun {
            let count = try await send(vault, expecting: nil, isDryRun: true)
            guard count == expected else { throw Self.otherCount(count) }
            return say(count, isDryRun: true)
        }
        // From here on the answer is waited for: whether it was done has to be said.
        let signals = StopSignals()
        defer { withExtendedLifetime(signals) {} }
        let count = try await send(vault, expecting: expected, isDryRun: false)
        return say(count, isDryRun: false)
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

    private func send(
        _ vault: borrowing RemoteVault, expecting expected: Int?, isDryRun: Bool
    ) async throws(CommandFailure) -> Int {
        let body = Body(
            user_id: order.user?.description, provider: order.provider?.description,
            project_id: order.project?.description, created_before: order.createdBefore?.description,
            all: order.isForAll ? true : nil, reason: order.reason ?? "keystow keys revoke",
            dry_run: isDryRun ? true : nil, expect: expected)
        let reply = try await vault.attempt("/v1/revoke", body)
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

    private func say(_ count: Int, isDryRun: Bool) -> ExitCode {
        if asJSON { return Console.say("{\"dry_run\":\(isDryRun),\"revoked\":\(count)}") }
        let keys = count == 1 ? "1 key" : "\(count) keys"
        if isDryRun { return Console.say("\(keys) would be revoked") }
        guard count > 0 else { return Console.say("no key is left to revoke; asked for was \(order.story)") }
        return Console.say("\(keys) revoked: no app gets them any more; shredding the secrets goes on by itself")
    }
}
