import VaultCrypto
package import VaultModel
package import VaultProviders
import VaultStore

#if canImport(Glibc)
import Glibc
#endif

/// What `restore` is to do.
package struct RestoreOrder: Sendable, Equatable {
    package var file: String
    /// Everything is looked at, and nothing changed.
    package var isDryRun = false
    /// Whether a vault that is there is moved aside.
    package var replaces = false
    /// Whether the data directory, or the anchor, may be another vault's.
    package var adopts = false
    /// The anchor's newest note, up to which it is given up what it says against the backup.
    package var acceptedNote: Int?

    package init(file: String) { self.file = file }
}

/// What came of it.
package struct RestoreReport: Sendable {
    package let manifest: BackupManifest
    /// How many secrets there are in the backup, and how many of them open.
    package var secrets = 0
    package var opened = 0
    /// Keys of which one does not, a hundred at most.
    package var closed: [KeyID] = []
    /// Where the vault lies that was there.
    package var aside: String?
}

/// How far it has come.
package enum RestoreProgress: Sendable {
    case copying(bytes: Int, of: Int)
    case opening(secrets: Int)
}

extension Vault {
    /// Puts a backup in place of what is in the data directory, which nobody may have open, after all of it has been
    /// looked at: its hash, its canaries under the configured master key, its manifest's MAC, SQLite's own check, the
    /// anchor, and whether each secret opens. Where the location has a recovery key, that opens the backup, and the
    /// configured master key opens the vault that is put in place.
    ///
    /// Until the last of these nothing is changed but a folder that goes again; then the database is exchanged in one step,
    /// with `restore.made` in its audit log. What the anchor names as ended is ended in it before this returns, and would
    /// be by the next start.
    ///
    /// - Throws: why nothing was put in place; `notSettled` where the backup is in place and only the last step failed.
    package static func restore(
        _ order: RestoreOrder, to location: VaultLocation, catalogue: Catalogue,
        time: any TimeSource = SystemTime(), progress: (RestoreProgress) -> Void
    ) async throws(OpeningError) -> RestoreReport {
        try installSecureHeap()
        let backup = try BackupFile(order.file)
        var report = RestoreReport(manifest: backup.manifest)
        try refuseOccupied(order, location, backup.manifest)
        let replacement: Replacement
        do {
            replacement = try Replacement(in: location.directory, isExclusive: !order.isDryRun)
        } catch {
            throw .store(error)
        }
        // Again, now that nobody else can make one there.
        try refuseOccupied(order, location, backup.manifest)
        try stage(backup, at: replacement.staged, progress)
        var staged = VaultLocation(
            directory: replacement.stage, masterKey: location.masterKey,
            previousMasterKey: location.previousMasterKey, anchor: location.anchor)
        staged.recoveryKey = location.recoveryKey
        staged.isOpenedAgain = true
        staged.isOnlyLookedAt = order.isDryRun
        try prove(backup, staged)
        let accepted = try await look(into: staged, order, catalogue, time, &report, progress)
        guard !order.isDryRun else { return report }
        do { report.aside = try replacement.putInPlace() } catch { throw .store(error) }
        // Others may have it from here on: what is left to do any start does.
        _ = consume replacement
        var restored = location
        restored.recoveryKey = nil
        try await settleRestored(restored, accepted, catalogue, time)
        return report
    }

    /// Whether the data directory may get that backup, from this user.
    private static func refuseOccupied(
        _ order: RestoreOrder, _ location: VaultLocation, _ manifest: BackupManifest
    ) throws(OpeningError) {
        if !order.isDryRun, let owner = Store.otherOwner(of: location.directory) {
            throw .backup(.notOwner(directory: location.directory, owner: owner))
        }
        guard Store.exists(in: location.directory) else { return }
        guard order.replaces || order.isDryRun else { throw .backup(.occupied(directory: location.directory)) }
        // One that cannot be read any more is nobody's.
        guard !order.adopts, let peek = try? Store.peek(directory: location.directory) else { return }
        guard "\(peek.instance)" == manifest.instance else {
            throw .backup(.otherInstance(found: "\(peek.instance)", backup: manifest.instance))
        }
    }

