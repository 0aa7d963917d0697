package import VaultModel

#if canImport(Glibc)
import Glibc
#endif

/// A program, run without a shell, whose standard output is the master key.
package struct MasterKeyCommand: Sendable, Equatable {
    /// Why it gave none.
    package enum Fault: Error, Sendable, Equatable {
        /// No such program, neither at its path nor in a folder that `PATH` names.
        case missing
        case cannotStart(errno: Int32)
        /// It ended with another code than 0.
        case failed(code: Int32)
        /// A signal ended it.
        case ended(signal: Int32)
        /// It was still running, or what it started held its output open, after ten seconds.
        case tooSlow
        case nothing
    }

    /// The setting that names it.
    package let setting: String
    /// Its name or absolute path, and its arguments.
    package let words: [String]
    /// How long it may take.
    package var patience = Duration.seconds(10)

    /// - Returns: `nil` when `text` is no command (``CommandWords``), or its program is named by a relative path.
    package init?(_ text: String, setting: String) {
        guard let words = CommandWords.split(text), let program = words.first,
            program.hasPrefix("/") || !program.contains("/")
        else { return nil }
        self.setting = setting
        self.words = words
    }

    /// Where the program lies; `nil` when nothing that can be run does. Relative folders of `PATH` are passed over.
    package var path: String? {
        guard let program = words.first else { return nil }
        if program.hasPrefix("/") { return Self.isProgram(program) ? program : nil }
        let folders = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
        return folders.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(program)" }
            .first(where: Self.isProgram)
    }

    private static func isProgram(_ path: String) -> Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }

    /// Runs the program. Blocks until it has ended or its time is over.
    ///
    /// - Throws: `masterKeyCommand` with what went wrong; `masterKeyMalformed` for any other output than a key.
    package func read() throws(OpeningError) -> SecretBytes {
        guard let path else { throw .masterKeyCommand(setting: setting, .missing) }
        var length = 0
        var fault: Fault?
        let text = try SecretBytes(count: MasterKeyText.room, exhausted: OpeningError.vault(.overloaded)) {
            span throws(OpeningError) in
            do throws(Fault) {
                var program = try KeyProgram(path, words)
                length = try program.collect(into: &span, until: ContinuousClock.now + patience)
            } catch {
                fault = error
            }
        }
        if let fault { throw .masterKeyCommand(setting: setting, fault) }
        return try MasterKeyText.key(of: text, length, from: .output(setting: setting))
    }
}
