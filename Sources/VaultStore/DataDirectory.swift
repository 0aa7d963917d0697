#if canImport(Glibc)
import Glibc
#endif

/// The directory that the database lies in, by its real path.
struct DataDirectory {
    static let databaseName = "vault.db"
    static let lockName = "vault.lock"
    /// A copy that is being made.
    static let snapshotPrefix = "vault.snapshot-"
    /// A folder in which a database is looked at before it is put in place.
    static let stagePrefix = "vault.stage-"

    let path: String
    var databasePath: String { path + "/" + Self.databaseName }
    var lockPath: String { path + "/" + Self.lockName }
    var reservePath: String { path + "/" + Reserve.name }

    /// Makes the directory (0700) where it is missing, whatever the umask.
    ///
    /// One that is there keeps its mode unless it is empty: it may be somebody else's as well.
    init(_ path: String) throws(StoreError) {
        if unsafe mkdir(path, 0o700) == 0 {
            guard unsafe chmod(path, 0o700) == 0 else { throw .file("set the mode of the data directory") }
            // What makes the entry durable is the parent; where that cannot be opened, nothing is lost but time.
            Self.synchronize(path + "/..")
        } else {
            guard errno == EEXIST else { throw .file("make the data directory") }
            if Self.isEmpty(path), unsafe chmod(path, 0o700) != 0 { throw .file("set the mode of the data directory") }
        }
        self.path = try Self.realPath(path)
    }

    /// Where `path` leads: SQLite opens nothing behind a symbolic link.
    static func realPath(_ path: String) throws(StoreError) -> String {
        guard let real = unsafe realpath(path, nil) else { throw .file("find the data directory") }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    /// Makes the database file, empty, where it is missing, and gives it the mode 0600. SQLite gives its log
    /// and its index the mode of the database.
    ///
    /// Call it while no connection of this process has the file open: closing any descriptor of a file
    /// drops all of a process's locks on it.
    func makeDatabase() throws(StoreError) {
        let file = unsafe open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw .file("make the database") }
        defer { close(file) }
        guard fchmod(file, 0o600) == 0 else { throw .file("set the mode of the database") }
        for suffix in ["-wal", "-shm"] {
            guard unsafe chmod(databasePath + suffix, 0o600) == 0 || errno == ENOENT else {
                throw .file("set the mode of the database")
            }
        }
        guard fsync(file) == 0, Self.synchronize(path) else { throw .file("make the database durable") }
    }

    /// Whether a log was left behind, as a process does that is killed.
    var hasLog: Bool { Self.hasLog(of: databasePath) }

    static func hasLog(of database: String) -> Bool { size(database + "-wal") > 0 }

    /// Whether a journal was left behind, as a process does that is killed before the database has a log: SQLite takes
    /// back by it what was being written, in whatever database has that name when it is next opened.
    var hasJournal: Bool { Self.size(databasePath + "-journal") > 0 }

    /// Whether a database with anything in it is there.
    static func hasDatabase(in directory: String) -> Bool {
        size(directory + "/" + databaseName) > 0
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Takes away what a copy or a restore left that was killed; whoever has the lock is at neither.
    func removeLeftovers() {
        for name in Self.names(in: path) where name.hasPrefix(Self.snapshotPrefix) {
            unsafe unlink("\(path)/\(name)")
        }
        for name in Self.names(in: path) where name.hasPrefix(Self.stagePrefix) { Self.remove("\(path)/\(name)") }
    }

    /// Removes a folder of files; what is a link to one stays, and so does all that it leads to.
    static func remove(_ folder: String) {
        let directory = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard directory >= 0 else { return }
        defer { close(directory) }
        for name in names(in: fcntl(directory, F_DUPFD_CLOEXEC, 0)) { unsafe unlinkat(directory, name, 0) }
        unsafe rmdir(folder)
    }

    private static func names(in folder: String) -> [String] {
        names(in: unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    }

    /// Closes the descriptor, too.
    private static func names(in directory: Int32) -> [String] {
        guard directory >= 0 else { return [] }
        guard let stream = unsafe fdopendir(directory) else {
            close(directory)
            return []
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { name in
                unsafe String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @discardableResult
    static func synchronize(_ directory: String) -> Bool {
        let file = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return fsync(file) == 0
    }

    private static func isEmpty(_ directory: String) -> Bool {
        guard let stream = unsafe opendir(directory) else { return false }
        defer { unsafe closedir(stream) }
        var count = 0
        // Every directory lists itself and its parent.
        while count < 3, unsafe readdir(stream) != nil { count += 1 }
        return count < 3
    }
}

extension StoreError {
    /// What the operating system did not let us do, with the error number it gave.
    static func file(_ act: String) -> StoreError {
        let code = errno
        let reason = unsafe strerror(code).map { unsafe ": " + String(cString: $0) } ?? ""
        return .unavailable(code: Int(code), detail: "cannot \(act)\(reason)")
    }
}
