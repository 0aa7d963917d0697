package import VaultModel

extension ReadTransaction {
    /// All rows of the keyring, those of the master before those of the recovery key.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` when one of them cannot be read.
    package func keyringRows() throws(StoreError) -> [KeyringRow] {
        var rows = try keyringRows(of: .master)
        // The vault may be looked at before it is brought to the newest schema.
        if try Store.hasTable(KeyringRow.Holder.recovery.columns.table, in: self) {
            rows += try keyringRows(of: .recovery)
        }
        return rows
    }

    private func keyringRows(of holder: KeyringRow.Holder) throws(StoreError) -> [KeyringRow] {
        let columns = holder.columns
        // Fixed text: one of the two tables below.
        let rows = try connection.rows("SELECT \(columns.list()) FROM \(columns.table) ORDER BY kind, term") { row in
            let kind = row.optionalName(KeyringRow.Kind.self)
            let (term, blob) = (row.int(), row.blob())
            return kind.map { KeyringRow(holder: holder, kind: $0, term: term, blob: blob) }
        }
        let readable = rows.compactMap { $0 }
        guard readable.count == rows.count else { throw .corrupt(columns.table) }
        return readable
    }
}

extension WriteTransaction {
    /// Writes rows of the keyring, each in place of the one of its holder, kind and term: what that was is in neither
    /// the database nor the log as soon as nothing waits.
    package func put(_ rows: [KeyringRow]) throws(StoreError) {
        for row in rows {
            try connection.run(
                row.holder.columns.put(keys: 2), [.text(row.kind.rawValue), .int(row.term), .blob(row.blob)])
        }
        hasShredded = true
    }

    /// Overwrites the keys of a term, whoever holds them, and deletes them.
    func shredKeyring(term: Int) throws(StoreError) {
        for table in [KeyringRow.Holder.master, .recovery].map(\.columns.table) {
            // Fixed text: one of the two tables below.
            try connection.run("UPDATE \(table) SET blob = zeroblob(length(blob)) WHERE term = $1", [.int(term)])
            // Fixed text: one of the two tables below.
            try connection.run("DELETE FROM \(table) WHERE term = $1", [.int(term)])
        }
        hasShredded = true
    }
}

extension KeyringRow.Holder {
    fileprivate var columns: Columns {
        switch self {
        case .master: Columns("keyring", "kind", "term", "blob")
        case .recovery: Columns("recovery_keyring", "kind", "term", "blob")
        }
    }
}
