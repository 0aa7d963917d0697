#if canImport(Glibc)
import Glibc
#endif

/// The file beside the database that signed notes are appended to, and that nothing whole is ever taken from.
struct AnchorFile: Sendable {
    /// What has come of an append.
    enum Outcome: Sendable, Equatable {
        case durable
        /// So many of the bytes lie there and could not be taken back; what follows begins a line of its own.
        case failed(left: Int)
    }

    let path: String

    /// Appends `bytes` and makes them durable, or takes back what was written of them. Blocks.
    func append(_ bytes: [UInt8]) -> Outcome {
        let isNew = unsafe access(path, F_OK) != 0
        let file = unsafe open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { return .failed(left: 0) }
        defer { close(file) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return .failed(left: 0) }
        if isNew { fchmod(file, 0o600) }
        var last = UInt8(ascii: "\n")
        if status.st_size > 0 { _ = unsafe pread(file, &last, 1, status.st_size - 1) }
        // A crash may have left a piece of a line.
        let isTorn = last != UInt8(ascii: "\n")
        let isWritten = (!isTorn || Self.write([UInt8(ascii: "\n")], to: file)) && Self.write(bytes, to: file)
        if isWritten, fdatasync(file) == 0 {
            if isNew { ParentFolder.synchronize(of: path) }
            return .durable
        }
        guard ftruncate(file, status.st_size) != 0, unsafe fstat(file, &status) == 0 else { return .failed(left: 0) }
        return .failed(left: Self.overlap(of: file, Int(status.st_size), with: bytes))
    }

    /// All that it holds; `nil` where there is none.
    ///
    /// - Throws: `anchorUnreadable`.
    func read() throws(OpeningError) -> [UInt8]? {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else {
            guard errno == ENOENT else { throw .anchorUnreadable(path: path, errno: errno) }
            return nil
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var status = stat()
        if unsafe fstat(file, &status) == 0 { bytes.reserveCapacity(Int(status.st_size)) }
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe Glibc.read(file, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .anchorUnreadable(path: path, errno: errno) }
            guard count > 0 else { return bytes }
            bytes += piece[..<count]
        }
    }

    /// Whether others than its owner may write it, or its owner is not who runs this; false where there is none.
    var isExposed: Bool {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return false }
        return status.st_mode & 0o022 != 0 || status.st_uid != geteuid()
    }

    private static func write(_ bytes: [UInt8], to file: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let written = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(file, bytes.baseAddress?.advanced(by: done), bytes.count - done)
            }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            done += written
        }
        return true
    }

    /// How many of `bytes`, from the first on, a file of that size ends with.
    private static func overlap(of file: Int32, _ size: Int, with bytes: [UInt8]) -> Int {
        var end = [UInt8](repeating: 0, count: min(size, bytes.count))
        let count = unsafe pread(file, &end, end.count, off_t(size - end.count))
        guard count == end.count else { return 0 }
        return stride(from: end.count, to: 0, by: -1).first { end.suffix($0).elementsEqual(bytes.prefix($0)) } ?? 0
    }
}
