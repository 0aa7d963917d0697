import VaultAPI
import VaultModel
import VaultService

/// What a running server says: JSON lines on standard error, of typed fields only.
///
/// What can be said is closed (``Event``), and none of it holds free text from outside, so that nothing of a request can
/// stand in a line. May be called from any thread: a line is one write.
struct ServerLog: Sendable {
    /// What can be said.
    enum Event: Sendable {
        /// A vault was made, and its first tokens lie in that file.
        case vaultMade(firstTokens: String)
        case listening(url: String)
        /// What is being answered is still answered.
        case stopping
        case stopped
        case answered(AnsweredRequest)
        case notice(VaultNotice)
    }

    let threshold: Configuration.LogThreshold
    let time: any TimeSource

    /// Writes a line unless it is worth less than the threshold.
    func note(_ event: Event) {
        let level = event.level
        guard level.rank <= threshold.rank else { return }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("at", time.now())
        writer.member("level", level.rawValue)
        event.write(to: &writer)
        writer.endObject()
        Console.tell(line: writer.finish())
    }
}

extension ServerLog.Event {
    /// What it is worth: a request that failed by our own fault is one to look at, any other is one of very many.
    fileprivate var level: Configuration.LogThreshold {
        switch self {
        case .vaultMade, .listening, .stopping, .stopped: .info
        case .answered(let request): request.status >= 500 ? .warning : .debug
        case .notice(let notice): notice.level
        }
    }

    /// The line's `event`, and the members that belong to it.
    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .vaultMade(let file):
            writer.member("event", "vault.made")
            writer.member("first_tokens", file)
        case .listening(let url):
            writer.member("event", "server.listening")
            writer.member("url", url)
        case .stopping: writer.member("event", "server.stopping")
        case .stopped: writer.member("event", "server.stopped")
        case .answered(let request):
            writer.member("event", "request.answered")
            writer.member("request_id", "\(request.requestID)")
            writer.member("route", request.route)
            writer.member("status", request.status)
            writer.member("microseconds", request.microseconds)
            writer.member("token_id", request.tokenID.map { "\($0)" })
        case .notice(let notice): notice.write(to: &writer)
        }
    }
}

extension VaultNotice {
    fileprivate var level: Configuration.LogThreshold {
        switch self {
        case .schedulerFailed, .rekeyFailed, .recoveryKeyDamaged, .keyringMended, .keyUndecryptable, .rowForged,
            .anchorUnwritable, .auditTampered, .anchorTampered:
            .error
        case .rekeyFinished(_, let failed): failed > 0 ? .error : .info
        case .keyringSealed: .warning
        case .revealSpike, .providerSuspect, .checksStopped, .anchorExposed, .anchorBegun, .openedByPreviousMasterKey:
            .warning
        case .schedulerRecovered, .anchorWritten: .info
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .schedulerFailed(let error):
            writer.member("event", "scheduler.failed")
            writer.member("code", ProblemCode(error).rawValue)
        case .schedulerRecovered: writer.member("event", "scheduler.recovered")
        case .revealSpike(let token):
            writer.member("event", "token.reveal_spike")
            writer.member("token_id", "\(token)")
        case .providerSuspect(let provider):
            writer.member("event", "provider.suspect")
            writer.member("provider", "\(provider)")
        case .checksStopped(let project):
            writer.member("event", "checks.stopped")
            writer.member("project_id", "\(project)")
        case .keyUndecryptable(let key):
            writer.member("event", "key.undecryptable")
            writer.member("key_id", "\(key)")
        case .rowForged: writer.member("event", "row.forged")
        case .openedByPreviousMasterKey:
            writer.member("event", "master_key.previous")
            writer.member(
                "advice", "run `keystow rekey --master`; keep the previous master key configured until it is done")
        case .recoveryKeyDamaged:
            writer.member("event", "recovery_key.damaged")
            writer.member("advice", "stop the server and run `keystow recovery new`")
        case .anchorUnwritable: writer.member("event", "anchor.unwritable")
        case .anchorWritten: writer.member("event", "anchor.written")
        case .anchorBegun(let entry):
            writer.member("event", "anchor.begun")
            writer.member("entry", entry)
        case .anchorExposed: writer.member("event", "anchor.exposed")
        case .anchorTampered(let lines):
            writer.member("event", "anchor.tampered")
            writer.member("notes", lines)
        case .rekeyFailed(let error):
            writer.member("event", "rekey.failed")
            writer.member("code", ProblemCode(error).rawValue)
        case .rekeyFinished(let term, let failed):
            writer.member("event", "rekey.finished")
            writer.member("term", term)
            writer.member("failed", failed)
        case .keyringMended: writer.member("event", "keyring.mended")
        case .keyringSealed: writer.member("event", "keyring.sealed")
        case .auditTampered(let entry):
            writer.member("event", "audit.tampered")
            writer.member("entry", entry)
        }
    }
}

extension Configuration.LogThreshold {
    /// The more there is to read, the higher.
    fileprivate var rank: Int {
        switch self {
        case .error: 0
        case .warning: 1
        case .info: 2
        case .debug: 3
        }
    }
}
