import VaultCrypto
import VaultStore

/// The libraries that the system brings.
enum LibraryChecks {
    static var findings: [Finding] {
        let sqlite =
            StoreLibrary.hasLogResetRace
            ? Finding.note(
                "sqlite",
                "SQLite \(StoreLibrary.version) can lose commits when one connection writes while another checkpoints (fixed in 3.51.3)",
                "Keystow does both on one connection; let no other program open vault.db, not even to read")
            : .ok("sqlite", "SQLite \(StoreLibrary.version)")
        let openssl =
            CryptoLibrary.majorVersion >= 3
            ? Finding.ok("openssl", CryptoLibrary.version)
            : .fault("openssl", CryptoLibrary.version, "Keystow needs OpenSSL 3 with the distribution's patches")
        return [sqlite, openssl]
    }
}
