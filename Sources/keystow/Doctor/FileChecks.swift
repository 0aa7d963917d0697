import Glibc
import VaultModel
import VaultService

/// The data directory, what lies in it, and the disk below.
struct FileChecks {
    let configuration: Configuration

    var findings: [Finding] {
        [directory, files].compactMap(\.self)
            + MasterKeyChecks(configuration: configuration, directory: path).findings
            + [firstTokens, anchor, disk].compactMap(\.self)
    }

    /// Where it is, wherever links lead.
    private var path: String { FileStatus.real(configuration.dataDirectory) ?? configuration.dataDirectory }

    private var directory: Finding {
        let check = "data_directory"
        let isLink = FileStatus(configuration.dataDirectory)?.isLink == true
        guard let status = FileStatus(path) else {
            return .fault(
                check, "\(path) is not there", "`keystow init` makes it, or say where it is: KEYSTOW_DATA_DIR")
        }
        guard !status.isLink else {
            return .fault(
                check, "\(path) is a link that leads nowhere", "mount what it leads to, or set KEYSTOW_DATA_DIR")
        }
        guard status.isDirectory else { return .fault(check, "\(path) is no directory", "set KEYSTOW_DATA_DIR") }
        guard status.isOwn else {
            return .fault(check, "\(path) belongs to user \(status.owner)", "run this as the user that Keystow runs as")
        }
        guard status.mode & 0o077 == 0 else {
            return .fault(check, "others can enter \(path) (\(status.shownMode))", "chmod 0700 \(path)")
        }
        let shown = isLink ? "\(configuration.dataDirectory) leads to \(path), which" : path
        return .ok(check, "\(shown) is this user's alone (\(status.shownMode))")
    }

    /// Whatever lies in the data directory, which may be a copy or a leftover.
    private var files: Finding? {
        let check = "files"
        let names = FileStatus.names(in: path)
        guard !names.isEmpty else { return nil }
        var open: [String] = []
        for name in names {
            guard let status = FileStatus("\(path)/\(name)"), status.isFile || status.isDirectory else {
                return .fault(check, "\(name) is neither a file nor a directory", "look what it is, and take it away")
            }
            if !status.isOwn && status.owner != 0 {
                return .fault(
                    check, "\(name) belongs to user \(status.owner)", "chown it to the user that Keystow runs as")
            }
            if status.mode & 0o077 != 0 { open.append(name) }
        }
        guard open.isEmpty else {
            let shown = open.sorted().joined(separator: ", ")
            return .fault(check, "others can read \(shown)", "chmod go= on each of them in \(path)")
        }
        return .ok(check, names.count == 1 ? "1 file, closed to others" : "\(names.count) files, closed to others")
    }

    private var firstTokens: Finding? {
        guard FileStatus(configuration.firstTokensFile) != nil else { return nil }
        return .warning(
            "first_tokens", "\(configuration.firstTokensFile) still holds tokens in clear",
            "take them out and use the admin token once: that deletes the file")
    }

    private var anchor: Finding? {
        guard FileStatus(path) != nil else { return nil }
        let (check, anchor) = ("audit_anchor", configuration.auditAnchor)
        let file = FileStatus(anchor)
        if let file {
            guard file.isFile else { return .fault(check, "\(anchor) is no file", "name another place for it") }
            guard file.mode & 0o022 == 0, file.isOwn else {
                return .fault(
                    check, "others than this user can write \(anchor) (\(file.shownMode))",
                    "chown it to this user, and chmod 0600 \(anchor)")
            }
        }
        let folder = ParentFolder.path(of: anchor)
        guard unsafe access(file == nil ? folder : anchor, W_OK) == 0 else {
            return .fault(
                check, "\(file == nil ? folder : anchor) cannot be written by this user",
                "chown it to this user; under systemd name its folder with ReadWritePaths=")
        }
        guard FileStatus.isInside(anchor, path) else {
            return .ok(check, "it is written apart from the data, to \(anchor)")
        }
        return .note(
            check, "it lies with the data: whoever puts back an old copy of all of it goes unnoticed",
            "name a file on another disk with KEYSTOW_AUDIT_ANCHOR")
    }

    private var disk: Finding? {
        let check = "disk"
        var space = statvfs()
        guard unsafe statvfs(path, &space) == 0 else { return nil }
        let free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        let shown = "\(free >> 20) MiB free"
        if let kind = FileStatus.fileSystem(of: path) {
            if ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs"].contains(kind) {
                return .fault(
                    check, "the data is on \(kind)", "SQLite's log needs a local file system: move the directory")
            }
            if ["tmpfs", "ramfs"].contains(kind) {
                return .warning(
                    check, "the data is on \(kind), in memory", "it is gone after a restart: move the directory")
            }
        }
        // A checkpoint, a migration or a backup may need as much again as there is.
        let needed = UInt64(max(0, FileStatus("\(path)/vault.db")?.size ?? 0))
        if free < 64 << 20 || space.f_files > 0 && space.f_favail < 100 {
            return .fault(
                check, "\(shown), \(space.f_favail) files can be made", "make room: writes fail when the disk is full")
        }
        if free < max(512 << 20, needed) {
            return .warning(check, "\(shown), and the database has \(needed >> 20) MiB", "make room before it is full")
        }
        return .ok(check, shown)
    }
}
