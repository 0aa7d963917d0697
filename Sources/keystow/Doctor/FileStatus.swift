import Glibc
import VaultService

/// What the file system says of a path.
struct FileStatus {
    private let status: stat

    /// Of a link itself, not of what it leads to; `nil` where there is nothing.
    init?(_ path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        self.status = status
    }

    var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }
    var isLink: Bool { status.st_mode & S_IFMT == S_IFLNK }
    var isFile: Bool { status.st_mode & S_IFMT == S_IFREG }
    /// The permissions alone.
    var mode: UInt32 { status.st_mode & 0o7777 }
    var shownMode: String { "0" + String(mode, radix: 8) }
    var owner: UInt32 { status.st_uid }
    var isOwn: Bool { status.st_uid == geteuid() }
    /// Bytes.
    var size: Int { Int(status.st_size) }
    /// When it was last written, seconds since 1970.
    ///
    /// The first member of its `timespec`: that is declared in a module which a release build does not let us name.
    var changedAt: Int { unsafe withUnsafeBytes(of: status.st_mtim) { unsafe $0.loadUnaligned(as: Int.self) } }

    /// Whether `path` lies in `directory`, wherever links lead.
    static func isInside(_ path: String, _ directory: String) -> Bool {
        guard let directory = real(directory) else { return false }
        let folder = ParentFolder.path(of: path)
        guard let place = real(path) ?? real(folder).map({ $0 + "/" }) else { return false }
        return place.hasPrefix(directory + "/")
    }

    /// Where `path` leads; `nil` where that is nowhere.
    static func real(_ path: String) -> String? {
        guard let real = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(real) }
        return unsafe String(cString: real)
    }

    static func names(in directory: String) -> [String] {
        guard let stream = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// The kind of file system that `path` lies on, by `/proc/self/mountinfo` (proc(5)); `nil` where it is not told.
    static func fileSystem(of path: String) -> String? {
        guard let status = FileStatus(path)?.status else { return nil }
        let device = UInt64(status.st_dev)
        let (major, minor) = (device >> 8 & 0xFFF | device >> 32 & ~0xFFF, device & 0xFF | device >> 12 & ~0xFF)
        for line in ProcFile.lines("/proc/self/mountinfo") {
            let words = line.split(separator: " ")
            guard words.count > 6, words[2] == "\(major):\(minor)", let dash = words.firstIndex(of: "-") else {
                continue
            }
            return dash + 1 < words.count ? String(words[dash + 1]) : nil
        }
        return nil
    }
}
