import Synchronization
import VaultCrypto
import VaultModel
import VaultStore

/// Which key of the vault is replaced.
package enum KeyringTarget: String, Sendable, CaseIterable {
    /// The KEK term: a fresh one is begun, and every secret's DEK is wrapped under it.
    case term
    /// The master: the keyring is sealed under the one that its source gives now.
    case master
}

extension Vault {
    /// Replaces a key of the vault while it serves. One such change at a time.
    ///
    /// With the term's, what it wraps is moved afterwards: see ``carryOutRekey()``. With the master's, all is done in
    /// one transaction: before it the old master opens the vault, after it the new one alone.
    ///
    /// - Throws: `wrongState` while another change or a rekey is running, or where the master's source gives the one
    ///   that is in use or none; then nothing was changed.
    package func rotateKeyring(
        _ target: KeyringTarget, _ context: RequestContext
    ) async throws(VaultError) -> KeyringStanding {
        try context.require(.keyringWrite)
        return try await keyringTurn.alone { () async throws(VaultError) in
            switch target {
            case .term: try await self.beginTerm(context, reason: "")
            case .master: try await self.replaceMaster(context)
            }
        }
    }

    /// Begins a term when the current one has wrapped enough or is old enough, and no rekey is running.
    package func rotateTermIfDue() async throws(VaultError) {
        let (newest, rekey) = try read { transaction throws(StoreError) in
            (try transaction.newestTerm(), try transaction.newestRekey())
        }
        guard let newest, rekey.map({ $0.state == .finished }) ?? true else { return }
        let isWorn = newest.wraps >= configuration.termLimits.wraps
        let isOld = configuration.termLimits.ageSeconds.map { time.now() >= newest.createdAt + $0 } ?? false
        guard isWorn || isOld else { return }
        _ = try await keyringTurn.alone { () async throws(VaultError) in
            try await self.beginTerm(
                RequestContext(caller: .vault), reason: isWorn ? " after its limit" : " after its age")
        }
    }

    private func beginTerm(_ context: RequestContext, reason: String) async throws(VaultError) -> KeyringStanding {
        let old = try keyring
        let last = try read { transaction throws(StoreError) in try transaction.newestTerm()?.number } ?? 0
        let (next, rows) = try Self.crypto { () throws(CryptoError) in try old.withNewTerm(after: last) }
        let term = next.currentTerm
        let standing = try await change(to: next) { [self] () async throws(VaultError) in
            try await write(context) { [self] transaction in
                try requireRest(of: old, in: transaction)
                let now = time.now()
                try transaction.insertTerm(term, at: now)
                try transaction.put(rows)
                try keep(next, in: transaction)
                try transaction.put(Rekey(fromTerm: old.currentTerm, toTerm: term, startedAt: now))
                try note("term \(term) begun\(reason)", in: transaction, context)
                return try self.standing(of: next.hasRecoveryKey, in: transaction)
            }
        }
        rekeyBell.continuation.yield()
        return standing
    }

    private func replaceMaster(_ context: RequestContext) async throws(VaultError) -> KeyringStanding {
        let old = try keyring
        let master = try await configuredMaster()
        guard !old.isHeld(by: master.key) else {
            throw .wrongState(
                detail: "The configured source of the master key still gives the one that is in use.",
                hint: "Put the new master key there first and keep the old one until this call has succeeded.")
        }
        let (next, rows) = try Self.crypto { () throws(CryptoError) in try old.under(master: master.key) }
        let standing = try await change(to: next) { [self] () async throws(VaultError) in
            try await write(context) { [self] transaction in
                try requireRest(of: old, in: transaction)
                try transaction.put(rows)
                try keep(next, in: transaction)
                try transaction.setMaster(MasterKeyID(at: time.now()))
                try note("master", in: transaction, context)
                return try self.standing(of: next.hasRecoveryKey, in: transaction)
            }
        }
        masterKeys.forget()
        return standing
    }

    /// Refuses a change while a rekey is running.
    private func requireRest(of keyring: Keyring, in transaction: WriteTransaction) throws {
        if let rekey = try transaction.newestRekey(), rekey.state != .finished {
            throw VaultError.wrongState(
                detail: "The rekey to term \(rekey.toTerm) is still running.",
                hint: "GET /v1/keyring/rekey says how far it has come; nothing was changed.")
        }
        try requireTerms(of: keyring, in: transaction)
    }

    /// Refuses a change that was prepared with other terms than there are by now: a term that was destroyed meanwhile
    /// would be sealed anew.
    func requireTerms(of keyring: Keyring, in transaction: WriteTransaction) throws {
        guard try transaction.livingTerms() == keyring.termNumbers else {
            throw VaultError.wrongState(
                detail: "The terms have just been changed.", hint: "Try again; nothing was changed.")
        }
    }

    /// What the configured source gives now. Asked on a thread of its own: a program may take its time.
    private func configuredMaster() async throws(VaultError) -> ReadMaster {
        let masterKeys = masterKeys
        let master = await withCheckedContinuation { (done: CheckedContinuation<ReadMaster?, Never>) in
            do throws(StoreError) {
                try WorkerThread { done.resume(returning: ReadMaster(masterKeys)) }.detach()
            } catch {
                done.resume(returning: nil)
            }
        }
        guard let master else {
            throw .wrongState(
                detail: "The configured source of the master key gives none that can be used.",
                hint: "Put a new master key there; `keystow doctor` on the server's machine says what is wrong.")
        }
        return master
    }

    /// Uses `next` from the moment on at which `commit` has made it durable. Where that fails, it may be durable all
    /// the same: then what is stored decides.
    func change<T: Sendable>(
        to next: Keyring, _ commit: () async throws(VaultError) -> T
    ) async throws(VaultError) -> T {
        do throws(VaultError) {
            let result = try await commit()
            publish(next)
            return result
        } catch {
            if let rows = try? read({ transaction throws(StoreError) in try transaction.keyringRows() }),
                let old = try? keyring, let stored = try? (next.reopened(from: rows) ?? old.reopened(from: rows))
            {
                publish(stored)
            }
            throw error
        }
    }

    /// Not after the keys were forgotten.
    func publish(_ keyring: Keyring) {
        openKeyring.withLock { open in if open != nil { open = keyring } }
    }

    func note(_ reason: String, in transaction: WriteTransaction, _ context: RequestContext) throws {
        _ = try transaction.append(
            AuditEntry(
                at: time.now(), actor: context.caller, action: .keyringRotated, object: "\(instance)",
                requestID: context.requestID, reason: reason))
    }

    static func crypto<T: ~Copyable>(_ body: () throws(CryptoError) -> T) throws(VaultError) -> T {
        do { return try body() } catch { throw VaultError(error) }
    }
}

/// A master key on its way from its source into a keyring.
private final class ReadMaster: Sendable {
    let key: SecretBytes

    /// `nil` where the source gives none.
    init?(_ keys: MasterKeys) {
        guard let key = try? keys.current() else { return nil }
        self.key = key
    }
}
