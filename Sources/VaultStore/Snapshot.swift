#if canImport(Glibc)
import Glibc
#endif

/// A copy of the database as it was at one moment, in a file that has no name any more.
package struct Snapshot: ~Copyable, Sendable {
    /// Open for reading; whoever takes it closes it.
    private var descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Lends the descriptor.
    package var file: Int32 { descriptor }

    /// Gives the descriptor up to whoever closes it.
    package mutating func take() -> Int32 {
        defer { descriptor = -1 }
        return descriptor
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}

extension Store {
    /// Copies the database as it is now, without what was deleted, into the data directory, 0600 and without a name.
    ///
    /// It has a connection of its own, which reads one state from the first row to the last and never checkpoints; nobody
    /// waits for it, but the log grows while it reads. Blocks for as long as that takes, so it is for a thread of its own.
    ///
    /// - Parameter look: gets the copy to read.
    /// - Throws: ``StoreError/full`` when the copy, and half of it again, would not find room; what `look` throws.
    package func snapshot(_ look: (ReadTransaction) throws -> Void) throws -> Snapshot {
        let folder = databasePath.dropLast(DataDirectory.databaseName.utf8.count)
        try Self.requireRoom(for: databasePath)
        var template = Array("\(folder)\(DataDirectory.snapshotPrefix)XXXXXX".utf8CString)
        let file = unsafe mkstemp(&template)
        guard file >= 0 else { throw StoreError.file("make a copy of the database") }
        let snapshot = Snapshot(descriptor: file)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unsafe unlink(path)
            // SQLite takes away its own, unless the disk does not let it.
            unsafe unlink(path + "-journal")
        }
        guard fcntl(file, F_SETFD, FD_CLOEXEC) == 0, fchmod(file, 0o600) == 0 else {
            throw StoreError.file("make a copy of the database")
        }
        let connection = try Connection(path: databasePath, access: .copying)
        defer { connection.close() }
        try connection.run("VACUUM INTO $1", [.text(path)])
        let copy = try Connection(path: path, access: .atRest)
        defer { copy.close() }
        let transaction = ReadTransaction(copy)
        defer { transaction.end() }
        try look(transaction)
        return snapshot
    }

    private static func requireRoom(for database: String) throws(StoreError) {
        var (space, needed) = (statvfs(), 64 << 20)
        for suffix in ["", "-wal"] {
            var status = stat()
            if unsafe stat(database + suffix, &status) == 0 { needed += Int(status.st_size) / 2 * 3 }
        }
        guard unsafe statvfs(database, &space) == 0 else { return }
        guard UInt64(space.f_bavail) * UInt64(space.f_frsize) >= UInt64(needed) else { throw .full }
    }
}
