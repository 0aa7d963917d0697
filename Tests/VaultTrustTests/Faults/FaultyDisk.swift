import FaultyVFS
import VaultTestKit

/// The disk below one directory, as SQLite sees it: it fails when it is told to, and its power can go.
///
/// Safe to use from any thread. It must outlive every connection to a file on it.
final class FaultyDisk: @unchecked Sendable {
    // Unchecked: the disk has a lock of its own.
    private let disk: OpaquePointer

    /// The calls that can fail.
    struct Calls: OptionSet {
        let rawValue: UInt32

        static let write = Calls(rawValue: UInt32(FAULTY_WRITE))
        static let sync = Calls(rawValue: UInt32(FAULTY_SYNC))
        static let any = Calls(rawValue: UInt32(FAULTY_ANY))
        /// Those that change something.
        static let change: Calls = Calls(
            rawValue: UInt32(FAULTY_WRITE | FAULTY_SYNC | FAULTY_TRUNCATE | FAULTY_DELETE))
    }

    /// - Parameter directory: a real path.
    init(_ directory: String) { disk = faulty_disk_mount(directory) }

    deinit { faulty_disk_unmount(disk) }

    /// The `number`th call from now fails, and where it `stays`, so does every one after it.
    func fail(_ calls: Calls = .any, at number: Int, stays: Bool, with error: Int32) {
        faulty_disk_fail(disk, calls.rawValue, Int64(number), stays ? 1 : 0, error)
    }

    func heal() { faulty_disk_heal(disk) }

    /// How many calls there were, and how many of them failed.
    var calls: Int { Int(faulty_disk_calls(disk)) }
    var failures: Int { Int(faulty_disk_failures(disk)) }

    /// How many bytes the files of the directory may take together; `nil` for any number.
    func limit(to bytes: Int?) { faulty_disk_limit(disk, Int64(bytes ?? -1)) }

    /// How many they take.
    var used: Int { Int(faulty_disk_used(disk)) }

    /// What lies there is on the disk for certain; what is written from now on, once it is synced. The power goes with
    /// the `number`th call from now, or when it is recovered.
    func cutPower(at number: Int?) { faulty_disk_cut_power(disk, Int64(number ?? -1)) }

    var hasPower: Bool { faulty_disk_has_power(disk) != 0 }

    /// Takes the power and writes into `directory` what is found when it is back. Once.
    func recover(into directory: String, seed: UInt64) throws {
        guard faulty_disk_recover(disk, directory, seed) == 0 else { throw TestKitFailure("cannot recover the disk") }
    }
}
