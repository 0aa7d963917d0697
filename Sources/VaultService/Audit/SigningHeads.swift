package import VaultCrypto
import VaultModel
import VaultStore

/// Signed heads of the audit log, and who signs them.
extension Vault {
    /// Signs where the audit log is now, and appends that to the anchor, where there are entries since the last time.
    ///
    /// Behind what has ended by these entries: who believes a head knows all of that, too. While the anchor cannot be
    /// written no head is signed: what is called signed is always there.
    package func signHead() async throws(VaultError) {
        try await signing.alone { () async throws(VaultError) in
            let signer = try await signer()
            let signedThrough = signing.signedThrough
            let (head, endings) = try read { transaction throws(StoreError) in
                let (sequence, hash) = try transaction.auditHead()
                return (
                    ChainPosition(sequence: sequence, hash: hash),
                    sequence > signedThrough ? try transaction.endings(after: signedThrough) : []
                )
            }
            guard head.sequence > signedThrough else { return anchor.retry() }
            let now = time.now()
            let statements = AnchorStatement.ended(inParts: signing.notAnchored(endings)) + [.head(head)]
            guard let note = await anchor.append(statements, by: signer, at: now)?.last else {
                return signing.noteFailed(at: head.sequence)
            }
            _ = try await write { transaction in
                try transaction.keep(head: StoredNote(sequence: head.sequence, note: note), at: now)
            }
            signing.noteSigned(through: head.sequence)
        }
    }

    /// Signs heads as time goes by, until cancelled; a failure is the next time's.
    package func runHeads() async {
        while !Task.isCancelled {
            try? await time.sleep(for: HeadSigning.interval)
            guard !Task.isCancelled else { return }
            await refusals.write(to: self)
            try? await signHead()
        }
    }

    /// What a graceful stop does last, when no request is running any more: counts and head are written.
    package func finish() async {
        await refusals.write(to: self)
        try? await signHead()
    }

    func signIfDue() async {
        let newest = try? read { transaction throws(StoreError) in try transaction.auditHead().sequence }
        if let newest, signing.isDue(at: newest) { try? await signHead() }
    }

    /// Appends to the anchor that these have ended; what cannot be written waits there for the next time.
    func anchor(ended ids: [String]) async {
        guard !ids.isEmpty, let signer = signing.signer else { return }
        await anchor.append(AnchorStatement.ended(inParts: ids), by: signer, at: time.now(), isKept: true)
        // Not before it stands in line: a head may come in between.
        signing.noteAnchored(ids)
    }

    /// Who signs: the newest signer there is, made where there is none.
    func signer() async throws(VaultError) -> AuditSigner {
        if let signer = signing.signer { return signer }
        let signers = try signers(in: try read { transaction throws(StoreError) in try transaction.signers() })
        if let newest = signers.last {
            signing.signer = newest
            return newest
        }
        return try await addSigner()
    }

    /// Makes another signer, which signs from now on; the one before it vouches for it in the anchor.
    @discardableResult
    package func addSigner() async throws(VaultError) -> AuditSigner {
        let now = time.now()
        let (signer, previous) = try await write { [self] transaction in
            let stored = try transaction.signers()
            let (signer, box) = try keyring.makeSigner(number: (stored.last?.number ?? 0).next)
            try transaction.insert(
                StoredSigner(number: signer.number, publicKey: signer.key.publicKey, box: box), at: now)
            return (signer, try signers(in: stored).last)
        }
        if let previous { await anchor.append([.signer(signer.key)], by: previous, at: now, isKept: true) }
        signing.signer = signer
        return signer
    }

    /// Opens signers' boxes; one that does not open was not made by this vault and counts as absent.
    func signers(in stored: [StoredSigner]) throws(VaultError) -> [AuditSigner] {
        let keyring = try keyring
        var signers: [AuditSigner] = []
        for row in stored {
            do {
                signers.append(try keyring.openSigner(row.box, number: row.number))
            } catch .cannotOpen {
                noteForgery(of: "signer", object: "\(row.number)", project: nil)
            } catch {
                throw VaultError(error)
            }
        }
        return signers
    }
}

extension AnchorStatement {
    /// As many statements as it takes for notes of a bearable length.
    static func ended(inParts ids: [String]) -> [AnchorStatement] {
        stride(from: 0, to: ids.count, by: endedAtOnce).map {
            .ended(Array(ids[$0..<min($0 + endedAtOnce, ids.count)]))
        }
    }

    /// Ids in one note.
    static let endedAtOnce = 1000
}
