extension RawSpan {
    /// The byte at `offset`, which must be in bounds; an offset outside traps, as in an array.
    @inlinable package subscript(byte offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// A copy of all of them, in memory that is not wiped: not for secrets.
    package var copied: [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
            unsafe withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: source)
            }
            count = byteCount
        }
    }
}
