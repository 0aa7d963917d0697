import VaultModel
import VaultTestKit

/// A database held against its own audit log: every change that lies there has its entry, and every entry its change.
struct AuditBalance {
    private struct Entry {
        let action: String
        let object: String
        let reason: String
        let keyID: Intruder.Cell
        let revision: Intruder.Cell
    }

    private let database: Intruder
    private let entries: [Entry]

    /// What does not balance; empty when all does.
    static func faults(in database: Intruder) throws -> [String] {
        let balance = try AuditBalance(database)
        return try balance.keys() + balance.tokens() + balance.projects() + balance.sessions() + balance.policies()
            + balance.orders()
    }

    private init(_ database: Intruder) throws {
        self.database = database
        entries = try database.rows("SELECT action, object, reason, key_id, revision FROM audit ORDER BY seq").map {
            Entry(action: $0[0].text, object: $0[1].text, reason: $0[2].text, keyID: $0[3], revision: $0[4])
        }
    }

    private func objects(_ action: String, _ reason: String? = nil) -> [String] {
        entries.filter { $0.action == action && (reason == nil || $0.reason == reason) }.map(\.object)
    }

    private func keys() throws -> [String] {
        let stories = Dictionary(grouping: entries.filter { $0.keyID != .null }, by: \.object)
        var faults: [String] = []
        var seen: Set<String> = []
        let rows = try database.rows(
            """
            SELECT id, status, last_version, revision, (SELECT count(*) FROM versions WHERE key_id = keys.id) FROM keys
            """)
        for row in rows {
            guard case .blob(let bytes) = row[0], let id = KeyID(bytes: bytes) else { return ["a key without an id"] }
            seen.insert("\(id)")
            let story = stories["\(id)"] ?? []
            let actions = story.map(\.action)
            if actions.first != "key.created" || actions.count(where: { $0 == "key.created" }) != 1 {
                faults.append("\(id) is there, and was not created once")
            }
            if actions.contains("key.deleted") { faults.append("\(id) is there, and was deleted") }
            let versions = Int64(1 + actions.count { $0 == "key.rotated" })
            if row[2] != .integer(versions) || row[4] != .integer(versions) {
                faults.append("\(id) has other versions than its entries tell")
            }
            if row[3] != story.last(where: { $0.revision != .null })?.revision {
                faults.append("\(id) has another revision than its newest entry")
            }
            if Self.state(of: row[1].text) != Self.state(after: actions) {
                faults.append("\(id) is \(row[1].text), which is not what its entries come to")
            }
        }
        for (id, story) in stories where !seen.contains(id) {
            guard story.first?.action != "key.created" || story.last?.action != "key.deleted" else { continue }
            faults.append("\(id) has entries that do not begin and end it, and is not there")
        }
        return faults
    }

    /// A key's state as far as acts decide it.
    private static func state(of status: String) -> String {
        ["active", "unverified", "failing"].contains(status) ? "live" : status
    }

    private static func state(after actions: [String]) -> String {
        actions.reduce("live") { state, action in
            switch action {
            case "key.quarantined": "quarantined"
            case "key.released": "live"
            case "key.revoked": "revoked"
            default: state
            }
        }
    }

    /// What of `there` is not `told` of, and the other way round.
    private func compare(_ there: [Intruder.Cell], _ told: [String], _ what: String) -> [String] {
        let (there, told) = (there.map(\.hex).sorted(), told.map { Intruder.Cell.id($0).hex }.sorted())
        return there == told ? [] : ["\(what): \(there.count) are there, and the log tells of \(told.count)"]
    }

    private func ids(_ sql: String) throws -> [Intruder.Cell] { try database.rows(sql).map { $0[0] } }

    private func tokens() throws -> [String] {
        try compare(ids("SELECT id FROM tokens"), objects("token.created"), "tokens")
            + compare(
                ids("SELECT id FROM tokens WHERE revoked_at IS NOT NULL"), objects("token.revoked"),
                "ended tokens")
    }

    private func projects() throws -> [String] {
        let ended = Set(objects("project.changed", "deleted"))
        let told = Set(objects("project.changed")).subtracting(ended)
        return try compare(ids("SELECT id FROM projects"), Array(told), "projects")
    }

    private func sessions() throws -> [String] {
        try ["completed", "cancelled", "expired"].flatMap { state in
            try compare(
                ids("SELECT id FROM connect_sessions WHERE state = '\(state)'"), objects("connect.\(state)"),
                "sessions that are \(state)")
        } + compare(ids("SELECT id FROM connect_sessions"), objects("connect.created"), "sessions")
    }

    private func policies() throws -> [String] {
        var revisions: [String: Int64] = [:]
        for entry in entries where entry.action == "policy.changed" {
            revisions[entry.object] = entry.reason == "inherited" ? nil : (revisions[entry.object] ?? 0) + 1
        }
        let stored = try database.rows("SELECT project_id, provider, revision FROM policies").map { row in
            guard case .blob(let bytes) = row[0], let project = ProjectID(bytes: bytes) else { return "" }
            return "\(project)\(row[1].text.isEmpty ? "" : "/")\(row[1].text) \(row[2])"
        }
        let told = revisions.map { "\($0.key) \(Intruder.Cell.integer($0.value))" }
        return stored.sorted() == told.sorted() ? [] : ["policies are other ones than the log tells of"]
    }

    private func orders() throws -> [String] {
        try compare(
            ids("SELECT id FROM revocations"), objects("key.revoked").filter { RevocationID($0) != nil }, "orders")
    }
}

extension Intruder.Cell {
    /// The text that it is; empty for anything else.
    var text: String { if case .text(let bytes) = self { String(decoding: bytes, as: UTF8.self) } else { "" } }

    fileprivate var hex: String {
        guard case .blob(let bytes) = self else { return "" }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
