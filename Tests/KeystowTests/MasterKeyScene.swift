import Glibc
import VaultTestKit

@testable import keystow

/// A vault that the program itself made, with a master key that the test knows, and scripts that print keys.
final class MasterKeyScene {
    let directory: TemporaryDirectory
    /// 32 bytes with a line end, a nought and a high bit among them, so that nothing treats them as text by luck.
    let key: [UInt8]

    var path: String { directory.path }
    var data: String { "\(path)/data" }
    var file: String { "\(path)/master.key" }
    var base64: String { Self.base64(of: key) }

    /// - Parameter isMade: whether there is a vault already.
    init(isMade: Bool = true) async throws {
        directory = try TemporaryDirectory()
        key = [0x0A, 0x00, 0xFF] + (0..<29).map { _ in UInt8.random(in: 0...255) }
        try write(key, to: "master.key")
        guard isMade else { return }
        let made = try run(["init"], ["KEYSTOW_MASTER_KEY_FILE": file])
        guard try await made.wait() == 0 else { throw TestKitFailure("no vault: \(made.standardError)") }
    }

    /// - Returns: the file's path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String, mode: mode_t = 0o400) throws -> String {
        let path = "\(path)/\(name)"
        unlink(path)
        let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw TestKitFailure("cannot write \(path)") }
        defer { close(file) }
        guard Glibc.write(file, bytes, bytes.count) == bytes.count, fchmod(file, mode) == 0 else {
            throw TestKitFailure("cannot write \(path)")
        }
        return path
    }

    /// Makes a shell script.
    func script(_ name: String, _ lines: String) throws -> String {
        try write(Array("#!/bin/sh\n\(lines)\n".utf8), to: name, mode: 0o700)
    }

    /// Starts the program on the data directory.
    func run(
        _ arguments: [String], _ environment: [String: String] = [:], inherited: [Int32: Int32] = [:]
    ) throws -> Program {
        let usual = ["KEYSTOW_DATA_DIR": data, "PATH": "/usr/local/bin:/usr/bin:/bin"]
        return try Program(
            arguments, environment: usual.merging(environment) { $1 }, inherited: inherited, in: directory)
    }

    /// Opens the vault for a moment.
    func open(
        _ environment: [String: String], inherited: [Int32: Int32] = [:]
    ) async throws -> (code: Int32, said: String) {
        let program = try run(["token", "list"], environment, inherited: inherited)
        return (try await program.wait(), program.standardError)
    }

    /// The reading end of a pipe that these bytes were written to, closed behind them unless it is to stay open.
    func pipe(_ bytes: [UInt8], staysOpen: Bool = false) throws -> Int32 {
        var ends: [Int32] = [-1, -1]
        guard Glibc.pipe(&ends) == 0, Glibc.write(ends[1], bytes, bytes.count) == bytes.count else {
            throw TestKitFailure("no pipe")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        if !staysOpen { close(ends[1]) }
        return ends[0]
    }

    /// The data directory's files with their bytes, but for the index of the log, which SQLite makes anew, and the lock.
    func bytes() -> [String: [UInt8]] {
        let files = TemporaryDirectory.names(in: data).filter { !$0.hasSuffix("-shm") }
        return Dictionary(files.map { ($0, TemporaryDirectory.bytes(of: $0)) }) { first, _ in first }
    }

    static func base64(of bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let three = (bytes[start...] + [0, 0]).prefix(3)
            let bits = three.reduce(0) { $0 << 8 | Int($1) }
            for place in 0..<4 {
                let isPadding = start + place > bytes.count
                text.append(isPadding ? "=" : alphabet[bits >> (18 - 6 * place) & 63])
            }
        }
        return text
    }
}
