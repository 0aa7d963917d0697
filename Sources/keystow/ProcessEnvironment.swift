// `environ` is a plain global of C; it is read here alone, and before the program has a second thread.
@unsafe @preconcurrency import Glibc

/// The variables that the program was started with, without the values of those that are secrets.
struct ProcessEnvironment: Sendable, Equatable {
    var values: [String: String]
    /// Secrets that are set; their values stay where they are until they are taken.
    var secrets: Set<Setting>

    init(values: [String: String] = [:], secrets: Set<Setting> = []) {
        self.values = values
        self.secrets = secrets
    }

    /// Reads the process's own. To be called before any other thread is started.
    static func current() -> ProcessEnvironment {
        var environment = ProcessEnvironment()
        var entry = unsafe environ
        while let text = unsafe entry.pointee {
            if let equals = unsafe strchr(text, 0x3D) {
                let name = unsafe String(
                    decoding: UnsafeRawBufferPointer(start: text, count: equals - text),
                    as: UTF8.self
                )
                if let secret = Setting(rawValue: name), Setting.secret.contains(secret) {
                    if unsafe equals[1] != 0 { environment.secrets.insert(secret) }
                } else if ["CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET"].contains(name) || name.hasPrefix("KEYSTOW_") {
                    environment.values[name] = unsafe String(cString: equals + 1)
                }
            }
            unsafe entry += 1
        }
        return environment
    }
}
