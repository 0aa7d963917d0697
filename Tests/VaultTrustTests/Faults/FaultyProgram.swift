import FaultyCrypto
import Glibc
import VaultTestKit

/// `keystow serve`, whose C libraries fail when they are told to: it is started with a library of ours loaded first.
final class FaultyProgram: @unchecked Sendable {
    // Unchecked: the plan is read and written by two processes, a word at a time.
    private let plan: UnsafeMutablePointer<fault_plan>
    private let directory: TemporaryDirectory
    private let path: String

    /// What fails.
    struct Fault {
        var kinds: Int
        var mode = FAULT_FAIL
        var stays = false
        var error: Int32 = EIO
    }

    init(in directory: TemporaryDirectory) throws {
        self.directory = directory
        path = directory.path + "/plan"
        try FurnishedVault.write([UInt8](repeating: 0, count: MemoryLayout<fault_plan>.size), to: path)
        let file = open(path, O_RDWR)
        defer { close(file) }
        let bytes = mmap(nil, MemoryLayout<fault_plan>.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
        guard let bytes, bytes != MAP_FAILED else { throw TestKitFailure("no plan") }
        plan = bytes.bindMemory(to: fault_plan.self, capacity: 1)
    }

    deinit { munmap(plan, MemoryLayout<fault_plan>.size) }

    var settings: [String: String] {
        [
            "LD_PRELOAD": Program.folder + "/libFaults.so", "FAULT_PLAN": path,
            "FAULT_DIRECTORY": directory.path + "/data", "KEYSTOW_RATE_LIMIT": "off",
        ]
    }

    func start(tokens: (app: String, admin: String)? = nil) async throws -> ServedProgram {
        try await ServedProgram.start(in: directory, settings, tokens: tokens)
    }

    /// Lets the `number`th call from now fail.
    func fail(_ fault: Fault, at number: Int) {
        heal()
        plan.pointee.failures = 0
        plan.pointee.calls = 0
        plan.pointee.mode = UInt32(fault.mode)
        plan.pointee.stays = fault.stays ? 1 : 0
        plan.pointee.error = UInt32(bitPattern: fault.error)
        plan.pointee.countdown = Int64(number)
        plan.pointee.kinds = UInt32(fault.kinds)
    }

    func heal() {
        plan.pointee.kinds = 0
        plan.pointee.countdown = 0
    }

    var failures: Int { Int(plan.pointee.failures) }
}
