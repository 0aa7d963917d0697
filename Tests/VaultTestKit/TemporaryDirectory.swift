import Glibc

/// A directory of a test's own, removed with everything in it when this goes.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        var template = Array("/tmp/keystow-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestKitFailure("cannot make a directory: errno \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Every regular file below, with its bytes; with none where they are all zero, as a reserve's.
    package func files() -> [(path: String, bytes: [UInt8])] {
        Self.names(in: path).map { name in
            let bytes = Self.bytes(of: name)
            return (name, Self.areZero(bytes) ? [] : bytes)
        }
    }

    private static func areZero(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress, !bytes.isEmpty, bytes[0] == 0 else { return false }
            return memcmp(start, start + 1, bytes.count - 1) == 0
        }
    }

    package static func bytes(of path: String) -> [UInt8] {
        guard let stream = fopen(path, "r") else { return [] }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, stream), count > 0 { bytes += chunk[..<count] }
        return bytes
    }

    package static func names(in directory: String) -> [String] {
        entries(of: directory).flatMap { isFolder($0) ? names(in: $0) : [$0] }
    }

    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var paths: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { paths.append(directory + "/" + name) }
        }
        return paths
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    private static func remove(_ directory: String) {
        for file in names(in: directory) { unlink(file) }
        for folder in folders(in: directory) { remove(folder) }
        rmdir(directory)
    }

    private static func folders(in directory: String) -> [String] {
        entries(of: directory).filter { isFolder($0) }
    }

    deinit { Self.remove(path) }
}

/// The kit itself could not do what a test asked; says what.
package struct TestKitFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
