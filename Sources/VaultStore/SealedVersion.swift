package import VaultModel

/// A secret as it lies in the store, with what its own row says it was sealed for: believed only if it opens.
package struct SealedVersion: Sendable {
    package let binding: SecretBinding
    package let sealed: SealedSecret
    package let isCurrent: Bool
    /// The key's id as it lies there, readable or not: what comes next is behind it.
    let place: [UInt8]

    /// Whether it says whose it is.
    package var isReadable: Bool { place.count == 16 }
}

extension ReadTransaction {
    /// Secrets wrapped under terms before `term`, in the order of term, key and number.
    ///
    /// - Parameter last: the one to go on behind.
    package func versions(
        before term: Int, after last: SealedVersion?, limit: Int
    ) throws(StoreError) -> [SealedVersion] {
        var conditions = Conditions()
        conditions.require("term IS NOT NULL")
        conditions.require("term <", .int(term))
        if let last {
            let place = [
                Value.int(last.sealed.term), .blob(last.place), .int(last.binding.version),
            ].map { conditions.parameter($0) }
            conditions.require("(term, key_id, number) > (\(place.joined(separator: ", ")))")
        }
        return try versions(matching: conditions, by: "term, key_id, number", limit: limit)
    }

    /// All secrets, in the order of key and number.
    package func sealedVersions(after last: SealedVersion?, limit: Int) throws(StoreError) -> [SealedVersion] {
        var conditions = Conditions()
        conditions.require("term IS NOT NULL")
        if let last {
            let place = [Value.blob(last.place), .int(last.binding.version)].map { conditions.parameter($0) }
            conditions.require("(key_id, number) > (\(place.joined(separator: ", ")))")
        }
        return try versions(matching: conditions, by: "key_id, number", limit: limit)
    }

    private func versions(
        matching conditions: Conditions, by order: String, limit: Int
    ) throws(StoreError) -> [SealedVersion] {
        var conditions = conditions
        let limit = conditions.limit(limit)
        // Fixed text: one of the two orders above.
        return try connection.rows(
            "SELECT \(VersionRow.sealed.list()) FROM versions\(conditions.sql) ORDER BY \(order) \(limit)",
            conditions.values
        ) { row in
            let (place, number) = (row.blob(), row.int())
            let binding = SecretBinding(
                keyID: KeyID(bytes: place) ?? KeyID(UUIDv7(high: 0, low: 0)), version: number, projectID: row.id(),
                owner: row.optionalOwner() ?? .unreadable,
                provider: row.optionalProvider() ?? .unreadable, endpoint: row.text())
            let sealed = SealedSecret(term: row.int(), wrappedDEK: row.blob(), box: row.blob())
            return SealedVersion(
                binding: binding, sealed: sealed, isCurrent: row.name(or: KeyVersion.State.retired) == .current,
                place: place)
        }
    }
}

extension WriteTransaction {
    /// Puts another wrapping of the same DEK in place, if the one it was made from is still there: what was shredded
    /// or replaced since stays so.
    ///
    /// - Returns: whether it was there.
    package func replace(_ old: SealedVersion, with new: SealedSecret) throws(StoreError) -> Bool {
        let changed = try connection.run(
            """
            UPDATE versions SET term = $5, wrapped_dek = $6
            WHERE key_id = $1 AND number = $2 AND term = $3 AND wrapped_dek = $4
            """,
            [
                .id(old.binding.keyID), .int(old.binding.version), .int(old.sealed.term), .blob(old.sealed.wrappedDEK),
                .int(new.term), .blob(new.wrappedDEK),
            ])
        guard changed == 1 else { return false }
        try countWraps(under: new.term)
        hasShredded = true
        return true
    }
}
