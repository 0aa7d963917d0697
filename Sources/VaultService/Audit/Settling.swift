import VaultCrypto
import VaultModel
import VaultStore

/// What the anchor demands of a vault that has just been opened.
extension Vault {
    /// What has ended there ends here, and what the operator accepted against the anchor's word is written down as such.
    /// Before anything is answered; afterwards the anchor has a head of what there is.
    ///
    /// - Throws: ``VaultError/storageUnavailable``, also where the anchor is another's at the time, or had to be begun and
    ///   cannot be written.
    package func settle() async throws(VaultError) {
        let check = opening
        do { try lockAnchor() } catch { throw .storageUnavailable }
        if !check.strayLines.isEmpty { tell(.anchorTampered(lines: check.strayLines.count)) }
        if AnchorFile(path: anchor.path).isExposed { tell(.anchorExposed) }
        switch check.finding {
        case .agreement:
            if !check.isContinued { _ = try await beginAnchor() }
        case .rolledBack(_, let lost), .rewritten(let lost):
            let kept = check.signedThrough
            try await writeRestore(
                "entry \(lost) was signed, and the log is taken as it is behind \(kept)", heads: kept)
            await anchor.append(
                [.rollback(kept: kept, lost: lost)], by: try await signer(), at: time.now(), isKept: true)
        case .missing, .cut, .foreign:
            // Until it is there, what was known of the lost one goes on to forbid the start.
            guard try await beginAnchor() else { throw .storageUnavailable }
            try await writeRestore("another anchor is begun after note \(check.newest)", heads: .max)
        }
        // Where it was begun just now. Whoever was quicker is told of at the next start.
        try? lockAnchor()
        try await endAgain(check.ended)
        if check.isContinued { signing.noteAnchored(check.ended) }
        try await signHead()
    }

    /// The newest signer signs; those before it vouch for it.
    ///
    /// - Returns: whether it is durable.
    private func beginAnchor() async throws(VaultError) -> Bool {
        let newest = try await signer()
        let (stored, known) = try read { transaction throws(StoreError) in
            (try transaction.signers(), try transaction.auditHead().sequence)
        }
        let signers = try signers(in: stored)
        let entries = opening.isNew ? 0 : known
        if entries > 0 { tell(.anchorBegun(entry: entries)) }
        let isDurable = await anchor.append([.begun(entries: entries)], by: newest, at: time.now(), isKept: true) != nil
        for (signer, next) in zip(signers, signers.dropFirst()) {
            await anchor.append([.signer(next.key)], by: signer, at: time.now(), isKept: true)
        }
        return isDurable
    }

    /// - Parameter kept: heads behind that entry would contradict what comes.
    private func writeRestore(_ reason: String, heads kept: Int) async throws(VaultError) {
        let now = time.now()
        _ = try await write { [self] transaction in
            try transaction.forgetHeads(after: kept)
            try transaction.append(
                AuditEntry(
                    at: now, actor: .terminal, action: .restoreMade, object: "\(instance)", reason: reason))
        }
    }

    /// Ends what the anchor says has ended and the database says lives, a batch at a time.
    private func endAgain(_ ended: [String]) async throws(VaultError) {
        let keys = ended.contains { KeyID($0) != nil } ? try reading { try $0.livingKeys() } : []
        // Nearly all of it are keys that are long gone.
        let ids = Set(ended).filter { id in KeyID(id).map(keys.contains) ?? true }.sorted()
        for start in stride(from: 0, to: ids.count, by: 100) {
            let batch = Array(ids[start..<min(start + 100, ids.count)])
            let living = try reading { transaction in try batch.filter { try isLive($0, in: transaction) } }
            guard !living.isEmpty else { continue }
            _ = try await write { [self] transaction in
                for id in living { try end(id, in: transaction) }
            }
        }
    }

    private func isLive(_ id: String, in transaction: ReadTransaction) throws -> Bool {
        if KeyID(id) != nil { return true }
        // Also one that is not there: an older database has not seen it, and the log would not forbid its row.
        if let id = TokenID(id) {
            return try transaction.token(id).map { $0.record.revokedAt == nil } ?? !transaction.hasEnded(id)
        }
        if let id = ProjectID(id) { return try !transaction.hasEnded(id) }
        return false
    }

    private func end(_ id: String, in transaction: WriteTransaction) throws {
        let context = RequestContext(caller: .vault)
        if let id = KeyID(id) {
            var edit = KeyEdit(try find(id, for: .vault, in: transaction), in: transaction, at: time.now())
            try edit.revoke(orderedAt: nil)
            if edit.actions.isEmpty {
                try edit.shredAll()
                edit.actions = [.keyRevoked]
            }
            _ = try finish(edit, context, reason: "anchor")
        } else if let id = TokenID(id) {
            var record = try transaction.token(id)?.record
            record?.revokedAt = time.now()
            if let record { try transaction.update(record, mac: keyring.mac(of: record)) }
            _ = try transaction.append(
                AuditEntry(
                    at: time.now(), actor: .vault, action: .tokenRevoked, object: "\(id)",
                    projectID: record?.projectID, reason: "anchor"))
        } else if let id = ProjectID(id) {
            _ = try transaction.append(
                AuditEntry(
                    at: time.now(), actor: .vault, action: .projectChanged, object: "\(id)", projectID: id,
                    reason: "deleted"))
        }
    }
}
