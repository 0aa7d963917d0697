import VaultCrypto
import VaultService

// `environ` is a plain global of C; it is read and changed here alone, and before the program has a second thread.
@unsafe @preconcurrency import Glibc

/// The variables that the program was started with, without the values of those that are secrets.
struct ProcessEnvironment: Sendable, Equatable {
    var values: [String: String]
    /// Secrets that are set; their values stay where they are until they are taken.
    var secrets: Set<Setting>
    /// Master keys that were variables and are none any more.
    var masterKeys: [Setting: HeldMasterKey]

    init(
        values: [String: String] = [:], secrets: Set<Setting> = [], masterKeys: [Setting: HeldMasterKey] = [:]
    ) {
        self.values = values
        self.secrets = secrets
        self.masterKeys = masterKeys
    }

    /// Reads the process's own, and takes the master keys out of it: they are in secure memory then, and nowhere else.
    ///
    /// To be called before any other thread is started, and before anything else looks at the environment.
    static func current() -> ProcessEnvironment {
        var environment = ProcessEnvironment()
        var (entry, kept) = unsafe (environ, environ)
        while let text = unsafe entry.pointee {
            unsafe entry += 1
            if unsafe environment.takesMasterKey(text) { continue }
            unsafe environment.note(text)
            unsafe kept.pointee = text
            unsafe kept += 1
        }
        unsafe kept.pointee = nil
        return environment
    }

    /// Keeps a variable's value, unless it is a secret's.
    private mutating func note(_ text: UnsafeMutablePointer<CChar>) {
        guard let equals = unsafe strchr(text, 0x3D) else { return }
        let name = unsafe String(decoding: UnsafeRawBufferPointer(start: text, count: equals - text), as: UTF8.self)
        if let secret = Setting(rawValue: name), Setting.secret.contains(secret) {
            if unsafe equals[1] != 0 { secrets.insert(secret) }
        } else if ["CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"].contains(name) || name.hasPrefix("KEYSTOW_") {
            values[name] = unsafe String(cString: equals + 1)
        }
    }

    /// Takes a variable that is a master key's, and overwrites it where it lay: `/proc/PID/environ` shows that memory.
    ///
    /// Of a name that is there twice the first counts, as getenv(3) has it.
    private mutating func takesMasterKey(_ text: UnsafeMutablePointer<CChar>) -> Bool {
        for setting in [Setting.masterKey, .masterKeyPrevious] {
            let name = "\(setting.rawValue)="
            guard unsafe strncmp(text, name, name.utf8.count) == 0 else { continue }
            let length = unsafe strlen(text)
            let value = unsafe UnsafeRawBufferPointer(start: text, count: length)
            // An empty variable counts as none.
            if length > name.utf8.count, masterKeys[setting] == nil {
                // Where there is no locked memory it is ordinary memory, and the vault is not opened.
                try? SecureHeap.install()
                let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: value[name.utf8.count...]))
                masterKeys[setting] = HeldMasterKey(setting.rawValue, copying: bytes)
            }
            unsafe explicit_bzero(text, length)
            return true
        }
        return false
    }
}
