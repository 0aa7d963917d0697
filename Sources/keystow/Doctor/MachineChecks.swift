import Glibc
import HTTPServer
import VaultCrypto
import VaultModel

/// The clock, and what may become of secrets in memory.
struct MachineChecks {
    let server: RunningServer
    var time: any TimeSource = SystemTime()

    var findings: [Finding] { [user, clock, swap, core, secureHeap, descriptors].compactMap(\.self) }

    private var user: Finding {
        guard geteuid() == 0 else { return .ok("user", "this is user \(geteuid())") }
        return .warning("user", "this is root", "give Keystow a user of its own, who owns the data directory")
    }

    private var clock: Finding {
        let check = "clock"
        let now = Int(time.now().milliseconds / 1000)
        // A clock that lost its battery begins in the past: before this program was put here.
        if let installed = FileStatus("/proc/self/exe").flatMap({ _ in FileStatus.ofProgram?.changedAt }),
            now < installed - 86_400
        {
            return .fault(
                check, "it stands at \(time.now()), before this program was made", "set the clock, and keep it with NTP"
            )
        }
        switch CryptoLibrary.isClockSynchronised {
        case true?: return .ok(check, "it stands at \(time.now()), and is kept in step with others")
        case false?:
            return .warning(
                check, "it stands at \(time.now()), and the kernel says that nothing keeps it in step",
                "run chrony or systemd-timesyncd: expiry, rotation and the audit log go by it")
        case nil: return .note(check, "it stands at \(time.now()); the kernel does not say whether it is kept in step")
        }
    }

    private var swap: Finding {
        let check = "swap"
        // Without its header.
        let devices = ProcFile.lines("/proc/swaps").dropFirst().compactMap {
            $0.split(separator: " ").first.map(String.init)
        }
        let plain = devices.filter { !Self.isHarmless($0) }
        guard !plain.isEmpty else {
            return .ok(check, devices.isEmpty ? "there is none" : "it is encrypted, or in memory")
        }
        return .warning(
            check, "\(plain.joined(separator: ", ")) is on and not known to be encrypted",
            "keys stay out of it (locked memory), answers under way may not: swapoff, or encrypt it (crypttab: swap)")
    }

    /// Whether nothing readable comes to rest there: dm-crypt says so by its UUID, zram lies in memory.
    private static func isHarmless(_ device: String) -> Bool {
        let name = device.split(separator: "/").last.map(String.init) ?? ""
        if name.hasPrefix("zram") {
            return ProcFile.lines("/sys/block/\(name)/backing_dev").first.map { $0 == "none" } ?? true
        }
        return ProcFile.lines("/sys/class/block/\(name)/dm/uuid").first?.hasPrefix("CRYPT-") == true
    }

    private var core: Finding {
        let check = "core_files"
        let pattern = ProcFile.lines("/proc/sys/kernel/core_pattern").first.map(String.init) ?? "core"
        guard server.limit("Max core file size") == 0 else {
            return .warning(
                check, "core files are allowed \(server.shownOwner)",
                "Keystow forbids them when it starts: is that process its?")
        }
        let goes =
            pattern.hasPrefix("|") ? "a program would be given them (\(pattern.prefix(40)))" : "they would be files"
        return .ok(check, "none is written: the limit is 0 and the process cannot be dumped; \(goes)")
    }

    private var secureHeap: Finding {
        let check = "secure_heap"
        let needed = SecureHeap.capacity
        do throws(CryptoError) {
            try SecureHeap.install()
        } catch {
            return .fault(
                check, "\(needed >> 10) KiB of memory cannot be locked",
                "raise the limit: LimitMEMLOCK=8M in the unit, or ulimit -l")
        }
        guard let limit = server.limit("Max locked memory"), limit < needed else {
            return .ok(check, "\(needed >> 10) KiB for secrets are locked in memory")
        }
        return .note(check, "the limit on locked memory is \(limit >> 10) KiB, but this user may go beyond it")
    }

    /// One that runs has raised its limit as far as it could; one that starts will.
    private var descriptors: Finding? {
        server.limit("Max open files", isHard: server.process == nil).map { Self.openFiles($0, server.shownOwner) }
    }

    /// What so many open files come to, by the server's own arithmetic.
    static func openFiles(_ limit: Int, _ owner: String) -> Finding {
        let check = "open_files"
        let connections = DescriptorLimit.connections(of: limit)
        let shown =
            "\(limit == .max ? "any number of files" : "\(limit) files") \(owner) are \(connections) connections at once"
        // What a listener of its own would grant.
        guard connections < ServerLimits().connections else { return .ok(check, shown) }
        return .warning(
            check, shown, "raise the limit: LimitNOFILE=\(DescriptorLimit.useful) in the unit, or ulimit -Hn")
    }
}

extension FileStatus {
    /// This program's own file.
    fileprivate static var ofProgram: FileStatus? {
        guard let path = unsafe realpath("/proc/self/exe", nil) else { return nil }
        defer { unsafe free(path) }
        return FileStatus(unsafe String(cString: path))
    }
}
