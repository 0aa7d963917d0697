import HTTPClient
import VaultModel

/// `keystow keys check|quarantine|release|revoke KEY…`: one key after the other.
///
/// What one key's answer says holds for this key; where the server does not answer or the token may not, the rest is left. A
/// signal is heard between two keys.
struct KeyChanges {
    let change: KeyChange
    let ids: [KeyID]
    let asJSON: Bool

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        if case .revoke(_, let isSure) = change, !isSure { try await confirm(vault) }
        let signals = StopSignals()
        defer { withExtendedLifetime(signals) {} }
        var codes: Set<ExitCode> = []
        for (index, id) in ids.enumerated() {
            if let signal = signals.received.signal {
                Console.tell("stopped; \(ids.count - index) of \(ids.count) keys were left as they are")
                return ExitCode(endedBy: signal)
            }
            if ids.count > 1, !Console.isTerminal { Console.show(progress: "\(index) of \(ids.count) keys") }
            let code: ExitCode
            do throws(CommandFailure) {
                code = try await settle(id, vault)
            } catch {
                Console.show(progress: nil)
                let left = ids.count - index
                guard left > 1 else { throw error }
                throw CommandFailure(
                    "\(id): \(error.message) (\(left) of \(ids.count) keys were not settled)", error.code)
            }
            if code == .inputOutput { return code }
            codes.insert(code)
        }
        Console.show(progress: nil)
        codes.remove(.ok)
        if case .revoke = change, codes.isEmpty { tellWhatRemains() }
        // Of several kinds of fault none speaks for all.
        return codes.count > 1 ? .dataFault : codes.first ?? .ok
    }

    /// Does it to one key and says what came of it.
    private func settle(_ id: KeyID, _ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        let path = "/v1/keys/\(id)/\(change.name)"
        let reply =
            if case .revoke(let reason, _) = change {
                try await vault.attempt(path, Reason(reason: reason))
            } else {
                try await vault.attempt(path, Nothing())
            }
        Console.show(progress: nil)
        guard (200..<300).contains(reply.status) else {
            let failure = CommandFailure(reply)
            guard failure.isOfOneKey else { throw failure }
            if asJSON {
                let said = Console.say("{\"id\":\"\(id)\",\"problem\":" + HarmlessText.json(reply.body) + "}")
                if said != .ok { return said }
            } else {
                Console.tell("\(id): \(failure.message)")
            }
            return failure.code == .usage ? .dataFault : failure.code
        }
        let key = try reply.understood(as: KeyObject.self)
        let (story, code) = story(of: key)
        let said = asJSON ? Console.say(HarmlessText.json(reply.body)) : Console.say("\(id)  \(story)")
        return said == .ok ? code : said
    }

    /// What became of the key, in words, and the code that says so.
    private func story(of key: KeyObject) -> (String, ExitCode) {
        switch change {
        case .check:
            let message = HarmlessText.sentence(key.verdict.message)
            switch key.works {
            case true?: return ("works: \(message)", .ok)
            case false?: return ("does not work: \(message)", .dataFault)
            case nil:
                let reason = HarmlessText.sentence(key.last_check?.reason ?? "not_checked")
                let before = HarmlessText.sentence(key.verdict.code)
                return ("not known: \(reason); the last definite answer was \(before)", .temporary)
            }
        case .quarantine: return ("quarantined: handed out to nobody until it is released", .ok)
        case .release: return ("released: \(HarmlessText.sentence(key.status))", .ok)
        case .revoke: return ("revoked for ever; its secret is shredded", .ok)
        }
    }

    private func tellWhatRemains() {
        guard Console.isWatched else { return }
        Console.tell("the providers still take these keys: revoke them in the providers' consoles too")
    }

    /// Shows which keys these are and asks.
    private func confirm(_ vault: borrowing RemoteVault) async throws(CommandFailure) {
        guard Question.canBeAsked else {
            throw CommandFailure("revoking is final, and nobody is here to be asked: give --yes", .usage)
        }
        var rows: [[Table.Cell]] = []
        for id in ids {
            let key = try await vault.fetch("/v1/keys/\(id)").understood(as: KeyObject.self)
            rows.append(KeyTable.row(key))
        }
        var terminal = Terminal.output
        terminal.width = terminal.width ?? 80
        var table = Table(KeyTable.columns, on: terminal)
        Console.tell(lines: table.lines(rows))
        let these = ids.count == 1 ? "this key" : "these \(ids.count) keys"
        Console.tell("revoking is final: the secret is shredded, and the user has to paste a key again")
        guard Question.ask("Revoke \(these) for ever? Type yes:") == "yes" else {
            throw CommandFailure("nothing was revoked", .usage)
        }
    }
}

/// A body without members.
private struct Nothing: Encodable {}

private struct Reason: Encodable {
    let reason: String?
}

extension CommandFailure {
    /// Whether the next key can fare better.
    fileprivate var isOfOneKey: Bool {
        switch code {
        case .noInput, .usage, .temporary: true
        default: false
        }
    }
}
