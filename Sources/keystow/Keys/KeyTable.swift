import VaultModel

/// Keys as a table.
enum KeyTable {
    static let columns = [
        Table.Column(title: "KEY", rank: 0),
        Table.Column(title: "USER", rank: 2, least: 8),
        Table.Column(title: "PROVIDER", rank: 3, least: 8),
        Table.Column(title: "STATUS", rank: 1),
        Table.Column(title: "STALE", rank: 4, least: 5),
        Table.Column(title: "LABEL", rank: 5, least: 8),
        Table.Column(title: "HINT", rank: 7),
        Table.Column(title: "USED (UTC)", rank: 8),
        Table.Column(title: "STORED (UTC)", rank: 6),
        Table.Column(title: "PROJECT", rank: 9),
    ]

    static func row(_ key: KeyObject) -> [Table.Cell] {
        [
            Table.Cell(key.id), Table.Cell(key.user_id), Table.Cell(key.provider), Table.Cell(key.status, key.style),
            Table.Cell(key.stale.is_stale ? key.stale.reasons.joined(separator: " ") : nil, .yellow),
            Table.Cell(key.label), Table.Cell(key.hint), Table.Cell(ShownTime.minute(key.last_used_at)),
            Table.Cell(ShownTime.minute(key.created_at)), Table.Cell(key.project_id, .dim),
        ]
    }

    /// Keys that should be replaced, and why.
    static let staleColumns = [
        Table.Column(title: "KEY", rank: 0),
        Table.Column(title: "USER", rank: 2, least: 8),
        Table.Column(title: "PROVIDER", rank: 3, least: 8),
        Table.Column(title: "STALE", rank: 1, least: 5),
        Table.Column(title: "STATUS", rank: 4),
        Table.Column(title: "SINCE (UTC)", rank: 5),
        Table.Column(title: "ROTATE BY (UTC)", rank: 6),
        Table.Column(title: "PROJECT", rank: 7),
    ]

    static func staleRow(_ key: KeyObject) -> [Table.Cell] {
        let isUrgent = key.stale.reasons.contains(StaleReason.leaked.rawValue)
        return [
            Table.Cell(key.id), Table.Cell(key.user_id), Table.Cell(key.provider),
            Table.Cell(key.stale.reasons.joined(separator: " "), isUrgent ? .red : .yellow),
            Table.Cell(key.status, key.style), Table.Cell(ShownTime.minute(key.stale.since)),
            Table.Cell(ShownTime.minute(key.stale.rotate_by)), Table.Cell(key.project_id, .dim),
        ]
    }
}
