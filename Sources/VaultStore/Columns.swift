/// The columns of a table in the order in which its rows are read and written.
struct Columns: Sendable {
    let table: String
    let names: [String]

    init(_ table: String, _ names: String...) {
        self.table = table
        self.names = names
    }

    /// For `SELECT`, each with `alias` before it where there is one.
    func list(alias: String = "") -> String {
        names.map { alias.isEmpty ? $0 : "\(alias).\($0)" }.joined(separator: ", ")
    }

    /// Its parameters are all columns in order.
    var insert: String {
        let parameters = (1...names.count).map { "$\($0)" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(list())) VALUES (\(parameters))"
    }

    /// Sets all columns but the first `keys`, which say which row; its parameters are all columns in order.
    func update(keys: Int = 1) -> String {
        let assignments = names.indices.dropFirst(keys).map { "\(names[$0]) = $\($0 + 1)" }
        let conditions = names.indices.prefix(keys).map { "\(names[$0]) = $\($0 + 1)" }
        return "UPDATE \(table) SET \(assignments.joined(separator: ", "))"
            + " WHERE \(conditions.joined(separator: " AND "))"
    }

    /// Inserts, or replaces all other columns where a row has the same first `keys`.
    func put(keys: Int = 1) -> String {
        let conflict = names.prefix(keys).joined(separator: ", ")
        let assignments = names.dropFirst(keys).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return "\(insert) ON CONFLICT (\(conflict)) DO UPDATE SET \(assignments)"
    }
}

/// The conditions of a query that depend on what was asked for, with their parameters.
struct Conditions {
    private var clauses: [String] = []
    private(set) var values: [Value] = []

    /// - Parameter comparison: a column and an operator, such as `id <`.
    mutating func require(_ comparison: String, _ value: Value) {
        clauses.append("\(comparison) \(parameter(value))")
    }

    mutating func require(_ clause: String) { clauses.append(clause) }

    /// The name of a new parameter with that value.
    mutating func parameter(_ value: Value) -> String {
        values.append(value)
        return "$\(values.count)"
    }

    /// How many rows at most; fewer than none is none.
    mutating func limit(_ limit: Int) -> String { "LIMIT " + parameter(.int(max(limit, 0))) }

    /// ` WHERE …`, or nothing.
    var sql: String { clauses.isEmpty ? "" : " WHERE " + clauses.joined(separator: " AND ") }
}
