#if canImport(Glibc)
import Glibc
#endif

extension Store {
    /// Whose the vault in `directory` is, or would be, where that is another user than this process runs as: what it made
    /// there would be closed to that one.
    ///
    /// The owner of the database; where there is none of the directory, and where that is not there of the folder that it
    /// is to be in. A folder that is root's says nothing to others: it may be there for a group.
    package static func otherOwner(of directory: String) -> UInt32? {
        let user = geteuid()
        if let owner = owner(of: "\(directory)/\(DataDirectory.databaseName)") { return owner == user ? nil : owner }
        guard let owner = owner(of: directory) ?? owner(of: parent(of: directory)) else { return nil }
        return owner == user || owner == 0 ? nil : owner
    }

    private static func owner(of path: String) -> UInt32? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status.st_uid : nil
    }

    private static func parent(of directory: String) -> String {
        let name = directory.reversed().drop { $0 == "/" }
        let path = String(name.drop { $0 != "/" }.reversed())
        return path.isEmpty ? "." : path
    }
}
