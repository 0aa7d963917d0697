package import VaultModel

extension ReadTransaction {
    /// Which vault this is and which master key opens it; `nil` before ``WriteTransaction/createInstance(_:master:rows:at:)``.
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
}

extension WriteTransaction {
    /// Makes this database a vault.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` when it is one.
    package func createInstance(
        _ id: InstanceID, master: MasterKeyID, rows: [KeyringRow], at time: Timestamp
    ) throws(StoreError) {
        try connection.run(
            "INSERT INTO instance (one, instance_id, master_id) VALUES (1, $1, $2)", [.id(id), .id(master)]
        )
        try put(rows)
        for row in rows where row.holder == .master && row.kind == .kek { try insertTerm(row.term, at: time) }
    }

    /// Names the master key that opens the vault from now on.
    package func setMaster(_ id: MasterKeyID) throws(StoreError) {
        try runOnOneRow("UPDATE instance SET master_id = $1", [.id(id)], table: "instance")
    }
}
