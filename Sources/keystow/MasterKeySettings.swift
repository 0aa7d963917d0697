import Glibc
import VaultService

/// The settings that say where one of the two master keys comes from.
struct MasterKeySettings {
    let file: Setting
    let descriptor: Setting
    let command: Setting
    let variable: Setting
    /// The name under which a service manager passes it as a credential.
    let credential: String

    static let current = MasterKeySettings(
        file: .masterKeyFile, descriptor: .masterKeyDescriptor, command: .masterKeyCommand, variable: .masterKey,
        credential: "keystow-master-key")
    static let previous = MasterKeySettings(
        file: .masterKeyPreviousFile, descriptor: .masterKeyPreviousDescriptor, command: .masterKeyPreviousCommand,
        variable: .masterKeyPrevious, credential: "keystow-master-key-previous")
}

extension ConfigurationReader {
    /// The source that stands first of those that are given: a file, a descriptor, the service manager's credential, a
    /// command, the environment; `nil` when there is none. The others are told of as not looked at.
    mutating func masterKeySource(_ settings: MasterKeySettings) -> MasterKeySource? {
        let file = path(settings.file).map { MasterKeySource.file(MasterKeyFile(path: $0)) }
        let descriptor = value(settings.descriptor, mustBe: "the number of an open descriptor, 3 or above") {
            WholeNumber.parse($0, in: 3...1_048_576).map { MasterKeySource.descriptor(InheritedMasterKey(Int32($0))) }
        }
        let command = value(
            settings.command, mustBe: "a program's name or absolute path, and its arguments, with every quote closed"
        ) { text in
            MasterKeyCommand(text, setting: settings.command.rawValue).map { MasterKeySource.command($0) }
        }
        let held = environment.masterKeys[settings.variable].map { MasterKeySource.environment($0) }
        let given = [
            (name(of: settings.file), file), (name(of: settings.descriptor), descriptor),
            ("the credential \(settings.credential)", credential(settings.credential)),
            (name(of: settings.command), command), (settings.variable.rawValue, held),
        ].filter { $0.1 != nil }
        if let first = given.first, given.count > 1 {
            let rest = given.dropFirst().map(\.0).joined(separator: ", ")
            remark("\(first.0) is used, and not looked at: \(rest)")
        }
        return given.first?.1
    }

    /// The credential's file, when the service manager that started the program gave one (systemd.exec(5)).
    private func credential(_ name: String) -> MasterKeySource? {
        guard let directory = environment.values["CREDENTIALS_DIRECTORY"], directory.hasPrefix("/") else { return nil }
        let path = "\(directory)/\(name)"
        return unsafe access(path, F_OK) == 0 ? .file(MasterKeyFile(path: path, isCredential: true)) : nil
    }
}

extension Configuration {
    /// Makes the descriptors that master keys are read from the program's own, before it opens any itself.
    func claimDescriptors() {
        for case .descriptor(let inherited)? in [masterKey, previousMasterKey] { inherited.claim() }
    }
}
