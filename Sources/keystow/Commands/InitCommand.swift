import Glibc
import VaultModel
import VaultService

/// `keystow init`: makes a vault and prints its first tokens, once.
enum InitCommand {
    static func run(_ configuration: Configuration) async throws(CommandFailure) -> ExitCode {
        let access = try await make(configuration)
        var line = line(of: access)
        line.append(UInt8(ascii: "\n"))
        return write(line, to: STDOUT_FILENO) ? .ok : .inputOutput
    }

    static func make(_ configuration: Configuration) async throws(CommandFailure) -> FirstAccess {
        do {
            return try await Vault.initialise(at: configuration.location)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// `{"admin_token":…,"project_id":…,"app_token":…}`: none of these needs an escape in JSON.
    static func line(of access: borrowing FirstAccess) -> WipedBuffer {
        var line = WipedBuffer("{\"admin_token\":\"")
        access.adminToken.withBytes { bytes in line.append(bytes) }
        line.append("\",\"project_id\":\"\(access.projectID)\",\"app_token\":\"")
        access.appToken.withBytes { bytes in line.append(bytes) }
        line.append("\"}" as StaticString)
        return line
    }

    /// Keeps the tokens in a file that nobody else can read, until an admin token is first used.
    static func save(_ access: borrowing FirstAccess, to path: String) throws(CommandFailure) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard file >= 0 else { throw CommandFailure("cannot write \(path)", .cannotCreate) }
        defer { close(file) }
        guard fchmod(file, 0o400) == 0, write(line(of: access), to: file), fsync(file) == 0 else {
            throw CommandFailure("cannot write \(path)", .inputOutput)
        }
    }

    private static func write(_ text: borrowing WipedBuffer, to descriptor: Int32) -> Bool {
        text.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count) == bytes.count
            }
        }
    }
}
