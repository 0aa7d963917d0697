/// One state of the database, to be asked questions: the queries are in the files that are named after what they
/// ask for. Of use only within the body it was given to, and only on its thread.
package class ReadTransaction {
    private var open: Connection?

    init(_ connection: Connection) { open = connection }

    var connection: Connection {
        get throws(StoreError) {
            guard let open else { throw .closed }
            return open
        }
    }

    func end() { open = nil }
}

/// What may change the database, too; sees what it wrote. See ``Store/write(_:)``.
package final class WriteTransaction: ReadTransaction {
    let head: AuditHead
    let chain: AuditChain
    /// Set when a secret was overwritten, so that the log is emptied soon.
    var hasShredded = false
    /// The number of the entry that was appended last.
    package internal(set) var lastAppended: Int?
    /// The ids of what has ended for ever, by the entries that were appended.
    package var endings: [String] = []

    init(_ connection: Connection, head: AuditHead, chain: @escaping AuditChain) {
        self.head = head
        self.chain = chain
        super.init(connection)
    }

    /// Runs a statement that must find its row.
    func runOnOneRow(_ sql: String, _ values: [Value], table: String) throws(StoreError) {
        guard try connection.run(sql, values) == 1 else { throw .constraint("no such row: \(table)") }
    }
}
