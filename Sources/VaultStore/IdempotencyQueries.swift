package import VaultModel

/// What a request with an idempotency key was answered, or that it is still running.
package struct IdempotencyRecord: Sendable, Equatable {
    package var tokenID: TokenID
    package var route: String
    package var key: String
    package var bodyMAC: [UInt8]
    /// `nil` while the first request is running.
    package var status: Int?
    package var answer: [UInt8]
    package var createdAt: Timestamp

    package init(
        tokenID: TokenID, route: String, key: String, bodyMAC: [UInt8], status: Int?, answer: [UInt8],
        createdAt: Timestamp
    ) {
        self.tokenID = tokenID
        self.route = route
        self.key = key
        self.bodyMAC = bodyMAC
        self.status = status
        self.answer = answer
        self.createdAt = createdAt
    }
}

extension ReadTransaction {
    package func idempotent(token: TokenID, route: String, key: String) throws(StoreError) -> IdempotencyRecord? {
        try connection.first(IdempotencyRow.one, [.id(token), .text(route), .text(key)]) { row in
            IdempotencyRecord(
                tokenID: row.id(), route: row.text(), key: row.text(), bodyMAC: row.blob(), status: row.optionalInt(),
                answer: row.blob(), createdAt: row.time()
            )
        }
    }
}

extension WriteTransaction {
    /// Adds the record, or replaces the one of the same token, route and key.
    package func put(_ record: IdempotencyRecord) throws(StoreError) {
        try connection.run(
            IdempotencyRow.put,
            [
                .id(record.tokenID), .text(record.route), .text(record.key), .blob(record.bodyMAC),
                .int(record.status), .blob(record.answer), .time(record.createdAt),
            ]
        )
    }

    package func deleteIdempotency(token: TokenID, route: String, key: String) throws(StoreError) {
        try connection.run(
            "DELETE FROM idempotency WHERE token_id = $1 AND route = $2 AND key = $3",
            [.id(token), .text(route), .text(key)]
        )
    }

    /// Forgets records made before `time`.
    ///
    /// - Returns: how many.
    @discardableResult
    package func purgeIdempotency(before time: Timestamp) throws(StoreError) -> Int {
        try connection.run("DELETE FROM idempotency WHERE created_at < $1", [.time(time)])
    }

    /// Forgets requests that never ended. For the start, when every one of them is an earlier process's.
    ///
    /// - Returns: how many.
    @discardableResult
    package func purgeRunningIdempotency() throws(StoreError) -> Int {
        try connection.run("DELETE FROM idempotency WHERE status IS NULL")
    }
}

private enum IdempotencyRow {
    static let columns = Columns(
        "idempotency", "token_id", "route", "key", "body_mac", "status", "answer", "created_at"
    )
    static let put = columns.put(keys: 3)
    static let one = "SELECT \(columns.list()) FROM idempotency WHERE token_id = $1 AND route = $2 AND key = $3"
}
