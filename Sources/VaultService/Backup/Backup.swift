import VaultCrypto
import VaultModel
import VaultStore

#if canImport(Glibc)
import Glibc
#endif

/// A backup that is ready to be handed out: the first two lines of its file, and the database that follows them.
package final class Backup: Sendable {
    package let manifest: BackupManifest
    package let head: [UInt8]
    /// The database's file, which has no name; it is open as long as this is.
    package let file: Int32
    private let turn: Turn.Held

    fileprivate init(_ manifest: BackupManifest, head: [UInt8], file: Int32, _ turn: Turn.Held) {
        self.turn = turn
        self.manifest = manifest
        self.head = head
        self.file = file
    }

    deinit { close(file) }
}

extension Vault {
    /// Makes a backup of the vault as it is now, `backup.made` in its audit log included.
    ///
    /// Requests are served meanwhile. There is one at a time, which takes as much room as the database.
    ///
    /// - Throws: `overloaded` while another is made or sent; `storageFull` when there is no room for the copy; `auditUnavailable`,
    ///   and nothing was made.
    package func backup(_ context: RequestContext) async throws(VaultError) -> Backup {
        let turn = try backupTurn.take()
        // A backup is worth something only if it opens.
        try? await mendKeyring()
        let now = time.now()
        // So that as little as may be in it is not under a signed head.
        try? await signHead()
        _ = try await write { [self] transaction in
            try transaction.append(
                AuditEntry(
                    at: now, actor: context.caller, action: .backupMade, object: "\(instance)",
                    requestID: context.requestID))
        }
        let made = await withCheckedContinuation { (done: CheckedContinuation<Result<Backup, VaultError>, Never>) in
            do throws(StoreError) {
                try WorkerThread { [self] in done.resume(returning: copy(at: now, turn)) }.detach()
            } catch {
                done.resume(returning: .failure(VaultError(error)))
            }
        }
        return try made.get()
    }

    private func copy(at time: Timestamp, _ turn: Turn.Held) -> Result<Backup, VaultError> {
        do {
            var about: (instance: InstanceID, master: MasterKeyID)?
            let before = try keyring
            var keys: [KeyringRow] = []
            var (schema, audit, signedHead, terms) = (0, ChainPosition.start, String?.none, [Int]())
            var snapshot = try store.snapshot { copy in
                about = try copy.instance().map { ($0.id, $0.master) }
                schema = try Store.schemaVersion(in: copy)
                let head = try copy.auditHead()
                audit = ChainPosition(sequence: head.sequence, hash: head.hash)
                signedHead = try copy.newestHead()?.note
                keys = try copy.keyringRows()
                terms = Set(keys.filter { $0.kind == .kek }.map(\.term)).sorted()
            }
            let after = try keyring
            // The keyring may be changed meanwhile.
            guard let about, try before.reopened(from: keys) != nil || after.reopened(from: keys) != nil else {
                return .failure(.storageUnavailable)
            }
            let (size, hash) = try Self.measure(snapshot.file)
            let manifest = BackupManifest(
                instance: about.instance, madeAt: time, schema: schema, audit: audit, signedHead: signedHead,
                masterKeyID: about.master, terms: terms, databaseBytes: size, databaseSHA256: hash)
            let line = try manifest.line()
            let mac = try keyring.backupMAC(line)
            let head = line + [0x0A] + Array(mac.hexadecimal.utf8) + [0x0A]
            return .success(Backup(manifest, head: head, file: snapshot.take(), turn))
        } catch {
            return .failure(VaultError(thrown: error))
        }
    }

    /// The length of a file and its SHA-256.
    private static func measure(_ file: Int32) throws -> (size: Int, hash: [UInt8]) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { unsafe piece.deallocate() }
        var digest = try RunningDigest()
        var size = 0
        while true {
            let got = unsafe pread(file, piece.baseAddress, piece.count, off_t(size))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw VaultError.storageUnavailable }
            guard got > 0 else { return (size, try digest.finish()) }
            try unsafe digest.add(UnsafeRawBufferPointer(rebasing: piece[..<got]))
            size += got
        }
    }
}
