import CSQLite

#if canImport(Glibc)
import Glibc
#endif

/// The SQLite that this program runs with.
package enum StoreLibrary {
    /// Such as `3.40.1`.
    package static var version: String { unsafe String(cString: sqlite3_libversion()) }

    /// Whether two connections to one log, one that writes and one that moves it into the database, could lose a commit: SQLite
    /// 3.7.0 to 3.51.2.
    package static var hasLogResetRace: Bool { (3_007_000..<3_051_003).contains(sqlite3_libversion_number()) }
}

extension Store {
    /// The process that holds the data directory, as it says itself, while it lives. Takes no lock, so it never keeps
    /// anybody out.
    package static func holder(of directory: String) -> Int32? {
        guard let stream = unsafe fopen(directory + "/" + DataDirectory.lockName, "re") else { return nil }
        defer { unsafe fclose(stream) }
        var digits: [UInt8] = []
        while digits.count < 10, case let byte = unsafe getc(stream), (0x30...0x39).contains(byte) {
            digits.append(UInt8(byte))
        }
        guard let number = Int32(String(decoding: digits, as: UTF8.self)), number > 0 else { return nil }
        return kill(number, 0) == 0 || errno == EPERM ? number : nil
    }
}
