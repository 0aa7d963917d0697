import VaultModel

/// The index root and what is derived from it: the same for as long as the vault lives, whatever becomes of masters
/// and terms. Never changes; safe from any thread.
final class RootKeys: Sendable {
    let root: HeldKey
    let rows: KeyedMAC
    let tokens: KeyedMAC
    let leakBuckets: KeyedMAC
    let auditReferences: KeyedMAC
    let cursors: KeyedMAC
    let idempotency: KeyedMAC
    let backups: KeyedMAC

    init(_ root: consuming SecretBytes) throws(CryptoError) {
        let held = HeldKey(root)
        self.root = held
        rows = try KeyedMAC("row-mac", from: held.bytes)
        tokens = try KeyedMAC("token", from: held.bytes)
        leakBuckets = try KeyedMAC("leak-bucket", from: held.bytes)
        auditReferences = try KeyedMAC("audit-ref", from: held.bytes)
        cursors = try KeyedMAC("cursor", from: held.bytes)
        idempotency = try KeyedMAC("idempotency", from: held.bytes)
        backups = try KeyedMAC("backup", from: held.bytes)
    }
}
