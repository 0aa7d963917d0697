import VaultService

extension CommandFailure {
    /// Why a file is not taken for a backup, or not put in place.
    init(_ fault: BackupFault) {
        switch fault {
        case .unreadable(let code): self.init("cannot read the backup: \(Self.text(of: code))", .noInput)
        case .foreign: self.init("that file is no backup of Keystow's", .dataFault)
        case .newerForm(let form):
            self.init("the backup has form \(form), made by a newer keystow; run that one", .configuration)
        case .cut(let expected, let found):
            self.init(
                "the backup was cut or added to: its database has \(found) bytes, and not \(expected); take another",
                .dataFault)
        case .damaged: self.init("the backup is damaged: its bytes are not those that its hash is of", .dataFault)
        case .forged:
            self.init("the backup's manifest was not made by the vault that is in it: do not trust it", .dataFault)
        case .unwell: self.init("SQLite finds the database in the backup damaged; take another", .dataFault)
        case .occupied(let directory):
            self.init(
                "there is a vault in \(directory); --replace moves it aside, --dry-run changes nothing", .cannotCreate)
        case .notOwner(let directory, let owner):
            self.init(
                "\(directory) is of the user with the number \(owner), whose server could not open what is made here: run "
                    + "this as that user, for instance with sudo -u '#\(owner)'; nothing was changed", .noPermission)
        case .otherInstance(let found, let backup):
            self.init(
                "the data directory has the vault \(found), and the backup is of \(backup): --adopt says that this is meant",
                .configuration)
        case .unwritable(let code):
            self.init("cannot write into the data directory: \(Self.text(of: code))", .inputOutput)
        }
    }
}