    private static func stage(
        _ backup: borrowing BackupFile, at path: String, _ progress: (RestoreProgress) -> Void
    ) throws(OpeningError) {
        let file = unsafe Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .backup(.unwritable(errno: errno)) }
        defer { Glibc.close(file) }
        let whole = backup.manifest.databaseBytes
        try unsafe backup.readDatabase(progress: { progress(.copying(bytes: $0, of: whole)) }) { piece in
            var rest = unsafe piece
            while unsafe !rest.isEmpty {
                let written = unsafe Glibc.write(file, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return false }
                unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            }
            return true
        }
        guard fsync(file) == 0 else { throw .backup(.unwritable(errno: errno)) }
    }

    /// Proves that the manifest was made by the vault that is in the database, and that SQLite finds that well.
    private static func prove(_ backup: borrowing BackupFile, _ staged: VaultLocation) throws(OpeningError) {
        let (peek, keyring, _) = try unlock(staged)
        let isOurs: Bool
        do throws(CryptoError) {
            let mac = try keyring.backupMAC(backup.line).hexadecimal
            isOurs = ConstantTime.areEqual(Array(mac.utf8), Array(backup.mac.utf8))
        } catch {
            throw .crypto(error)
        }
        guard isOurs, "\(peek.instance)" == backup.manifest.instance else { throw .backup(.forged) }
        do throws(StoreError) {
            guard try Store.isWell(directory: staged.directory) else { throw StoreError.corrupt("integrity_check") }
        } catch {
            guard case .corrupt = error else { throw .store(error) }
            throw .backup(.unwell)
        }
    }

    /// Opens the staged vault as a start would, opens each secret once, and writes down that it was restored.
    ///
    /// - Returns: the note that was accepted.
    private static func look(
        into staged: VaultLocation, _ order: RestoreOrder, _ catalogue: Catalogue, _ time: any TimeSource,
        _ report: inout RestoreReport, _ progress: (RestoreProgress) -> Void
    ) async throws(OpeningError) -> Int? {
        var accepted = order.acceptedNote
        let vault: Vault
        do {
            vault = try opened(staged, accepted, catalogue, time)
        } catch .anchorForeign(_, let note) where order.adopts {
            accepted = note
            vault = try opened(staged, accepted, catalogue, time)
        }
        defer { vault.close() }
        do {
            try vault.openEverySecret(&report) { progress(.opening(secrets: $0)) }
            guard !order.isDryRun else { return accepted }
            if vault.openedBy == .recovery { _ = try await vault.replaceLostMaster(RequestContext(caller: .terminal)) }
            let (instance, entry) = (vault.instance, report.manifest.auditSequence)
            _ = try await vault.write { transaction in
                try transaction.append(
                    AuditEntry(
                        at: time.now(), actor: .terminal, action: .restoreMade, object: "\(instance)",
                        reason: "backup of entry \(entry)"))
            }
            return accepted
        } catch let error as OpeningError {
            throw error
        } catch {
            throw .vault(VaultError(thrown: error))
        }
    }

    private static func opened(
        _ location: VaultLocation, _ accepted: Int?, _ catalogue: Catalogue, _ time: any TimeSource
    ) throws(OpeningError) -> Vault {
        var configuration = VaultConfiguration()
        configuration.acceptedNote = accepted
        configuration.writePatience = .seconds(60)
        return try open(
            at: location, configuration: configuration, catalogue: catalogue,
            probe: Probe(catalogue: catalogue, time: time) { _ in .failure(.refused) }, time: time)
    }

    private static func settleRestored(
        _ location: VaultLocation, _ accepted: Int?, _ catalogue: Catalogue, _ time: any TimeSource
    ) async throws(OpeningError) {
        do {
            let vault = try opened(location, accepted, catalogue, time)
            defer { vault.close() }
            try await vault.settle()
        } catch {
            throw .notSettled
        }
    }

    /// Opens each secret that there is, and counts.
    private func openEverySecret(
        _ report: inout RestoreReport, progress: (Int) -> Void
    ) throws(VaultError) {
        var before: KeyID?
        while true {
            let page = try reading { transaction in
                try transaction.keys(matching: KeyFilter(), before: before, limit: 200).map { stored in
                    (stored.record, try transaction.versions(of: stored.record.id))
                }
            }
            for (key, versions) in page {
                for version in versions {
                    guard let sealed = version.sealed else { continue }
                    report.secrets += 1
                    let binding = SecretBinding(
                        keyID: key.id, version: version.number, projectID: key.projectID, owner: key.owner,
                        provider: key.provider, endpoint: version.endpoint)
                    if try open(sealed, under: binding) != nil {
                        report.opened += 1
                    } else if report.closed.last != key.id, report.closed.count < 100 {
                        report.closed.append(key.id)
                    }
                }
            }
            progress(report.secrets)
            guard let last = page.last else { return }
            before = last.0.id
        }
    }
}
