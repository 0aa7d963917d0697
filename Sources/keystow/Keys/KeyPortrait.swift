import VaultModel

/// `keystow keys show`: all that is known of one key, its versions and what happened to it last.
struct KeyPortrait {
    let id: KeyID
    let asJSON: Bool

    private struct Version: Decodable {
        let version: Int
        let state: String
        let hint: String
        let created_at: String
        let retired_at: String?
        let shredded_at: String?
    }

    private struct Versions: Decodable {
        let data: [Version]
    }

    func run(_ vault: borrowing RemoteVault) async throws(CommandFailure) -> ExitCode {
        let reply = try await vault.fetch("/v1/keys/\(id)")
        let versions = try await vault.fetch("/v1/keys/\(id)/versions")
        let events = try await KeyEvents(id: id).latest(of: vault)
        guard !asJSON else {
            let parts = [
                "\"key\":" + HarmlessText.json(reply.body),
                "\"versions\":[" + ListedObjects.of(versions.body).map(HarmlessText.json).joined(separator: ",") + "]",
                "\"events\":[" + events.texts.map(HarmlessText.json).joined(separator: ",") + "]",
            ]
            return Console.say("{" + parts.joined(separator: ",") + "}")
        }
        let key = try reply.understood(as: KeyObject.self)
        let terminal = Terminal.output
        var lines = facts(of: key).map { name, value in
            terminal.styled(name, .bold) + String(repeating: " ", count: max(1, 13 - name.count)) + value
        }
        var table = Table(Self.versionColumns, on: terminal)
        let rows = try versions.understood(as: Versions.self).data.map { version in
            [
                Table.Cell("\(version.version)"), Table.Cell(version.state), Table.Cell(version.hint),
                Table.Cell(ShownTime.minute(version.created_at)), Table.Cell(ShownTime.minute(version.retired_at)),
                Table.Cell(ShownTime.minute(version.shredded_at)),
            ]
        }
        lines += [""] + table.lines(rows) + [""] + KeyEvents.lines(events.events, on: terminal)
        if events.hasEarlier { lines.append("… and what was before: GET /v1/keys/\(id)/events") }
        return Console.say(lines: lines)
    }

    private static let versionColumns = [
        Table.Column(title: "VERSION", rank: 0), Table.Column(title: "STATE", rank: 0),
        Table.Column(title: "HINT", rank: 1), Table.Column(title: "STORED (UTC)", rank: 2),
        Table.Column(title: "RETIRED (UTC)", rank: 3), Table.Column(title: "SHREDDED (UTC)", rank: 4),
    ]

    private func facts(of key: KeyObject) -> [(String, String)] {
        let cell = HarmlessText.cell
        let sentence = HarmlessText.sentence
        func pairs(_ values: [String: String?]) -> String? {
            let known = values.compactMapValues(\.self)
            guard !known.isEmpty else { return nil }
            return known.sorted { $0.key < $1.key }.map { "\(cell($0.key))=\(cell($0.value))" }.joined(separator: "  ")
        }
        let check = key.last_check.map { check in
            let retry = check.retry_at.map { ", again at \(sentence($0))" } ?? ""
            return "\(sentence(check.at)): \(sentence(check.reason))\(retry)"
        }
        let stale =
            key.stale.is_stale
            ? sentence(key.stale.reasons.joined(separator: ", ")) + ", since \(sentence(key.stale.since ?? "–"))" : "no"
        let facts: [(String, String?)] = [
            ("key", cell(key.id)), ("hint", cell(key.hint)), ("user", cell(key.user_id)),
            ("provider", cell(key.provider)), ("label", key.label.map(cell)), ("project", cell(key.project_id)),
            ("status", Terminal.output.styled(cell(key.status), key.style)),
            ("verdict", cell(key.verdict.code) + ": " + sentence(key.verdict.message)),
            ("last check", check), ("next check", key.next_check_at.map(sentence)), ("stale", stale),
            ("rotate by", key.stale.rotate_by.map(sentence)), ("version", "\(key.version)"),
            ("revision", "\(key.revision)"), ("fingerprint", cell(key.fingerprint)), ("account", pairs(key.account)),
            ("params", pairs(key.params)), ("tags", pairs(key.tags)), ("stored", sentence(key.created_at)),
            ("rotated", key.rotated_at.map(sentence)), ("last used", key.last_used_at.map(sentence) ?? "never"),
            ("expires", key.expires_at.map(sentence)), ("revoked", key.revoked_at.map(sentence)),
        ]
        return facts.compactMap { name, value in value.map { (name, $0) } }
    }
}
