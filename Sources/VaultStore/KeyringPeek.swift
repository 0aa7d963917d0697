package import VaultModel

/// What tells whether a master key opens a vault: read without writing a byte.
package struct KeyringPeek: Sendable {
    package let instance: InstanceID
    package let master: MasterKeyID
    package let rows: [KeyringRow]
}

extension Store {
    /// Reads the keyring through a read-only connection, before the store is opened.
    ///
    /// A read-only connection neither migrates nor checkpoints, so the database keeps every byte, also one whose last
    /// writer was killed.
    ///
    /// - Returns: `nil` where there is no vault in `directory`, or one that was not finished being made.
    package static func peek(directory: String) throws(StoreError) -> KeyringPeek? {
        guard exists(in: directory) else { return nil }
        let path = try DataDirectory.realPath(directory) + "/" + DataDirectory.databaseName
        // Without a log there is nothing that another connection could tell us, and none needs to be made.
        let connection = try Connection(path: path, access: DataDirectory.hasLog(of: path) ? .readOnly : .atRest)
        guard try connection.first("SELECT 1 FROM sqlite_schema WHERE name = 'instance'", [], { $0.int() }) != nil
        else {
            return nil
        }
        let transaction = ReadTransaction(connection)
        defer { transaction.end() }
        guard let (instance, master) = try transaction.instance() else { return nil }
        return KeyringPeek(instance: instance, master: master, rows: try transaction.keyringRows())
    }

    /// Makes the data directory (0700) where it is missing.
    package static func prepare(directory: String) throws(StoreError) {
        _ = try DataDirectory(directory)
    }
}
