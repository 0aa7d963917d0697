import Glibc
import VaultCrypto
import VaultModel
import VaultTestKit

@testable import VaultService
@testable import VaultStore

extension Trial {
    /// Acts on the vault's own keys, and on all of it.
    static let ofKeys: [Trial] = [
        Trial(name: "begin a term", action: .keyringRotated) { vault, _, who in
            _ = try await vault.rotateKeyring(.term, who.admin)
        },
        Trial(name: "rekey to the end", action: .keyringRotated, isLong: true) { vault, _, who in
            _ = try await vault.rotateKeyring(.term, who.admin)
            try await vault.carryOutRekey()
            guard try vault.keyring.termNumbers == [2] else { throw TestKitFailure("the old term was not destroyed") }
        },
        Trial(name: "replace the master", action: .keyringRotated) { vault, _, who in
            let path = String(vault.store.databasePath.dropLast("/data/vault.db".utf8.count))
            let (current, previous) = (
                "\(path)/\(FurnishedVault.masterKey)", "\(path)/\(FurnishedVault.previousMasterKey)"
            )
            guard rename(current, previous) == 0 else { throw TestKitFailure("no previous master key") }
            try FurnishedVault.write((0..<32).map { _ in UInt8.random(in: 0 ... .max) }, to: current)
            _ = try await vault.rotateKeyring(.master, who.admin)
            // The new one alone opens it from now on.
            guard unlink(previous) == 0 else { throw TestKitFailure("the previous master key is still there") }
        },
        Trial(name: "seal", action: .keyringSealed) { vault, _, who in try await vault.seal(who.admin) },
        Trial(name: "back up", action: .backupMade, isLong: true) { vault, _, who in
            let backup = try await vault.backup(who.admin)
            var status = stat()
            guard fstat(backup.file, &status) == 0, status.st_size == backup.manifest.databaseBytes else {
                throw TestKitFailure("a backup that is not whole")
            }
        },
    ]
}
