import VaultAPI
import VaultModel

extension ImportReport {
    /// The report for programs: one JSON object.
    var json: WipedBuffer {
        var writer = JSONWriter(capacity: 512 + entries.count * 200)
        writer.beginObject()
        writer.member("dry_run", isDryRun)
        writer.member("source", place)
        writer.member("ended", ended)
        if let explanation { writer.member("detail", explanation) }
        writer.beginObject("counts")
        let counts = counts
        writer.member("storable", counts.storable)
        writer.member("stored", counts.stored)
        writer.member("already_there", counts.alreadyThere)
        writer.member("refused", counts.refused)
        writer.member("postponed", counts.postponed)
        writer.member("not_reached", counts.notReached)
        writer.member("skipped", skipped.count)
        writer.endObject()
        writer.beginArray("keys")
        for entry in entries { writer.value(entry) }
        writer.endArray()
        writer.beginArray("skipped")
        for value in skipped {
            writer.beginObject()
            writer.member("line", value.line)
            writer.member("name", value.name)
            writer.member("reason", value.reason)
            writer.endObject()
        }
        writer.endArray()
        writer.member("reminder", reminder)
        writer.endObject()
        return writer.finish()
    }

    private var ended: String {
        switch ending {
        case .complete: "complete"
        case .interrupted: "interrupted"
        case .connectionLost: "connection_lost"
        case .vaultUnavailable: "vault_unavailable"
        case .notAllowed: "not_allowed"
        case .noProject: "no_project"
        }
    }

    private var explanation: String? {
        switch ending {
        case .connectionLost(let why), .vaultUnavailable(let why), .notAllowed(let why): why
        case .complete, .interrupted, .noProject: nil
        }
    }
}

extension JSONWriter {
    fileprivate mutating func value(_ entry: ImportReport.Entry) {
        beginObject()
        member("line", entry.line)
        member("variable", entry.variable)
        member("user_id", entry.user)
        member("provider", entry.provider)
        member("kind", entry.kind)
        switch entry.outcome {
        case .storable: member("outcome", "storable")
        case .stored(let id):
            member("outcome", "stored")
            member("key_id", id?.description)
        case .alreadyThere(let id):
            member("outcome", "already_there")
            member("key_id", id?.description)
        case .refused(let refusal): members(of: refusal, "refused")
        case .postponed(let refusal): members(of: refusal, "postponed")
        case .notReached: member("outcome", "not_reached")
        }
        endObject()
    }

    private mutating func members(of refusal: ImportRefusal, _ outcome: String) {
        member("outcome", outcome)
        member("code", refusal.code)
        member("message", refusal.message)
        member("hint", refusal.hint)
    }
}
