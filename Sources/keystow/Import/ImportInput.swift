import Glibc
import VaultModel
import VaultProviders

/// Opens what is to be imported and reads it whole.
struct ImportInput {
    let source: ImportSource
    let likeness: KeyLikeness

    /// The source as it may be printed: a file that is named like a credential goes without its name.
    var shownSource: ImportSource {
        guard case .file(let path) = source, likeness.finding(in: path) == .credential else { return source }
        return .file("that file")
    }

    /// - Parameters:
    ///   - format: how it is written; `nil` leaves that to be told by its name, then by its text.
    ///   - providers: whose variables are taken from the environment, and whose names are known in files.
    /// - Throws: `noInput` when it is not there, `dataFault` with the line when it cannot be understood.
    func records(
        format: ImportFormat?, knowing providers: KnownProviders
    ) throws(CommandFailure) -> ImportRecords {
        switch source {
        case .environment: return try Self.environment(providers.usualVariables.map(\.name))
        case .standardInput: return try read(STDIN_FILENO, named: "standard input", format, providers)
        case .file(let path):
            let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
            guard file >= 0 else {
                // Whoever gives a key in place of a file's name must not find it in the message too.
                switch likeness.finding(in: path) {
                case .harmless: throw CommandFailure("cannot read \(path)", .noInput)
                case .doubtful: throw CommandFailure("cannot read that file", .noInput)
                case .credential:
                    throw CommandFailure(
                        "that is a credential, not a file; it now stands in your shell's history: revoke it", .usage)
                }
            }
            let name = shownSource == source ? path : "that file"
            defer { close(file) }
            warnIfOpenToOthers(file, name)
            return try read(file, named: name, format ?? ImportFormat(ofFileNamed: path), providers)
        }
    }

    private func read(
        _ descriptor: Int32, named name: String, _ format: ImportFormat?, _ providers: KnownProviders
    ) throws(CommandFailure) -> ImportRecords {
        let text: WipedBuffer?
        do {
            text = try ImportText.read(descriptor)
        } catch {
            throw CommandFailure(error, in: name)
        }
        guard let text else { throw CommandFailure("cannot read \(name)", .noInput) }
        do {
            return try text.withBytes { bytes throws(ImportFault) in
                let range = try ImportText.check(bytes)
                guard let format = format ?? ImportFormat(ofText: bytes, range) else {
                    throw ImportFault("it is not clear how this is written; say --format env, toml or csv")
                }
                return try format.read(bytes, range, knowing: providers)
            }
        } catch {
            throw CommandFailure(error, in: name)
        }
    }

    private func warnIfOpenToOthers(_ file: Int32, _ name: String) {
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_mode & 0o044 != 0
        else { return }
        Console.tell("warning: \(name) can be read by other users of this machine; chmod 0600")
    }

    /// The well-known variables that are set, without a line.
    private static func environment(_ names: [String]) throws(CommandFailure) -> ImportRecords {
        var records = ImportRecords(capacity: 4096)
        for name in names {
            guard let value = unsafe getenv(name) else { continue }
            let bytes = unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: value, count: strlen(value)))
            do {
                _ = try ImportText.check(bytes)
            } catch {
                throw CommandFailure(error, in: name)
            }
            let kept = records.keep(name)
            let range = records.keep(0..<bytes.byteCount, of: bytes)
            records.append(.init(line: 0, name: kept, value: range))
        }
        return records
    }
}

extension CommandFailure {
    fileprivate init(_ fault: ImportFault, in name: String) {
        let place = fault.line.map { "line \($0): " } ?? ""
        self.init("\(name): \(place)\(fault.message); nothing was imported", .dataFault)
    }
}
