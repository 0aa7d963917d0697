import Glibc

/// The memory of a process that it can write to, as root sees it: the kernel shows a process that is not dumpable to nobody
/// else.
package struct ProcessMemory {
    /// A run of addresses.
    private struct Region {
        let start: UInt
        let end: UInt
        var isLocked = false
    }

    /// Something that was looked for and is there.
    package struct Find: Sendable, Hashable, CustomStringConvertible {
        package let name: String
        /// Whether the kernel keeps the place from being swapped out, as it does the secure heap.
        package let isLocked: Bool

        package var description: String { isLocked ? "\(name), locked" : name }
    }

    private let process: Int32

    package init(of process: Int32) { self.process = process }

    /// Every place where one of `needles` lies; blocks its thread.
    package func finds(of needles: [(name: String, bytes: [UInt8])]) throws -> [Find] {
        let file = open("/proc/\(process)/mem", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw TestKitFailure("no look at the memory of \(process): errno \(errno)") }
        defer { close(file) }
        let overlap = (needles.map(\.bytes.count).max() ?? 1) - 1
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        var finds: [Find] = []
        for region in try regions() {
            var position = region.start
            var carried = 0
            while position < region.end {
                let wanted = min(chunk.count - carried, Int(region.end - position))
                let got = chunk.withUnsafeMutableBytes { bytes in
                    pread(file, bytes.baseAddress.map { $0 + carried }, wanted, off_t(position))
                }
                // Unmapped since it was listed, or never to be read.
                guard got > 0 else { break }
                chunk.withUnsafeBytes { bytes in
                    let seen = UnsafeRawBufferPointer(rebasing: bytes[..<(carried + got)])
                    for (name, needle) in needles {
                        let count = Self.count(of: needle, in: seen)
                        finds += repeatElement(Find(name: name, isLocked: region.isLocked), count: count)
                    }
                }
                position += UInt(got)
                // What was seen to its end before cannot lie within the overlap alone.
                let kept = min(overlap, carried + got)
                chunk.withUnsafeMutableBytes { bytes in
                    if let base = bytes.baseAddress { memmove(base, base + (carried + got - kept), kept) }
                }
                carried = kept
            }
        }
        return finds
    }

    private static func count(of needle: [UInt8], in bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress, bytes.count >= needle.count else { return 0 }
        // Most of memory is zeros.
        let pivot = needle.firstIndex { $0 != 0 } ?? 0
        let end = base + (bytes.count - needle.count + pivot + 1)
        var (place, count) = (base + pivot, 0)
        while place < end, let hit = memchr(place, Int32(needle[pivot]), end - place) {
            if memcmp(hit - pivot, needle, needle.count) == 0 { count += 1 }
            place = UnsafeRawPointer(hit) + 1
        }
        return count
    }

    /// What can be written, but for what the kernel shares with everybody.
    private func regions() throws -> [Region] {
        let text = String(decoding: TemporaryDirectory.bytes(of: "/proc/\(process)/smaps"), as: UTF8.self)
        guard !text.isEmpty else { throw TestKitFailure("no map of the memory of \(process)") }
        var regions: [Region] = []
        var isWanted = false
        for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ Substring($0) }) {
            let words = line.split(separator: " ")
            guard let first = words.first else { continue }
            if first.hasSuffix(":") {
                if isWanted, first == "VmFlags:", words.contains("lo") { regions[regions.count - 1].isLocked = true }
                continue
            }
            let ends = first.split(separator: "-").compactMap { UInt($0, radix: 16) }
            isWanted = ends.count == 2 && words.count > 1 && words[1].hasPrefix("rw") && !line.contains("[v")
            if isWanted { regions.append(Region(start: ends[0], end: ends[1])) }
        }
        return regions
    }
}
