package import VaultModel

/// A signer of the audit log as it lies in the store.
package struct StoredSigner: Sendable, Equatable {
    package let number: Int
    package let publicKey: [UInt8]
    /// Its seed, sealed under the index root.
    package let box: [UInt8]

    package init(number: Int, publicKey: [UInt8], box: [UInt8]) {
        self.number = number
        self.publicKey = publicKey
        self.box = box
    }
}

/// A signed note about the audit log, with the entry that it speaks of.
package struct StoredNote: Sendable, Equatable {
    package let sequence: Int
    package let note: String

    package init(sequence: Int, note: String) {
        self.sequence = sequence
        self.note = note
    }
}

extension ReadTransaction {
    /// All signers there have been, oldest first.
    package func signers() throws(StoreError) -> [StoredSigner] {
        try connection.rows("SELECT number, public_key, box FROM signers ORDER BY number") {
            StoredSigner(number: $0.int(), publicKey: $0.blob(), box: $0.blob())
        }
    }

    /// The newest signed head, of those signed at `time` or earlier where that is given.
    package func newestHead(notAfter time: Timestamp? = nil) throws(StoreError) -> StoredNote? {
        var conditions = Conditions()
        if let time { conditions.require("at <=", .time(time)) }
        return try connection.first(
            "SELECT seq, note FROM audit_heads\(conditions.sql) ORDER BY seq DESC LIMIT 1", conditions.values
        ) { StoredNote(sequence: $0.int(), note: $0.text()) }
    }

    /// Signed heads behind entry `after`, in their order.
    package func heads(after: Int, limit: Int) throws(StoreError) -> [StoredNote] {
        try connection.rows(
            "SELECT seq, note FROM audit_heads WHERE seq > $1 ORDER BY seq LIMIT $2", [.int(after), .int(limit)]
        ) { StoredNote(sequence: $0.int(), note: $0.text()) }
    }

    /// The numbers of the entries up to `sequence` that are there, in their order.
    package func auditSequences(through sequence: Int) throws(StoreError) -> [Int] {
        try connection.rows("SELECT seq FROM audit WHERE seq <= $1 ORDER BY seq", [.int(sequence)]) { $0.int() }
    }

    /// Up to where the log was dropped, the signed note that says so, and whether all is gone that is not kept.
    package func auditDrop() throws(StoreError) -> (note: StoredNote, isComplete: Bool)? {
        try connection.first("SELECT through, note, complete FROM audit_drops") {
            (StoredNote(sequence: $0.int(), note: $0.text()), $0.int() == 1)
        }
    }
}

extension WriteTransaction {
    package func insert(_ signer: StoredSigner, at time: Timestamp) throws(StoreError) {
        try connection.run(
            "INSERT INTO signers (number, public_key, box, created_at) VALUES ($1, $2, $3, $4)",
            [.int(signer.number), .blob(signer.publicKey), .blob(signer.box), .time(time)])
    }

    /// Keeps a signed head; one about the same entry is kept as it is.
    package func keep(head: StoredNote, at time: Timestamp) throws(StoreError) {
        try connection.run(
            "INSERT INTO audit_heads (seq, at, note) VALUES ($1, $2, $3) ON CONFLICT (seq) DO NOTHING",
            [.int(head.sequence), .time(time), .text(head.note)])
    }

    /// Forgets heads behind entry `sequence`, which were given up together with what they spoke of.
    package func forgetHeads(after sequence: Int) throws(StoreError) {
        try connection.run("DELETE FROM audit_heads WHERE seq > $1", [.int(sequence)])
    }

    /// Says that the log up to `drop` is being dropped, in place of what was said before.
    package func put(drop: StoredNote) throws(StoreError) {
        try connection.run(
            "INSERT INTO audit_drops (one, through, note, complete) VALUES (1, $1, $2, 0)"
                + " ON CONFLICT (one) DO UPDATE SET through = excluded.through, note = excluded.note, complete = 0",
            [.int(drop.sequence), .text(drop.note)])
    }

    /// Says that all is gone that was to be dropped.
    package func completeDrop() throws(StoreError) {
        try connection.run("UPDATE audit_drops SET complete = 1")
    }

    /// Deletes these entries, and the heads before `through` that speak of nothing any more.
    package func delete(entries: [Int], headsBefore through: Int) throws(StoreError) {
        for sequence in entries { try connection.run("DELETE FROM audit WHERE seq = $1", [.int(sequence)]) }
        try connection.run("DELETE FROM audit_heads WHERE seq < $1", [.int(through)])
    }
}
