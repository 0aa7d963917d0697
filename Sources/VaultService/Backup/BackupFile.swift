import VaultModel
import VaultCrypto

#if canImport(Glibc)
import Glibc
#endif

/// A backup as it lies in a file: the manifest's line, a line with the manifest's MAC (64 hexadecimal digits), and the
/// database to the end of the file. It holds no master key.
package struct BackupFile: ~Copyable {
    package let manifest: BackupManifest
    let line: [UInt8]
    /// As it stands there.
    let mac: String
    private let descriptor: Int32
    private let offset: Int

    /// No manifest is longer.
    private static let longestHead = 65_536

    /// Opens a file and reads its head. Nothing of that has been proven.
    ///
    /// - Throws: `backup` with why it is none.
    package init(_ path: String) throws(OpeningError) {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .backup(.unreadable(errno: errno)) }
        var isTaken = false
        defer { if !isTaken { close(file) } }
        var head = [UInt8](repeating: 0, count: Self.longestHead)
        let got = unsafe pread(file, &head, head.count, 0)
        guard got >= 0 else { throw .backup(.unreadable(errno: errno)) }
        let lines = head[..<got].split(separator: 0x0A, maxSplits: 2, omittingEmptySubsequences: false)
        guard lines.count == 3, lines[1].count == 64, lines[0].starts(with: "{\"audit_hash\":".utf8),
            let manifest = BackupManifest(line: Array(lines[0])), manifest.isReadable
        else { throw .backup(.foreign) }
        guard manifest.keystowBackup == BackupManifest.form else { throw .backup(.newerForm(manifest.keystowBackup)) }
        var status = stat()
        guard unsafe fstat(file, &status) == 0 else { throw .backup(.unreadable(errno: errno)) }
        let begin = lines[0].count + lines[1].count + 2
        let found = Int(status.st_size) - begin
        guard found == manifest.databaseBytes else {
            throw .backup(.cut(expected: manifest.databaseBytes, found: found))
        }
        self.manifest = manifest
        line = Array(lines[0])
        mac = String(decoding: lines[1], as: UTF8.self)
        descriptor = file
        offset = begin
        isTaken = true
    }

    /// Reads the database through, and compares it with the manifest.
    ///
    /// - Parameters:
    ///   - progress: told now and then how many bytes have been read.
    ///   - take: gets each piece; `false` ends with `unwritable`.
    /// - Throws: `backup(.damaged)`, or why it cannot be read.
    package borrowing func readDatabase(
        progress: (Int) -> Void = { _ in }, _ take: (UnsafeRawBufferPointer) -> Bool = { _ in true }
    ) throws(OpeningError) {
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { unsafe piece.deallocate() }
        var read = 0
        do {
            var digest = try RunningDigest()
            while read < manifest.databaseBytes {
                let got = unsafe pread(descriptor, piece.baseAddress, piece.count, off_t(offset + read))
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { throw OpeningError.backup(.unreadable(errno: got < 0 ? errno : EIO)) }
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: piece[..<got])
                try unsafe digest.add(bytes)
                guard unsafe take(bytes) else { throw OpeningError.backup(.unwritable(errno: errno)) }
                read += got
                progress(read)
            }
            guard try digest.finish().hexadecimal == manifest.databaseSHA256 else {
                throw OpeningError.backup(.damaged)
            }
        } catch let error as CryptoError {
            throw .crypto(error)
        } catch {
            throw error as? OpeningError ?? .backup(.damaged)
        }
    }

    deinit { close(descriptor) }
}
