import VaultCrypto
package import VaultModel
import VaultProviders
import VaultStore

/// What became of the keys of a provider whose base URL the operator has changed.
package struct Rebinding: Sendable, Equatable {
    /// Sealed anew for the origin that is configured now; each is tested there at once.
    package var rebound = 0
    /// Bound to that origin already.
    package var unchanged = 0
    /// Left as they are: their row or their ciphertext cannot be believed, or their parameters lead nowhere.
    package var left = 0

    package var looked: Int { rebound + unchanged + left }

    package init(rebound: Int = 0, unchanged: Int = 0, left: Int = 0) {
        self.rebound = rebound
        self.unchanged = unchanged
        self.left = left
    }
}

extension Vault {
    /// How many keys of `provider` there are to look at; `nil` when the catalogue has no such provider.
    package func rebindable(_ provider: ProviderID) throws(VaultError) -> Int? {
        guard catalogue[provider] != nil else { return nil }
        return try read { transaction throws(StoreError) in
            try transaction.countKeys(matching: RevocationFilter(provider: provider))
        }
    }

    /// Binds every key of `provider` to the origin that is configured for it now.
    ///
    /// Until then a key that was proven elsewhere is not sent there: that its operator wants it to be is what this
    /// says, so it is for whoever holds the data directory and no call of the API. Works in batches, each durable;
    /// done again it goes on where it stopped. Only the vault's terminal may call it.
    ///
    /// - Parameters:
    ///   - isDryRun: only counts.
    ///   - goesOn: told after each batch what was done so far; says whether to do the next.
    package func rebind(
        _ provider: ProviderID, isDryRun: Bool, _ context: RequestContext,
        goesOn: @Sendable (Rebinding) -> Bool = { _ in true }
    ) async throws(VaultError) -> Rebinding {
        var sum = Rebinding()
        var last: KeyID?
        while true {
            let after = last
            let batch = try read { transaction throws(StoreError) in
                try transaction.keyIDs(matching: RevocationFilter(provider: provider), after: after, limit: 100)
            }
            guard let end = batch.last else { break }
            let before = sum
            sum = try await write { [self] transaction in
                var sum = before
                for id in batch {
                    switch try rebind(id, isDryRun: isDryRun, context, in: transaction) {
                    case true?: sum.rebound += 1
                    case false?: sum.unchanged += 1
                    case nil: sum.left += 1
                    }
                }
                return sum
            }
            last = end
            guard goesOn(sum) else { break }
        }
        return sum
    }

    /// - Returns: whether the key was bound elsewhere; `nil` when it cannot be bound anew.
    private func rebind(
        _ id: KeyID, isDryRun: Bool, _ context: RequestContext, in transaction: WriteTransaction
    ) throws -> Bool? {
        let view = try find(id, for: context.caller, in: transaction)
        let old = view.record
        guard view.integrity == .sound, view.status != .revoked, view.status != .undecryptable,
            let target = try? endpoint(of: old.provider, params: old.params)
        else { return nil }
        guard target.origin != old.endpoint else { return false }
        var edit = KeyEdit(view, in: transaction, at: time.now())
        edit.record.endpoint = target.origin
        var versions: [KeyVersion] = []
        for version in try transaction.versions(of: id) where version.sealed != nil {
            guard let moved = try moved(version, of: old, to: edit.record) else { return nil }
            versions.append(moved)
        }
        if isDryRun { return true }
        for version in versions {
            if let term = version.sealed?.term { try transaction.countWraps(under: term) }
            try transaction.update(version)
        }
        let policy = try policy(for: old, in: transaction)
        edit.record.nextCheckAt = policy.recheckEverySeconds.map { _ in edit.now }
        edit.actions = [.keyUpdated]
        _ = try finish(edit, context, reason: "rebound")
        return true
    }

    /// The version sealed for the endpoint of `new`; `nil` when its ciphertext does not open.
    private func moved(_ version: KeyVersion, of old: KeyRecord, to new: KeyRecord) throws(VaultError) -> KeyVersion? {
        var was = old
        was.endpoint = version.endpoint
        guard let sealed = version.sealed, let secret = try open(sealed, of: was, version: version.number) else {
            return nil
        }
        var version = version
        version.endpoint = new.endpoint
        version.sealed = try seal(secret, version: version.number, of: new).sealed
        return version
    }
}
