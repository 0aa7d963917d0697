import VaultAPI
import VaultModel

/// What a running server says: JSON lines on standard error, of typed fields only.
///
/// There is no member for free text from outside, so that nothing of a request can stand in a line. May be called
/// from any thread: a line is one write.
struct ServerLog: Sendable {
    /// What can be said; the raw value is the line's `event`.
    enum Event: String, Sendable {
        case vaultMade = "vault.made"
        case listening = "server.listening"
        case stopping = "server.stopping"
        case request = "request.answered"
    }

    let threshold: Configuration.LogThreshold
    let time: any TimeSource

    /// Writes a line unless it is worth less than the threshold.
    func note(_ level: Configuration.LogThreshold, _ event: Event, _ fields: [(StaticString, String)] = []) {
        guard level.rank <= threshold.rank else { return }
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.member("at", time.now())
        writer.member("level", level.rawValue)
        writer.member("event", event.rawValue)
        for (name, value) in fields { writer.member(name, value) }
        writer.endObject()
        Console.tell(line: writer.finish())
    }

    /// A request that was answered, at `debug`.
    func note(_ answered: AnsweredRequest) {
        guard Configuration.LogThreshold.debug.rank <= threshold.rank else { return }
        note(
            .debug, .request,
            [
                ("request_id", "\(answered.requestID)"), ("route", answered.route), ("status", "\(answered.status)"),
                ("microseconds", "\(answered.microseconds)"), ("token_id", answered.tokenID.map { "\($0)" } ?? ""),
            ])
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
