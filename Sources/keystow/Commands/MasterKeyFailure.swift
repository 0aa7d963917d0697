import Glibc
import VaultService

extension CommandFailure {
    /// What was read is no master key.
    init(malformed place: MasterKeyPlace) {
        let form =
            switch place {
            case .variable: "exactly 44 characters of padded base64"
            default: "exactly 32 raw bytes or 44 characters of padded base64"
            }
        self.init("\(place.words) must hold \(form)", .configuration)
    }

    init(_ fault: InheritedMasterKey.Fault, ofDescriptor number: Int32) {
        let reason =
            switch fault {
            case .notOpen: "is not open, or was not inherited"
            case .terminal: "is a terminal; a master key is not typed"
            case .tooSlow: "was not written to its end within ten seconds"
            case .unreadable(let code): "cannot be read: \(Self.text(of: code))"
            }
        self.init("descriptor \(number) \(reason)", .configuration)
    }

    init(_ fault: MasterKeyCommand.Fault, of setting: String) {
        let reason =
            switch fault {
            case .missing: "there is no such program, or it cannot be run"
            case .cannotStart(let code): "its program cannot be started: \(Self.text(of: code))"
            case .failed(let code): "its program ended with \(code)"
            case .ended(let signal): "its program was ended by signal \(signal)"
            case .tooSlow: "its program took more than ten seconds and was killed"
            case .nothing: "its program printed nothing"
            }
        self.init("\(setting): \(reason)", .configuration)
    }
}

extension MasterKeyPlace {
    fileprivate var words: String {
        switch self {
        case .file(let path): path
        case .descriptor(let number): "descriptor \(number)"
        case .output(let setting): "the output of \(setting)"
        case .variable(let name): name
        }
    }
}
