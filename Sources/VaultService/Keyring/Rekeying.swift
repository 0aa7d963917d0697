import Synchronization
import VaultCrypto
import VaultModel
import VaultStore

/// How long a term is used for new secrets.
package struct TermLimits: Sendable, Equatable {
    /// So many DEKs wrapped, and another term is begun.
    package var wraps = 1 << 28
    /// So many, and nothing more is wrapped under it.
    package var lastWrap = 1 << 32
    /// So old, and another is begun; `nil` never.
    package var ageSeconds: Int? = 90 * 86_400

    package init() {}
}

// Moves every secret's DEK to the newest term while the vault serves. What there is to do is told by the rows: whatever
// was done when the process ended stays done, and the next one goes on with the rest.

extension Vault {
    /// Carries out rekeys until cancelled: what an earlier process left, and whatever is begun.
    func runRekeys() async {
        rekeyBell.continuation.yield()
        var hasFailed = false
        for await _ in rekeyBell.stream {
            // A failure is the next time's; the scheduler's passes ring.
            do throws(VaultError) {
                try await carryOutRekey()
                hasFailed = false
            } catch {
                if !hasFailed, !isSealed { tell(.rekeyFailed(error)) }
                hasFailed = true
            }
        }
    }

    /// Goes on with the newest rekey to its end, which is that no secret is left under an older term but such as do
    /// not open, and that every other one has been opened.
    ///
    /// In batches, each a transaction of its own, between which all else is served. Stops between them when its task
    /// is cancelled.
    package func carryOutRekey() async throws(VaultError) {
        guard var rekey = try read({ transaction throws(StoreError) in try transaction.newestRekey() }),
            rekey.state != .finished, try keyring.currentTerm >= rekey.toTerm
        else { return }
        var isFirstRound = true
        while !Task.isCancelled {
            let before = rekey.done
            if rekey.state == .rewrapping { try await rewrapAll(&rekey) }
            guard !Task.isCancelled else { return }
            try await verifyAll(&rekey)
            guard !Task.isCancelled else { return }
            try await destroyEmptyTerms(before: rekey.toTerm)
            try await noteShredComplete()
            guard !Task.isCancelled else { return }
            rekey = try await finish(rekey, mayGoOn: isFirstRound || rekey.done > before)
            guard rekey.state == .rewrapping else { return }
            isFirstRound = false
        }
    }

    private static let batch = 200

    private func rewrapAll(_ rekey: inout Rekey) async throws(VaultError) {
        var hasMoved = true
        // Again as long as it helps: a request may store behind the cursor what it sealed before the term was begun.
        while hasMoved, !Task.isCancelled {
            hasMoved = false
            rekey.failed = 0
            var last: SealedVersion?
            while !Task.isCancelled {
                let (term, from) = (rekey.toTerm, last)
                let batch = try read { transaction throws(StoreError) in
                    try transaction.versions(before: term, after: from, limit: Self.batch)
                }
                guard let end = batch.last else { break }
                let moved = try await move(batch, &rekey)
                hasMoved = hasMoved || moved
                last = end
            }
            let left = try read { [rekey] transaction throws(StoreError) in
                try transaction.countSecrets(before: rekey.toTerm)
            }
            if left <= rekey.failed { break }
        }
    }

    /// - Returns: whether any was moved.
    private func move(_ batch: [SealedVersion], _ rekey: inout Rekey) async throws(VaultError) -> Bool {
        let keyring = try keyring
        var pairs: [(old: SealedVersion, new: SealedSecret)] = []
        for version in batch {
            if let new = try rewrapped(version, by: keyring) { pairs.append((version, new)) } else { rekey.failed += 1 }
        }
        let (before, moving) = (rekey, pairs)
        let after = try await write { transaction in
            var rekey = before
            for pair in moving where try transaction.replace(pair.old, with: pair.new) { rekey.done += 1 }
            try transaction.put(rekey)
            return rekey
        }
        rekey = after
        return after.done > before.done
    }

    /// `nil` where it does not open.
    private func rewrapped(_ version: SealedVersion, by keyring: Keyring) throws(VaultError) -> SealedSecret? {
        for binding in try bindings(of: version) {
            do {
                return try keyring.rewrap(version.sealed, for: binding)
            } catch {
                guard error == .cannotOpen else { throw VaultError(error) }
            }
        }
        return nil
    }

