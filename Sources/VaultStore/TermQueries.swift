package import VaultModel

extension ReadTransaction {
    /// Every term there has been, ascending.
    package func terms() throws(StoreError) -> [KeyTerm] {
        try connection.rows(
            """
            SELECT term, created_at, wraps, destroyed_at,
                (SELECT count(*) FROM versions WHERE versions.term = terms.term AND versions.term IS NOT NULL)
            FROM terms ORDER BY term
            """
        ) { row in
            let (number, createdAt, wraps, destroyedAt) = (row.int(), row.time(), row.int(), row.optionalTime())
            return KeyTerm(
                number: number, createdAt: createdAt, wraps: wraps, secrets: row.int(), destroyedAt: destroyedAt)
        }
    }

    /// The newest term, without counting what it wraps now.
    package func newestTerm() throws(StoreError) -> (number: Int, createdAt: Timestamp, wraps: Int)? {
        try connection.first("SELECT term, created_at, wraps FROM terms ORDER BY term DESC LIMIT 1") {
            ($0.int(), $0.time(), $0.int())
        }
    }

    /// The terms that can still be opened, ascending, without counting what they wrap.
    package func livingTerms() throws(StoreError) -> [Int] {
        try connection.rows("SELECT term FROM terms WHERE destroyed_at IS NULL ORDER BY term") { $0.int() }
    }

    /// The terms that were destroyed at `time` or later, ascending.
    package func termsDestroyed(since time: Timestamp) throws(StoreError) -> [Int] {
        try connection.rows("SELECT term FROM terms WHERE destroyed_at >= $1 ORDER BY term", [.time(time)]) { $0.int() }
    }

    /// Those that can still be opened and wrap nothing, of those before `term`.
    package func emptyTerms(before term: Int) throws(StoreError) -> [Int] {
        try connection.rows(
            """
            SELECT term FROM terms WHERE term < $1 AND destroyed_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.term = terms.term AND versions.term IS NOT NULL)
            ORDER BY term
            """, [.int(term)]
        ) { $0.int() }
    }

    /// How many secrets are wrapped under terms before `term`.
    package func countSecrets(before term: Int) throws(StoreError) -> Int {
        try connection.first(
            "SELECT count(*) FROM versions WHERE term < $1 AND term IS NOT NULL", [.int(term)]
        ) { $0.int() } ?? 0
    }

    /// The rekey to the newest term that one was begun to.
    package func newestRekey() throws(StoreError) -> Rekey? {
        try connection.first(RekeyRow.newest) { RekeyRow.decode(&$0) }
    }
}

extension WriteTransaction {
    package func insertTerm(_ term: Int, at time: Timestamp) throws(StoreError) {
        try connection.run("INSERT INTO terms (term, created_at) VALUES ($1, $2)", [.int(term), .time(time)])
    }

    /// Counts DEKs that are wrapped under a term.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` when the term was destroyed: what is wrapped under it could never be
    ///   opened.
    package func countWraps(_ count: Int = 1, under term: Int) throws(StoreError) {
        try runOnOneRow(
            "UPDATE terms SET wraps = wraps + $2 WHERE term = $1 AND destroyed_at IS NULL", [.int(term), .int(count)],
            table: "terms")
    }

    /// Overwrites a term's keys, after which nothing that it wrapped can be opened with this database.
    ///
    /// - Throws: ``StoreError/constraint(_:)`` while it wraps any secret.
    package func destroy(term: Int, at time: Timestamp) throws(StoreError) {
        try runOnOneRow(
            """
            UPDATE terms SET destroyed_at = $2
            WHERE term = $1 AND destroyed_at IS NULL AND term < (SELECT max(term) FROM terms)
                AND NOT EXISTS (SELECT 1 FROM versions WHERE versions.term = $1 AND versions.term IS NOT NULL)
            """, [.int(term), .time(time)], table: "terms")
        try shredKeyring(term: term)
    }

    /// Notes of what was revoked before the oldest living term was begun that what wrapped it is gone: of the `limit`
    /// keys behind `last`.
    ///
    /// - Returns: where the last of them lies, readable or not; `nil` behind the last of all.
    package func noteShredComplete(after last: [UInt8], limit: Int, at time: Timestamp) throws(StoreError) -> [UInt8]? {
        let end = try connection.rows(
            "SELECT id FROM keys WHERE id > $1 ORDER BY id LIMIT $2", [.blob(last), .int(limit)]
        ) { $0.blob() }.last
        guard let end else { return nil }
        try connection.run(
            """
            UPDATE keys SET shred_complete_at = $3
            WHERE id > $1 AND id <= $2 AND status = 'revoked' AND shred_complete_at IS NULL
                AND revoked_at < (SELECT min(created_at) FROM terms WHERE destroyed_at IS NULL)
            """, [.blob(last), .blob(end), .time(time)])
        return end
    }

    package func put(_ rekey: Rekey) throws(StoreError) {
        try connection.run(RekeyRow.columns.put(), RekeyRow.values(rekey))
    }
}

/// How a rekey lies in the table `rekeys`.
private enum RekeyRow {
    static let columns = Columns(
        "rekeys", "to_term", "from_term", "state", "done", "failed", "verified", "started_at", "finished_at")
    static let newest = "SELECT \(columns.list()) FROM rekeys ORDER BY to_term DESC LIMIT 1"

    static func values(_ rekey: Rekey) -> [Value] {
        [
            .int(rekey.toTerm), .int(rekey.fromTerm), .text(rekey.state.rawValue), .int(rekey.done),
            .int(rekey.failed), .int(rekey.verified), .time(rekey.startedAt), .time(rekey.finishedAt),
        ]
    }

    static func decode(_ row: inout Row) -> Rekey {
        let (to, from) = (row.int(), row.int())
        let state = row.name(or: Rekey.State.rewrapping)
        // Whoever writes the database can put any number there; adding to it is to stay possible.
        let (done, failed, verified) = (min(row.int(), 1 << 53), min(row.int(), 1 << 53), min(row.int(), 1 << 53))
        let startedAt = row.time()
        return Rekey(
            fromTerm: from, toTerm: to, state: state, done: done, failed: failed, verified: verified,
            startedAt: startedAt, finishedAt: row.optionalTime())
    }
}
