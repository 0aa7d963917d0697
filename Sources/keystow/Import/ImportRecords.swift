import VaultModel

/// What a file of keys says, one record for each value that may be a key, in memory that is wiped.
///
/// Records point into the wiped memory: neither a key nor what stands in its neighbourhood becomes a `String` here.
struct ImportRecords: ~Copyable {
    struct Record: Sendable, Equatable {
        /// The line on which it begins; the first is 1.
        let line: Int
        /// The variable that the value was given to.
        var name: Range<Int>?
        var user: Range<Int>?
        var provider: Range<Int>?
        var value: Range<Int>
        /// Whether it stands where this format has its keys; of others only those that look like keys matter.
        var isInPlace = true
    }

    private var memory: WipedBuffer
    private(set) var records: [Record] = []
    /// Lines that say nothing in this format, and were passed over.
    var unread: [Int] = []
    /// Whether nothing names the users but perhaps a column that is not read: its values differ from row to row.
    var unreadColumnMayNameUsers = false

    init(capacity: Int) { memory = WipedBuffer(capacity: capacity) }

    mutating func append(_ record: Record) { records.append(record) }

    /// Where the next text that is kept will begin.
    var end: Int { memory.count }

    mutating func keep(_ byte: UInt8) { memory.append(byte) }

    /// Keeps a name of our own.
    mutating func keep(_ name: String) -> Range<Int> {
        let start = memory.count
        memory.append(name)
        return start..<memory.count
    }

    /// Keeps a piece of the file as it stands there.
    mutating func keep(_ range: Range<Int>, of text: RawSpan) -> Range<Int> {
        let start = memory.count
        memory.append(text.extracting(range))
        return start..<memory.count
    }

    /// Lends the bytes of a piece that was kept.
    borrowing func withText<R: ~Copyable, E: Error>(
        of range: Range<Int>, _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        try memory.withBytes { bytes throws(E) in try body(bytes.extracting(range)) }
    }

    /// Whether two pieces are the same bytes.
    borrowing func areEqual(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        left.count == right.count
            && memory.withBytes { bytes in
                zip(left, right).allSatisfy { bytes[byte: $0] == bytes[byte: $1] }
            }
    }

    /// A piece without the spaces and tabs around it.
    borrowing func withoutBlanks(_ range: Range<Int>) -> Range<Int> {
        memory.withBytes { bytes in
            var (start, end) = (range.lowerBound, range.upperBound)
            while start < end, [0x20, 0x09].contains(bytes[byte: start]) { start += 1 }
            while start < end, [0x20, 0x09].contains(bytes[byte: end - 1]) { end -= 1 }
            return start..<end
        }
    }
}
