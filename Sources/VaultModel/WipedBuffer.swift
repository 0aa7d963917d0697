#if canImport(Glibc)
import Glibc
#endif

/// A growing run of bytes in ordinary memory that is overwritten whenever a piece of it is freed.
///
/// Request bodies, answers and outgoing headers pass through here: they may hold a secret for a moment,
/// and no copy of it must stay behind. One owner at a time; not for concurrent use.
@safe
package struct WipedBuffer: ~Copyable, @unchecked Sendable {
    // Unchecked: uniquely owned, so whoever holds it is the only one who can reach the memory.
    private var storage: UnsafeMutableRawBufferPointer

    /// How many bytes have been appended.
    package private(set) var count: Int

    package init(capacity: Int = 256) {
        unsafe storage = .allocate(byteCount: max(capacity, 16), alignment: 16)
        count = 0
    }

    package init(_ text: String) {
        self.init(capacity: text.utf8.count)
        append(text)
    }

    package var isEmpty: Bool { count == 0 }

    package mutating func append(_ byte: UInt8) {
        reserve(1)
        unsafe storage[count] = byte
        count += 1
    }

    package mutating func append(_ bytes: RawSpan) {
        unsafe bytes.withUnsafeBytes { source in unsafe append(source) }
    }

    package mutating func append(_ text: String) {
        var text = text
        text.withUTF8 { source in unsafe append(UnsafeRawBufferPointer(source)) }
    }

    package mutating func append(_ text: StaticString) {
        unsafe append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    package mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { source in unsafe append(source) }
    }

    package mutating func append(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress, source.count > 0 else { return }
        reserve(source.count)
        if let base = unsafe storage.baseAddress {
            unsafe (base + count).copyMemory(from: start, byteCount: source.count)
        }
        count += source.count
    }

    /// Lends what has been appended for the length of `body`.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(rebasing: storage[..<count])))
    }

    /// Gives the memory up to a C owner, which must call ``release(_:capacity:)`` when done.
    package consuming func detach() -> Detached {
        let detached = unsafe Detached(start: storage.baseAddress, count: count, capacity: storage.count)
        discard self
        return unsafe detached
    }

    /// Memory that has left its buffer: a pointer for C and what is needed to wipe it afterwards.
    @unsafe package struct Detached {
        package let start: UnsafeMutableRawPointer?
        package let count: Int
        package let capacity: Int

        /// Overwrites and frees the memory; exactly once.
        package func release() {
            guard let start = unsafe start else { return }
            unsafe explicit_bzero(start, capacity)
            unsafe start.deallocate()
        }
    }

    private mutating func reserve(_ more: Int) {
        guard unsafe count + more > storage.count else { return }
        let grown = unsafe UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count + more, storage.count * 2),
            alignment: 16
        )
        unsafe grown.copyMemory(from: UnsafeRawBufferPointer(rebasing: storage[..<count]))
        wipe()
        unsafe storage = grown
    }

    private func wipe() {
        guard let base = unsafe storage.baseAddress else { return }
        unsafe explicit_bzero(base, storage.count)
        unsafe storage.deallocate()
    }

    deinit { wipe() }
}
