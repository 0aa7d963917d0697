import Glibc
import VaultStore

/// The process that has the data directory open, and whose limits therefore count.
struct RunningServer {
    /// `nil`: nobody has it open.
    let process: Int32?

    init(dataDirectory: String) {
        process = Store.holder(of: dataDirectory)
    }

    /// Limits are those of the server where one runs, else of this program, started as the server would be.
    var shownOwner: String { process.map { "of process \($0)" } ?? "of whoever starts it like this" }

    /// A limit by its name in `/proc/PID/limits` (proc(5)), the soft or the hard one; `nil` where it cannot be read,
    /// `Int.max` for none.
    func limit(_ name: String, isHard: Bool = false) -> Int? {
        let path = process.map { "/proc/\($0)/limits" } ?? "/proc/self/limits"
        guard let line = ProcFile.lines(path).first(where: { $0.hasPrefix(name + "  ") }) else { return nil }
        let value = line.dropFirst(name.utf8.count).split(separator: " ").dropFirst(isHard ? 1 : 0).first
        return value == "unlimited" ? .max : value.flatMap { Int($0) }
    }
}

/// A small text file that the kernel makes.
enum ProcFile {
    /// Its lines; none where it cannot be read.
    static func lines(_ path: String) -> [Substring] {
        guard let stream = unsafe fopen(path, "re") else { return [] }
        defer { unsafe fclose(stream) }
        var bytes: [UInt8] = []
        while case let byte = unsafe getc(stream), byte >= 0, bytes.count < 1 << 20 { bytes.append(UInt8(byte)) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    }
}