    /// What a secret may have been sealed for: what its own row says, and where that was edited what its key's says.
    private func bindings(of version: SealedVersion) throws(VaultError) -> [SecretBinding] {
        let id = version.binding.keyID
        guard let key = try read({ transaction throws(StoreError) in try transaction.key(id)?.record }) else {
            return [version.binding]
        }
        var bound = key.binding(of: version.binding.version)
        if bound == version.binding { return [bound] }
        var bindings = [version.binding, bound]
        if bound.endpoint != version.binding.endpoint {
            var elsewhere = key
            elsewhere.endpoint = version.binding.endpoint
            bound = elsewhere.binding(of: version.binding.version)
            bindings.append(bound)
        }
        return bindings
    }

    /// Opens every secret once; what does not open is counted, and shown where it is a key's current one.
    private func verifyAll(_ rekey: inout Rekey) async throws(VaultError) {
        (rekey.state, rekey.failed, rekey.verified) = (.verifying, 0, 0)
        var last: SealedVersion?
        while !Task.isCancelled {
            let from = last
            let batch = try read { transaction throws(StoreError) in
                try transaction.sealedVersions(after: from, limit: Self.batch)
            }
            for version in batch {
                if try await opens(version) { rekey.verified += 1 } else { rekey.failed += 1 }
            }
            let reached = rekey
            try await write { transaction in try transaction.put(reached) }
            guard let end = batch.last else { break }
            last = end
        }
    }

    private func opens(_ version: SealedVersion) async throws(VaultError) -> Bool {
        for binding in try bindings(of: version) where try open(version.sealed, under: binding) != nil {
            return true
        }
        let id = version.binding.keyID
        let (key, now) = try read { transaction throws(StoreError) in
            (
                try transaction.key(id)?.record,
                try transaction.version(version.binding.version, of: id)?.sealed
            )
        }
        // It was shredded or replaced since it was read.
        guard now == version.sealed || !version.isReadable else { return true }
        if let key, version.isCurrent, key.status != .undecryptable {
            try await markUndecryptable(id, revision: key.revision)
        }
        return false
    }

    /// Destroys the older terms that wrap nothing any more, once the newer ones were seen to open as they are stored: the
    /// secrets were opened with what is in memory.
    private func destroyEmptyTerms(before term: Int) async throws(VaultError) {
        let keyring = try keyring
        let gone = try await write { [self] transaction in
            try keep(keyring, in: transaction)
            let gone = try transaction.emptyTerms(before: term)
            for term in gone { try transaction.destroy(term: term, at: time.now()) }
            return gone
        }
        openKeyring.withLock { open in open = open.flatMap { try? $0.without(terms: gone) } ?? open }
    }

    /// A batch of keys at a time, of which there may be very many.
    private func noteShredComplete() async throws(VaultError) {
        var last: [UInt8]? = []
        while let from = last, !Task.isCancelled {
            last = try await write { [self] transaction in
                try transaction.noteShredComplete(after: from, limit: 1000, at: time.now())
            }
        }
    }

    /// Writes down how it ended; it is not at its end where something was stored under an older term while it ran, and
    /// going on may help.
    private func finish(_ rekey: Rekey, mayGoOn: Bool) async throws(VaultError) -> Rekey {
        let ended = try await write { [self] transaction in
            var rekey = rekey
            if mayGoOn, try transaction.countSecrets(before: rekey.toTerm) > rekey.failed {
                rekey.state = .rewrapping
                try transaction.put(rekey)
                return rekey
            }
            (rekey.state, rekey.finishedAt) = (.finished, time.now())
            try transaction.put(rekey)
            let gone = try transaction.termsDestroyed(since: rekey.startedAt)
            let destroyed = gone.isEmpty ? "" : "; destroyed: \(gone.map(String.init).joined(separator: " "))"
            try note(
                "term \(rekey.toTerm): \(rekey.done) moved, \(rekey.verified) opened, \(rekey.failed) failed\(destroyed)",
                in: transaction, RequestContext(caller: .vault))
            return rekey
        }
        if ended.state == .finished { tell(.rekeyFinished(term: ended.toTerm, failed: ended.failed)) }
        return ended
    }
}
