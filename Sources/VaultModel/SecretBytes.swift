/// A fixed number of secret bytes that cannot be copied, printed, boxed or forgotten.
///
/// The bytes live in ``SecretMemory`` and are overwritten when the value goes. Being `~Copyable` it
/// cannot be interpolated, dumped, put in `Any` or an array, or made `Codable`: those do not compile.
/// It may be borrowed by several threads at once; nobody can write after `init`.
@safe
package struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Unchecked: written only inside `init`, read-only from then on, freed by the only owner.
    private let storage: UnsafeMutableRawBufferPointer
    private let memory: SecretMemory

    /// Makes `count` zero bytes and lets `fill` write them; if `fill` throws, what it wrote is wiped.
    ///
    /// - Throws: `exhausted` when there is no room, or what `fill` throws.
    package init<E: Error>(
        count: Int, exhausted: E, filling fill: (inout MutableRawSpan) throws(E) -> Void
    ) throws(E) {
        let memory = SecretMemory.current
        guard let base = unsafe memory.allocate(count) else { throw exhausted }
        let storage = unsafe UnsafeMutableRawBufferPointer(start: base, count: count)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
        var span = unsafe MutableRawSpan(_unsafeBytes: storage)
        do {
            try fill(&span)
        } catch {
            unsafe memory.free(base, count)
            throw error
        }
        unsafe self.storage = storage
        self.memory = memory
    }

    /// Makes a copy of `bytes`, whose own memory stays the caller's to wipe.
    package init(copying bytes: RawSpan) throws(SecretMemoryExhausted) {
        memory = .current
        guard let base = unsafe memory.allocate(bytes.byteCount) else { throw SecretMemoryExhausted() }
        unsafe storage = UnsafeMutableRawBufferPointer(start: base, count: bytes.byteCount)
        unsafe bytes.withUnsafeBytes { source in unsafe storage.copyMemory(from: source) }
    }

    /// How many bytes there are.
    package var count: Int { unsafe storage.count }

    /// Lends the bytes for the length of `body`.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (RawSpan) throws(E) -> R
    ) throws(E) -> R {
        try body(unsafe RawSpan(_unsafeBytes: UnsafeRawBufferPointer(storage)))
    }

    /// Lends the bytes as a pointer, for C; it must not escape `body`.
    package borrowing func withUnsafeBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(storage))
    }

    deinit {
        if let base = unsafe storage.baseAddress { unsafe memory.free(base, storage.count) }
    }
}
