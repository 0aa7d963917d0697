import Glibc
import HTTPClient
import Synchronization
import VaultModel
import VaultService

/// `keystow backup FILE`: has the running server make a backup, and keeps it in a file.
enum BackupRunner {
    /// A vault of many gigabytes over a slow line.
    private static let patience = Duration.seconds(6 * 3600)

    static func run(_ command: BackupCommand, _ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let server = try configuration.runningServer()
        let client = try Configuration.client(longest: patience)
        defer { client.close() }
        let vault = RemoteVault(server: server, client: client, token: try TokenSource.read(file: command.tokenFile))
        if !command.isForced, unsafe access(command.file, F_OK) == 0 {
            throw CommandFailure("\(command.file) is there already: --force replaces it", .cannotCreate)
        }
        let file = try UnfinishedFile(command.file)
        let sink = file.sink { Console.show(progress: "\($0 >> 20) MiB") }
        let reply = try await vault.download("/v1/backup", to: sink, within: patience)
        Console.show(progress: nil)
        guard reply.status == 200 else {
            throw CommandFailure(
                reply.problem.map { "the server made no backup: \($0.detail)" } ?? "the server made no backup",
                .unavailable)
        }
        let manifest = try check(file.path)
        try file.finish()
        let said =
            command.asJSON
            ? Console.say(line: BackupReport.json(manifest, file: command.file))
            : Console.say(
                "\(command.file): \(manifest.databaseBytes >> 10) KiB of \(manifest.instance), entry \(manifest.auditSequence)"
            )
        return said
    }

    /// What came is whole: its length and its hash are those that its manifest names. Whether the vault in it opens only
    /// its master key can tell (`keystow restore --dry-run`).
    private static func check(_ path: String) throws(CommandFailure) -> BackupManifest {
        do throws(OpeningError) {
            let backup = try BackupFile(path)
            try unsafe backup.readDatabase()
            return backup.manifest
        } catch {
            throw CommandFailure(error)
        }
    }
}

/// How much has come, for whichever thread it comes on.
private final class ReceivedBytes: Sendable {
    private let total = Atomic(0)

    func add(_ count: Int) -> Int { total.add(count, ordering: .relaxed).newValue }
}

/// A file that takes its name only when it is whole and durable, and is 0600.
final class UnfinishedFile {
    /// Where it lies until then.
    let path: String
    private let name: String
    private let descriptor: Int32

    init(_ name: String) throws(CommandFailure) {
        self.name = name
        var template = Array("\(name).XXXXXX".utf8CString)
        descriptor = unsafe mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw CommandFailure("cannot write beside \(name): \(CommandFailure.text(of: errno))", .cannotCreate)
        }
    }

    /// What writes each piece of an answer to it; `false` when that cannot be done.
    func sink(progress: @escaping @Sendable (Int) -> Void) -> @Sendable (RawSpan) -> Bool {
        let total = ReceivedBytes()
        return { [descriptor] piece in
            let isWritten = unsafe piece.withUnsafeBytes { bytes in
                var rest = unsafe bytes
                while unsafe !rest.isEmpty {
                    let written = unsafe write(descriptor, rest.baseAddress, rest.count)
                    if written < 0, errno == EINTR { continue }
                    guard written > 0 else { return false }
                    unsafe rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                }
                return true
            }
            progress(total.add(piece.byteCount))
            return isWritten
        }
    }

    func finish() throws(CommandFailure) {
        guard fsync(descriptor) == 0, unsafe rename(path, name) == 0 else {
            throw CommandFailure("cannot write \(name): \(CommandFailure.text(of: errno))", .inputOutput)
        }
        ParentFolder.synchronize(of: name)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        // Gone by its first name where it has got its second.
        unsafe unlink(path)
    }
}
