import FoundationEssentials
import VaultModel

/// What a backup says of itself: the first line of its file, JSON with sorted names.
package struct BackupManifest: Sendable, Equatable, Codable {
    /// The form of the file; this program knows form 1.
    package let keystowBackup: Int
    package let instance: String
    /// RFC 3339.
    package let madeAt: String
    /// How many steps of the schema the database has.
    package let schema: Int
    /// The newest entry of the audit log in it, and the chain's hash there, hexadecimal.
    package let auditSequence: Int
    package let auditHash: String
    /// The newest signed head in it.
    package let signedHead: String?
    /// The id of the master key that opens it.
    package let masterKeyID: String
    /// The KEK terms in it.
    package let terms: [Int]
    package let databaseBytes: Int
    /// Hexadecimal.
    package let databaseSHA256: String

    private enum CodingKeys: String, CodingKey {
        case keystowBackup = "keystow_backup"
        case instance
        case madeAt = "made_at"
        case schema
        case auditSequence = "audit_sequence"
        case auditHash = "audit_hash"
        case signedHead = "signed_head"
        case masterKeyID = "master_key_id"
        case terms
        case databaseBytes = "database_bytes"
        case databaseSHA256 = "database_sha256"
    }

    static let form = 1

    /// Whether what it names can be what it says: nobody has proven yet who wrote it.
    var isReadable: Bool {
        InstanceID(instance) != nil && MasterKeyID(masterKeyID) != nil && Timestamp(rfc3339: madeAt) != nil
            && databaseBytes > 0 && databaseSHA256.utf8.count == 64
            && databaseSHA256.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The line, without its end.
    func line() throws(VaultError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do { return Array(try encoder.encode(self)) } catch { throw .storageUnavailable }
    }

    init?(line: [UInt8]) {
        guard let manifest = try? JSONDecoder().decode(Self.self, from: Data(line)) else { return nil }
        self = manifest
    }

    init(
        instance: InstanceID, madeAt: Timestamp, schema: Int, audit: ChainPosition, signedHead: String?,
        masterKeyID: MasterKeyID, terms: [Int], databaseBytes: Int, databaseSHA256: [UInt8]
    ) {
        keystowBackup = Self.form
        self.instance = "\(instance)"
        self.madeAt = "\(madeAt)"
        self.schema = schema
        auditSequence = audit.sequence
        auditHash = audit.hash.hexadecimal
        self.signedHead = signedHead
        self.masterKeyID = "\(masterKeyID)"
        self.terms = terms
        self.databaseBytes = databaseBytes
        self.databaseSHA256 = databaseSHA256.hexadecimal
    }
}

/// Why a file is not taken for a backup, or not put in place.
package enum BackupFault: Error, Sendable, Equatable {
    case unreadable(errno: Int32)
    /// It does not begin as a backup does.
    case foreign
    /// It was made by a newer program.
    case newerForm(Int)
    /// It is shorter or longer than it says.
    case cut(expected: Int, found: Int)
    /// Its database is not the one that its manifest names.
    case damaged
    /// Its manifest was not made by the vault that is in it.
    case forged
    /// SQLite finds its database damaged.
    case unwell
    /// The data directory has a vault.
    case occupied(directory: String)
    /// The data directory is of the user with this number, who is not the one that this process runs as.
    case notOwner(directory: String, owner: UInt32)
    /// The data directory has another vault than the backup's.
    case otherInstance(found: String, backup: String)
    case unwritable(errno: Int32)
}
