import Glibc

/// Where the master key comes from. It is never on the command line.
enum MasterKeySource: Sendable, Equatable {
    case file(path: String)
    /// A file that the service manager made for this start.
    case credential(path: String)
    /// A descriptor that whoever started the program left open.
    case descriptor(Int32)
    /// A program and its arguments, run without a shell, whose standard output is the key.
    case command([String])
    /// The variable `KEYSTOW_MASTER_KEY`.
    case environment

    /// The name under which a service manager passes the key as a credential.
    static let credentialName = "keystow-master-key"

    /// The credential's file, when the service manager that started the program gave one (systemd.exec(5)).
    static func credential(in environment: ProcessEnvironment) -> MasterKeySource? {
        guard let directory = environment.values["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else { return nil }
        let path = "\(directory)/\(credentialName)"
        return unsafe access(path, F_OK) == 0 ? .credential(path: path) : nil
    }
}
