package import VaultModel

/// Where a master key comes from. It is never on the command line.
package enum MasterKeySource: Sendable, Equatable {
    /// A file, a credential of the service manager among them.
    case file(MasterKeyFile)
    /// A descriptor that whoever started the program left open; read once.
    case descriptor(InheritedMasterKey)
    /// A program that prints it.
    case command(MasterKeyCommand)
    /// A variable, which is gone from the environment; read once.
    case environment(HeldMasterKey)

    /// Reads the key into secure memory. Blocks, ten seconds at most where others have to write it first.
    ///
    /// - Throws: why there is none.
    package func read() throws(OpeningError) -> SecretBytes {
        switch self {
        case .file(let file): try file.read()
        case .descriptor(let descriptor): try descriptor.read()
        case .command(let command): try command.read()
        case .environment(let held): try held.read()
        }
    }

    /// The same; a file that is not there is made with a fresh key, unless it is a credential.
    func readOrCreate() throws(OpeningError) -> SecretBytes {
        do {
            return try read()
        } catch {
            guard case .masterKeyMissing = error, case .file(let file) = self, !file.isCredential else { throw error }
            return try file.create()
        }
    }

    /// Overwrites what is kept of a source that can be read once only; it cannot be read again then.
    package func forget() {
        switch self {
        case .file, .command: break
        case .descriptor(let descriptor): descriptor.forget()
        case .environment(let held): held.forget()
        }
    }
}

/// Where a key was read, for whoever is told that it is not right.
package enum MasterKeyPlace: Sendable, Equatable {
    case file(path: String)
    case descriptor(Int32)
    /// What the program of this setting printed.
    case output(setting: String)
    case variable(name: String)
}
