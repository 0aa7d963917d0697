import VaultModel
import VaultService

extension JSONWriter {
    mutating func value(_ standing: KeyringStanding) {
        beginObject()
        member("master_id", "\(standing.master)")
        member("has_recovery_key", standing.hasRecoveryKey)
        member("current_term", standing.terms.last?.number)
        beginArray("terms")
        for term in standing.terms { value(term) }
        endArray()
        name("rekey")
        value(standing.rekey)
        endObject()
    }

    mutating func value(_ progress: RekeyProgress) {
        let rekey = progress.rekey
        beginObject()
        member("state", rekey?.state.rawValue ?? "none")
        member("from_term", rekey?.fromTerm)
        member("to_term", rekey?.toTerm)
        member("done", rekey?.done ?? 0)
        member("remaining", progress.remaining)
        member("failed", rekey?.failed ?? 0)
        member("verified", rekey?.verified ?? 0)
        member("started_at", rekey?.startedAt)
        member("finished_at", rekey?.finishedAt)
        endObject()
    }

    private mutating func value(_ term: KeyTerm) {
        beginObject()
        member("term", term.number)
        member("created_at", term.createdAt)
        member("wraps", term.wraps)
        member("secrets", term.secrets)
        member("destroyed_at", term.destroyedAt)
        endObject()
    }
}
