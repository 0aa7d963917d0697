/// Takes settings from flags and environment and gathers what is wrong with them.
///
/// A fault names the setting and what it should be, never what was given: that may be a secret in the
/// wrong place.
struct ConfigurationReader {
    let environment: ProcessEnvironment
    let flags: SettingFlags
    /// What asks for something that is not built.
    let unavailable: Set<Setting>
    private(set) var faults: [String] = []
    private(set) var remarks: [String] = []

    init(environment: ProcessEnvironment, flags: SettingFlags, unavailable: Set<Setting>) {
        self.environment = environment
        self.flags = flags
        self.unavailable = unavailable
    }

    mutating func blame(_ fault: String) { faults.append(fault) }

    /// Tells of what is odd but no reason to stop.
    mutating func remark(_ oddity: String) { remarks.append(oddity) }

    /// What the setting was called where it was given: its flag or its variable.
    func name(of setting: Setting) -> String { flags.values[setting] == nil ? setting.rawValue : setting.flag }

    /// The text that was given; an empty variable counts as none.
    func text(_ setting: Setting) -> String? {
        if let flag = flags.values[setting] { return flag }
        return environment.values[setting.rawValue].flatMap { $0.isEmpty ? nil : $0 }
    }

    func isGiven(_ setting: Setting) -> Bool { text(setting) != nil || environment.secrets.contains(setting) }

    /// The setting as `parse` reads it, or `nil` where it is not given, not available or not understood.
    mutating func value<T>(_ setting: Setting, mustBe expected: String, parse: (String) -> T?) -> T? {
        guard let text = text(setting) else { return nil }
        guard !unavailable.contains(setting) else {
            blame("\(name(of: setting)) is not available in this version")
            return nil
        }
        guard !text.isEmpty, let value = parse(text) else {
            blame("\(name(of: setting)) must be \(expected)")
            return nil
        }
        return value
    }

    mutating func path(_ setting: Setting) -> String? {
        value(setting, mustBe: "a path") { $0.utf8.count < 4096 && !$0.utf8.contains(0) ? $0 : nil }
    }
}
