package import VaultModel

extension ReadTransaction {
    /// Which vault this is and which master key opens it; `nil` before ``WriteTransaction/createInstance(_:master:rows:)``.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` when the row is there and cannot be read.
    package func instance() throws(StoreError) -> (id: InstanceID, master: MasterKeyID)? {
        let found = try connection.first("SELECT instance_id, master_id FROM instance") { row in
            (id: row.id(InstanceID.self), master: row.id(MasterKeyID.self), isWhole: row.isWhole)
        }
        guard let found else { return nil }
        guard found.isWhole else { throw .corrupt("instance") }
        return (found.id, found.master)
    }

    /// All rows of the keyring, by kind and term.
    ///
    /// - Throws: ``StoreError/corrupt(_:)`` when one of them cannot be read.
    package func keyringRows() throws(StoreError) -> [KeyringRow] {
        let rows = try connection.rows("SELECT kind, term, blob FROM keyring ORDER BY kind, term") { row in
            let kind = row.optionalName(KeyringRow.Kind.self)
            let (term, blob) = (row.int(), row.blob())
            return kind.map { KeyringRow(kind: $0, term: term, blob: blob) }
        }
        let readable = rows.compactMap { $0 }
        guard readable.count == rows.count else { throw .corrupt("keyring") }
        return readable
    }
}

extension WriteTransaction {
    /// Makes this database a vault.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` when it is one.
    package func createInstance(
        _ id: InstanceID, master: MasterKeyID, rows: [KeyringRow]
    ) throws(StoreError) {
        try connection.run(
            "INSERT INTO instance (one, instance_id, master_id) VALUES (1, $1, $2)", [.id(id), .id(master)]
        )
        for row in rows {
            try connection.run(
                "INSERT INTO keyring (kind, term, blob) VALUES ($1, $2, $3)",
                [.text(row.kind.rawValue), .int(row.term), .blob(row.blob)]
            )
        }
    }
}
