/// A token in a list, its members named as in the API.
struct TokenRow: Decodable, Sendable {
    let id: String
    let kind: String
    let name: String
    let project_id: String?
    let scopes: [String]
    let created_at: String
    let expires_at: String?
    let last_used_at: String?

    static let columns = [
        Table.Column(title: "TOKEN", rank: 0), Table.Column(title: "KIND", rank: 1),
        Table.Column(title: "NAME", rank: 2, least: 8), Table.Column(title: "USED (UTC)", rank: 3),
        Table.Column(title: "EXPIRES (UTC)", rank: 5), Table.Column(title: "CREATED (UTC)", rank: 6),
        Table.Column(title: "PROJECT", rank: 7), Table.Column(title: "SCOPES", rank: 4, least: 12),
    ]

    var cells: [Table.Cell] {
        [
            Table.Cell(id), Table.Cell(kind, kind == "adm" ? .magenta : nil), Table.Cell(name),
            Table.Cell(ShownTime.minute(last_used_at) ?? "never", last_used_at == nil ? .dim : nil),
            Table.Cell(ShownTime.minute(expires_at) ?? "never", expires_at == nil ? .dim : nil),
            Table.Cell(ShownTime.minute(created_at)), Table.Cell(project_id ?? "the whole instance"),
            Table.Cell(scopes.joined(separator: " "), scopes.contains("keys:reveal") ? .yellow : nil),
        ]
    }
}
