import VaultModel
import VaultService

/// Where the master keys come from. Whether they open the vault is another check.
struct MasterKeyChecks {
    let configuration: Configuration
    /// The data directory, wherever links lead.
    let directory: String

    var findings: [Finding] { [current, previous].compactMap(\.self) }

    private var current: Finding { finding(of: configuration.masterKey, MasterKeySettings.current, "master_key") }

    private var previous: Finding? {
        guard let source = configuration.previousMasterKey else { return nil }
        let check = "previous_master_key"
        let finding = finding(of: source, MasterKeySettings.previous, check)
        guard finding.level == .ok else { return finding }
        return .note(
            check, "a previous master key is configured", "take it away once the current one opens the vault")
    }

    private func finding(of source: MasterKeySource, _ settings: MasterKeySettings, _ check: String) -> Finding {
        switch source {
        case .file(let file) where file.isCredential:
            return .ok(check, "it is the service manager's credential \(settings.credential)")
        case .file(let file): return self.finding(of: file.path, settings.file.rawValue, check)
        case .descriptor(let inherited): return .ok(check, "it is read from descriptor \(inherited.number)")
        case .command(let command): return self.finding(of: command, check)
        case .environment(let held):
            return .warning(
                check, "it is in the environment",
                "others may see it where \(held.name) is set: a file, a credential or a command is better")
        }
    }

    private func finding(of command: MasterKeyCommand, _ check: String) -> Finding {
        guard let path = command.path else {
            return .fault(
                check, "the program of \(command.setting) is not there, or cannot be run",
                "name it by its absolute path")
        }
        // Whoever can write the program gets the key that it is given.
        let place = FileStatus.real(path) ?? path
        guard let status = FileStatus(place), status.mode & 0o022 == 0, status.isOwn || status.owner == 0 else {
            return .fault(
                check, "others than this user and root can write \(place)", "chmod go-w \(place), and look whose it is")
        }
        return .ok(check, "\(path) prints it")
    }

    private func finding(of key: String, _ setting: String, _ check: String) -> Finding {
        guard let status = FileStatus(key) else {
            return .fault(check, "there is none at \(key)", "say where it is: \(setting); without it nothing opens")
        }
        // The server takes the file itself alone.
        guard !status.isLink else {
            let file = FileStatus.real(key)
            return .fault(
                check, "\(key) is a symbolic link\(file == nil ? " that leads nowhere" : "")",
                "name the file itself: \(setting)=\(file ?? "…")")
        }
        guard status.isFile else {
            return .fault(check, "\(key) is no file", "say where the key is: \(setting)")
        }
        guard status.mode & 0o077 == 0, status.isOwn || status.owner == 0 else {
            return .fault(
                check, "others can read \(key) (\(status.shownMode))", "chmod 0400 \(key), and chown it to this user")
        }
        if FileStatus.isInside(key, directory) {
            return .warning(
                check, "it lies with the data that it opens, \(key)",
                "whoever copies the directory has all keys: move it elsewhere, and say where with \(setting)")
        }
        guard status.mode & 0o377 == 0 else {
            return .note(
                check, "\(key) can be written (\(status.shownMode))",
                "chmod 0400 \(key) keeps it from being overwritten")
        }
        return .ok(check, "\(key) is apart from the data, and this user's alone (\(status.shownMode))")
    }
}
