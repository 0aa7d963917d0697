package import VaultModel

extension ReadTransaction {
    /// All versions of a key, the newest last.
    package func versions(of key: KeyID) throws(StoreError) -> [KeyVersion] {
        try connection.rows(VersionRow.ofKey, [.id(key)]) { VersionRow.decode(&$0) }
    }

    /// What the version's own row says it was sealed for; to be believed only if its box opens under it.
    package func binding(of number: Int, of key: KeyID) throws(StoreError) -> SecretBinding? {
        try connection.first(VersionRow.binding, [.id(key), .int(number)]) { row in
            SecretBinding(
                keyID: key, version: number, projectID: row.id(), owner: row.optionalOwner() ?? .unreadable,
                provider: row.optionalProvider() ?? .unreadable, endpoint: row.text())
        }
    }

    package func version(_ number: Int, of key: KeyID) throws(StoreError) -> KeyVersion? {
        try connection.first(VersionRow.byNumber, [.id(key), .int(number)]) { VersionRow.decode(&$0) }
    }

    /// Versions that may hold a secret of that bucket and are not shredded; each is settled by opening it.
    package func versions(inLeakBucket bucket: Int) throws(StoreError) -> [KeyVersion] {
        try connection.rows(VersionRow.inBucket, [.int(bucket)]) { VersionRow.decode(&$0) }
    }

    /// The key of this owner that has this secret, as a version that is not retired.
    package func duplicate(
        project: ProjectID, owner: UserID, provider: ProviderID, blindIndex: [UInt8]
    ) throws(StoreError) -> KeyID? {
        try connection.first(
            VersionRow.duplicate, [.id(project), .owner(owner), .provider(provider), .blob(blindIndex)]
        ) { $0.id() }
    }
}

extension WriteTransaction {
    /// - Throws: ``StoreError/constraint(_:)`` for a number that was given out, a key that does not exist, or a secret
    ///   that this owner has stored, or a term that was destroyed.
    package func insert(
        _ version: KeyVersion, project: ProjectID, owner: UserID, provider: ProviderID, leakBucket: Int?
    ) throws(StoreError) {
        if let term = version.sealed?.term { try countWraps(under: term) }
        let identity: [Value] = [.id(project), .owner(owner), .provider(provider), .int(leakBucket)]
        try connection.run(VersionRow.columns.insert, try VersionRow.values(version) + identity)
    }

    /// Writes all that a version has. Without a sealed secret it is shredded: what was there is overwritten with zeros
    /// of the same length, then dropped, and the log is emptied into the database as soon as nothing waits.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` when there is no such version.
    package func update(_ version: KeyVersion) throws(StoreError) {
        if version.sealed == nil { try shred(version.number, of: version.keyID) }
        try runOnOneRow(VersionRow.update, try VersionRow.values(version), table: "versions")
    }

    /// Shreds what each version of the key still holds.
    func shredVersions(of key: KeyID) throws(StoreError) {
        let sealed = try connection.rows(
            "SELECT number FROM versions WHERE key_id = $1 AND box IS NOT NULL", [.id(key)]
        ) { $0.int() }
        for number in sealed { try shred(number, of: key) }
    }

    private func shred(_ number: Int, of key: KeyID) throws(StoreError) {
        let lengths = try connection.first(
            "SELECT length(box), length(wrapped_dek) FROM versions WHERE key_id = $1 AND number = $2 AND box IS NOT NULL",
            [.id(key), .int(number)]
        ) { (box: $0.int(), wrappedDEK: $0.int()) }
        guard let lengths else { return }
        try connection.run(
            "UPDATE versions SET box = $3, wrapped_dek = $4 WHERE key_id = $1 AND number = $2",
            [.id(key), .int(number), .zeros(lengths.box), .zeros(lengths.wrappedDEK)]
        )
        try connection.run(
            "UPDATE versions SET box = NULL, wrapped_dek = NULL, term = NULL, leak_bucket = NULL"
                + " WHERE key_id = $1 AND number = $2",
            [.id(key), .int(number)]
        )
        hasShredded = true
    }
}

/// How a version lies in the table `versions`.
enum VersionRow {
    /// The last four are written once and not read back: they repeat what stands in the key's row.
    static let columns = Columns(
        "versions",
        "key_id", "number", "state", "term", "wrapped_dek", "box", "blind_index", "hint", "fingerprint", "created_at",
        "retired_at", "shredded_at", "endpoint", "verdict", "project_id", "owner", "provider", "leak_bucket"
    )
    static let own = Columns(
        "versions",
        "key_id", "number", "state", "term", "wrapped_dek", "box", "blind_index", "hint", "fingerprint", "created_at",
        "retired_at", "shredded_at", "endpoint", "verdict"
    )
    static let sealed = Columns(
        "versions",
        "key_id", "number", "project_id", "owner", "provider", "endpoint", "term", "wrapped_dek", "box", "state"
    )
    static let update = own.update(keys: 2)
    static let byNumber = "SELECT \(own.list()) FROM versions WHERE key_id = $1 AND number = $2"
    static let binding = "SELECT project_id, owner, provider, endpoint FROM versions WHERE key_id = $1 AND number = $2"
    static let ofKey = "SELECT \(own.list()) FROM versions WHERE key_id = $1 ORDER BY number"
    static let inBucket =
        "SELECT \(own.list()) FROM versions WHERE leak_bucket = $1 AND leak_bucket IS NOT NULL ORDER BY key_id, number"
    static let duplicate =
        "SELECT key_id FROM versions WHERE project_id = $1 AND owner = $2 AND provider = $3 AND blind_index = $4"

    static func values(_ version: KeyVersion) throws(StoreError) -> [Value] {
        [
            .id(version.keyID), .int(version.number), .text(version.state.rawValue), .int(version.sealed?.term),
            .bytes(version.sealed?.wrappedDEK), .bytes(version.sealed?.box), .bytes(version.blindIndex),
            .text(version.hint), .text(version.fingerprint), .time(version.createdAt), .time(version.retiredAt),
            .time(version.shreddedAt), .text(version.endpoint), try JSONText.value(version.verdict),
        ]
    }

    /// An unreadable state is `retired`; the secret itself is bound to its row by its own box.
    static func decode(_ row: inout Row) -> KeyVersion {
        let keyID: KeyID = row.id()
        let number = row.int()
        let state = row.name(or: KeyVersion.State.retired)
        let sealed = sealed(&row)
        var version = KeyVersion(
            keyID: keyID, number: number, state: state, sealed: sealed, blindIndex: row.optionalBlob(),
            hint: row.text(), fingerprint: row.text(), createdAt: row.time(), retiredAt: row.optionalTime(),
            shreddedAt: row.optionalTime(), endpoint: row.text()
        )
        version.verdict = JSONText.verdict(row.optionalText())
        return version
    }

    private static func sealed(_ row: inout Row) -> SealedSecret? {
        let term = row.optionalInt()
        let wrappedDEK = row.optionalBlob()
        let box = row.optionalBlob()
        guard let term, let wrappedDEK, let box else { return nil }
        return SealedSecret(term: term, wrappedDEK: wrappedDEK, box: box)
    }
}

extension Value {
    fileprivate static func zeros(_ count: Int) -> Value { .blob([UInt8](repeating: 0, count: count)) }
}
